import pytest

from proxy.monitoring.request_ids import FIELD, named
from proxy.wire import Headers

HOST = (b"host", b"shop.example")


def named_by(*given: bytes, trusted: bool) -> tuple[str, Headers]:
    return named((HOST, *((FIELD, value) for value in given)), trusted=trusted, new_id=lambda: "made")


def test_a_request_without_a_name_gets_one() -> None:
    assert named_by(trusted=False) == ("made", (HOST, (FIELD, b"made")))


def test_a_trusted_proxys_name_is_taken_over() -> None:
    assert named_by(b"a-1:b", trusted=True) == ("a-1:b", (HOST, (FIELD, b"a-1:b")))


@pytest.mark.parametrize("given", [(b"a",), (b"a", b"b")])
def test_a_strangers_name_is_replaced_and_not_sent_on(given: tuple[bytes, ...]) -> None:
    assert named_by(*given, trusted=False) == ("made", (HOST, (FIELD, b"made")))


@pytest.mark.parametrize("given", [(b"",), (b"a b",), (b"a\x1b[0m",), (b"x" * 129,), (b"a", b"b")])
def test_a_name_that_could_break_a_line_or_is_not_one_is_replaced_whoever_sent_it(given: tuple[bytes, ...]) -> None:
    assert named_by(*given, trusted=True)[0] == "made"
