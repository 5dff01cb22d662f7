from __future__ import annotations

import pytest

from proxy.origin.breaker import WINDOW_SECONDS, Breaker


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def fail(breaker: Breaker, times: int) -> list[bool]:
    """What the breaker says of requests that fail at once, each as if it had begun just then."""
    outcomes = []
    for _ in range(times):
        began_at = breaker.begin()
        assert began_at is not None
        outcomes.append(breaker.note_failure(began_at))
    return outcomes


def test_it_opens_with_the_last_of_so_many_failures_in_a_row(clock: Clock) -> None:
    breaker = Breaker(clock=clock, failures=3)

    assert fail(breaker, 3) == [False, False, True]
    assert breaker.is_open
    assert breaker.begin() is None
    assert breaker.opened == 1


def test_an_answer_between_failures_keeps_it_closed(clock: Clock) -> None:
    breaker = Breaker(clock=clock, failures=2)

    for _ in range(5):
        clock.seconds += 1
        fail(breaker, 1)
        breaker.note_answer()

    assert not breaker.is_open


def test_failures_of_two_outages_are_not_added_up(clock: Clock) -> None:
    breaker = Breaker(clock=clock, failures=2)
    fail(breaker, 1)
    clock.seconds += WINDOW_SECONDS + 1

    assert fail(breaker, 1) == [False]
    assert fail(breaker, 1) == [True]


def test_a_slow_page_opens_nothing_while_the_origin_answers_others(clock: Clock) -> None:
    breaker = Breaker(clock=clock, failures=2)
    began = [breaker.begin() for _ in range(10)]
    clock.seconds += 30
    breaker.note_answer()
    clock.seconds += 30

    assert [breaker.note_failure(at) for at in began if at is not None] == [False] * 10
    assert not breaker.is_open


def test_while_it_is_open_one_request_in_each_rest_tries_the_origin(clock: Clock) -> None:
    breaker = Breaker(clock=clock, failures=1, rest_seconds=4)
    fail(breaker, 1)

    tried = []
    for _ in range(10):
        clock.seconds += 1
        tried.append(breaker.begin() is not None)

    assert tried == [False, False, False, True] * 2 + [False, False]


def test_a_try_that_fails_makes_the_rest_begin_anew(clock: Clock) -> None:
    breaker = Breaker(clock=clock, failures=1, rest_seconds=4)
    fail(breaker, 1)
    clock.seconds += 4
    began_at = breaker.begin()
    assert began_at is not None
    clock.seconds += 3
    breaker.note_failure(began_at)
    clock.seconds += 3

    assert breaker.begin() is None
    assert breaker.opened == 1


def test_whatever_answer_comes_closes_it(clock: Clock) -> None:
    breaker = Breaker(clock=clock, failures=1)
    fail(breaker, 1)

    assert breaker.note_answer()
    assert not breaker.note_answer()
    assert breaker.begin() is not None


def test_without_a_number_of_failures_it_never_opens(clock: Clock) -> None:
    breaker = Breaker(clock=clock, failures=0)

    assert fail(breaker, 100) == [False] * 100
