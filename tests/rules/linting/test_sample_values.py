from __future__ import annotations

from datetime import date, timedelta

import pytest

from rules.conditions import each_test
from rules.context import Value
from rules.linting.sample_values import sample_values
from rules.signals import lookup
from tests.rules.reading import NOON, read_condition


def samples(condition: str) -> list[Value] | None:
    tests = list(each_test(read_condition(condition)))
    signal = lookup(tests[0].signal)
    assert signal is not None
    found = sample_values(signal, [operator for test in tests for operator in test.operators], NOON)
    return None if found is None else list(found)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{geo.eu: true}", [True, False]),
        ("{device.type: [mobile, tv]}", ["mobile", "tv", "tablet"]),
        ("{device.type: 'm*'}", ["mobile", "tablet", "desktop", "tv"]),
        ("{geo.city: [Oslo, Bergen]}", ["bergen", "oslo"]),
        ("{visitor.points: {at_least: 10, below: 20}}", [-1, 10, 20, 15, 41]),
        ("{time.date: {at_least: 2026-12-24}}", [date(2026, 12, 23), date(2026, 12, 24), date(2026, 12, 25)]),
        ("{time.date: {at_most: 9999-12-31}}", [date(9999, 12, 30), date(9999, 12, 31)]),
        ("{visitor.points: {at_least: 10, contains: a}}", None),
        ("{geo.position: {known: true}}", None),
    ],
)
def test_there_is_a_value_of_each_kind_that_tests_tell_apart(condition: str, expected: list[Value] | None) -> None:
    assert samples(condition) == expected


def test_moments_lie_around_each_age_and_now() -> None:
    found = samples("{visits.last: {within: 1d}}")
    assert found is not None
    assert NOON - timedelta(days=1, seconds=1) in found
    assert NOON in found


def test_the_hours_of_a_day_are_all_there_are() -> None:
    assert samples("{time.hour: {above: 40}}") == list(range(24))
