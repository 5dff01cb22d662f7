from collections.abc import MutableMapping
from typing import Any

import pytest

from proxy.monitoring.traffic import Traffic, Way

OK = (b"HTTP/1.1 200 OK\r\n\r\n", b"body")


def test_requests_are_told_apart_by_method_class_of_status_and_way() -> None:
    traffic = Traffic()
    for method, status in (("GET", 200), ("GET", 204), ("POST", 502), ("GET", 0)):
        traffic.note(method, status, 10, 0.5)
    assert traffic.answered() == {
        ("GET", "2xx", Way.USUAL): 2,
        ("POST", "5xx", Way.USUAL): 1,
        ("GET", "gone", Way.USUAL): 1,
    }
    assert traffic.bytes()[Way.USUAL] == 40


def test_methods_that_a_stranger_makes_up_are_one() -> None:
    traffic = Traffic()
    for number in range(100):
        traffic.note(f"X{number}", 405, 0, 0.1)
    assert traffic.answered() == {("other", "4xx", Way.USUAL): 100}


def test_what_took_no_end_is_not_timed() -> None:
    traffic = Traffic()
    traffic.note("GET", 101, 0, None)
    assert sum(traffic.seconds()[Way.USUAL].counts) == 0


@pytest.mark.parametrize(
    ("written", "code", "size"),
    [(OK, "2xx", 4), (OK[:1], "2xx", 0), ((b"HTTP/1.1 304 Not Modified\r\n\r\n",), "3xx", 0)],
)
def test_an_answer_of_the_express_way_is_counted_and_passed_on(
    written: tuple[bytes, ...], code: str, size: int
) -> None:
    traffic, moments = Traffic(), iter([10.0, 10.25])

    def answer(scope: MutableMapping[str, Any]) -> tuple[bytes, ...]:
        return written

    assert traffic.express(answer, moments.__next__)({"method": "GET"}) is written
    assert traffic.answered() == {("GET", code, Way.EXPRESS): 1}
    assert traffic.bytes()[Way.EXPRESS] == size
    assert traffic.seconds()[Way.EXPRESS].sum == 0.25


def test_what_the_express_way_leaves_to_the_usual_one_is_not_counted_twice() -> None:
    traffic = Traffic()
    assert traffic.express(lambda scope: None, lambda: 0.0)({"method": "GET"}) is None
    assert traffic.answered() == {}
