from __future__ import annotations

import pytest

from proxy.server.deadlines import LOOK_SECONDS, MIN_RATE, Deadlines, Stage, Wait

DEADLINES = Deadlines(head_seconds=20, body_seconds=30, send_seconds=60, idle_seconds=75)


def looks(wait: Wait, stage: Stage, moments: range, *, request: int = 1, rate: int = 0) -> int | None:
    """The moment at which the client is too slow, which moves `rate` bytes a second; None where it is not."""
    return next((now for now in moments if wait.look(stage, request, now * rate, now)), None)


@pytest.mark.parametrize(
    ("stage", "seconds"),
    [
        (Stage.NEW, 20),
        (Stage.HEAD, 20),
        (Stage.BODY, 30),
        (Stage.RESPONSE, 60),
        (Stage.IDLE, 75),
    ],
)
def test_a_stage_may_take_its_seconds_from_when_it_was_first_seen(stage: Stage, seconds: int) -> None:
    wait = Wait(DEADLINES, 0)
    wait.look(Stage.OURS, 0, 0, 0)

    assert looks(wait, stage, range(5, 1000)) == 5 + seconds


def test_the_first_byte_is_due_from_the_connection_on() -> None:
    assert looks(Wait(DEADLINES, 0), Stage.NEW, range(1000), request=0) == 20


def test_what_is_ours_to_do_may_take_for_ever() -> None:
    assert looks(Wait(DEADLINES, 0), Stage.OURS, range(10_000)) is None


def test_bytes_of_a_head_win_no_time_but_the_next_request_begins_anew() -> None:
    wait = Wait(DEADLINES, 0)

    assert looks(wait, Stage.HEAD, range(1, 21), request=1) is None
    assert looks(wait, Stage.HEAD, range(21, 1000), request=2) == 41


@pytest.mark.parametrize("stage", [Stage.BODY, Stage.RESPONSE])
def test_what_moves_fast_enough_may_take_for_ever(stage: Stage) -> None:
    assert looks(Wait(DEADLINES, 0), stage, range(10_000), rate=MIN_RATE) is None


def test_what_only_trickles_ends() -> None:
    # A reserve of 30 seconds, of which each second uses up one and wins a half.
    assert looks(Wait(DEADLINES, 0), Stage.BODY, range(10_000), rate=MIN_RATE // 2) == 60


def test_however_much_came_a_stall_is_no_longer_than_the_stage_may_take() -> None:
    wait = Wait(DEADLINES, 0)
    wait.look(Stage.BODY, 1, 0, 0)
    wait.look(Stage.BODY, 1, 1 << 30, 10)

    assert not wait.look(Stage.BODY, 1, 1 << 30, 39)
    assert wait.look(Stage.BODY, 1, 1 << 30, 40)


def test_bytes_that_came_back_into_the_queue_are_no_progress() -> None:
    wait = Wait(DEADLINES, 0)
    wait.look(Stage.RESPONSE, 0, 1_000, 0)

    assert not wait.look(Stage.RESPONSE, 0, 500, 59)
    assert wait.look(Stage.RESPONSE, 0, 500, 60)


def test_the_next_look_is_soon_and_not_behind_the_deadline() -> None:
    wait = Wait(DEADLINES, 0)

    assert wait.seconds_to_look(0) == LOOK_SECONDS
    assert wait.seconds_to_look(18) == 2
    assert 0 < wait.seconds_to_look(30) < 0.01


def test_short_deadlines_are_looked_at_more_often() -> None:
    assert Deadlines(head_seconds=2).look_seconds == 0.5
    assert Deadlines().look_seconds == LOOK_SECONDS
