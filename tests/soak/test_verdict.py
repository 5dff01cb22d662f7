"""What is found wrong of a soak, and what of it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.isolation.checker import Fault, Tally
from tests.soak.run import SAMPLE_SECONDS, Outcome, Sample
from tests.soak.usage import Usage
from tests.soak.verdict import findings, growth, minutes, table

RESTED = Usage(resident=100.0, descriptors=20, tasks=8)


def samples(megabytes: Sequence[float]) -> tuple[Sample, ...]:
    """Of minutes in which that much memory is used, 60 requests are answered, and a core is half busy."""
    each = [megabytes[0], *(minute for minute in megabytes for _ in range(6))]
    return tuple(
        Sample(number * SAMPLE_SECONDS, number * 10, Usage(resident=resident, busy_seconds=number * 5.0))
        for number, resident in enumerate(each)
    )


def outcome(*megabytes: float, ended: Usage = RESTED) -> Outcome:
    return Outcome(10.0, 1.0, RESTED, samples(megabytes), ended, {}, Tally(), ())


@pytest.mark.parametrize(
    ("megabytes", "grown"),
    [
        ((50, 80, 100, 100, 110, 110), pytest.approx(0.1)),
        ((50, 80, 100, 100, 300, 102, 104), pytest.approx(0.03)),
        ((100, 100, 100, 100, 110), None),
    ],
)
def test_memory_is_told_by_the_third_and_fourth_minute_and_the_last_two(
    megabytes: Sequence[float], grown: float | None
) -> None:
    assert growth(minutes(samples(megabytes))) == grown


def test_nothing_is_wrong_where_memory_is_flat_and_nothing_left() -> None:
    assert findings(outcome(100, 100, 100, 100, 104, 104)) == []


def test_memory_that_grows_is_wrong() -> None:
    assert findings(outcome(100, 100, 100, 100, 106, 106)) == ["memory grew by 6.0%"]


def test_what_is_left_over_is_wrong() -> None:
    ended = replace(RESTED, descriptors=22, tasks=9, threads=40)
    assert findings(outcome(100, ended=ended)) == ["left over: 2 descriptors", "left over: 1 tasks"]


def test_wrong_answers_and_what_tailor_says_are_told() -> None:
    seen = replace(outcome(100), troubles=("cut failed 1 times",))
    seen.tally.faults[Fault.FOREIGN] += 2
    assert findings(seen) == ["2 times foreign canary", "Tailor says: cut failed 1 times"]


def test_the_table_has_a_row_for_each_minute_between_before_and_after() -> None:
    rows = [line.split() for line in table(outcome(100, 101))]
    assert rows[0][:4] == ["minute", "req/s", "busy", "MB"]
    assert [row[0] for row in rows[1:]] == ["before", "1", "2", "after"]
    assert rows[2][1:4] == ["1", "50%", "100.0"]
    assert rows[3][1:4] == ["1", "50%", "101.0"]
