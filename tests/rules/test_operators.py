"""What the operators hold; the bulk of their cases is the golden table (tests/golden/decisions)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from rules.context import Value
from rules.geography import GeoPoint
from rules.operators import Aged, InRange, IsOneOf, Known, Near, as_date, as_moment, as_number, parse_moment
from tests.rules.reading import NOON


@pytest.mark.parametrize("value", ["x", float("nan"), True, ("1",), date(2026, 1, 1), "1,000", "9" * 5_000])
def test_what_is_no_number_can_not_be_put_to_a_range(value: Value) -> None:
    assert InRange(as_number, low=0).holds(value, NOON) is None


def test_a_number_is_one_of_its_forms() -> None:
    one = IsOneOf(frozenset({"1.0"}), numbers=frozenset({1.0}))
    assert [one.holds(value, NOON) for value in (1, 1.0, "1.0", "1", True)] == [True, True, True, False, False]


def test_a_list_is_one_of_where_an_item_is() -> None:
    assert IsOneOf(frozenset({"b"})).holds(("a", "B"), NOON) is True


def test_only_known_passes_a_missing_value() -> None:
    assert Known(False).holds(None, NOON) is True
    assert Known(True).holds(None, NOON) is False
    assert IsOneOf(frozenset({"a"})).holds(None, NOON) is None
    assert Aged(timedelta(1), older=True).holds(None, NOON) is None
    assert Near(GeoPoint(0.0, 0.0), 1).holds(None, NOON) is None


def test_only_a_position_is_near() -> None:
    near = Near(GeoPoint(59.9, 10.7), 50)
    assert near.holds(GeoPoint(60.0, 10.7), NOON) is True
    assert near.holds("60,10.7", NOON) is None
    assert near.holds(("60", "10.7"), NOON) is None


def test_a_moment_to_come_is_neither_recent_nor_old() -> None:
    tomorrow = NOON + timedelta(days=1)
    assert Aged(timedelta(days=30), older=False).holds(tomorrow, NOON) is False
    assert Aged(timedelta(days=30), older=True).holds(tomorrow, NOON) is False


@pytest.mark.parametrize(
    ("word", "moment"),
    [
        ("2026-12-24", date(2026, 12, 24)),
        ("2026-12-24T18:00", datetime(2026, 12, 24, 18)),  # noqa: DTZ001 - it says no zone
        ("2026-12-24 18:00:30Z", datetime(2026, 12, 24, 18, 0, 30, tzinfo=UTC)),
        ("2026-02-30", None),
        ("20261224", None),
        ("2026-W52-4", None),
        ("24.12.2026", None),
    ],
)
def test_moments_are_read_as_iso_8601_writes_them(word: str, moment: date | None) -> None:
    assert parse_moment(word) == moment


def test_dates_and_moments_are_read_from_each_other() -> None:
    assert as_date(datetime(2026, 12, 24, 18, tzinfo=UTC)) == as_date("2026-12-24T18:00") == date(2026, 12, 24)
    assert as_moment(date(2026, 12, 24)) == as_moment("2026-12-24") == datetime(2026, 12, 24, tzinfo=UTC)
    assert as_moment(5) is None
    assert as_date("soon") is None
