"""Schedules; the bulk of their cases is the golden table (tests/golden/decisions/schedules.yaml)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.schedule import Hours, Schedule
from tests.rules.reading import context, schedule

OSLO = ZoneInfo("Europe/Oslo")


def is_open(when: Schedule, at: str, zone: str = "UTC") -> bool:
    return when.is_open(context({"geo.timezone": zone}, datetime.fromisoformat(at)), "UTC")


def test_a_bound_in_the_hour_that_comes_twice_is_passed_once() -> None:
    when = schedule("{from: 2026-10-25T02:30, timezone: Europe/Oslo}")
    # 02:00 to 03:00 comes twice that night: from 00:00Z, and again from 01:00Z.
    answers = [
        is_open(when, f"2026-10-25T{clock}+00:00") for clock in ("00:29", "00:30", "00:59", "01:00", "01:29", "01:30")
    ]
    assert answers == [False, True, True, True, True, True]


def test_until_in_the_hour_that_comes_twice_is_its_second_time() -> None:
    when = schedule("{until: 2026-10-25T02:30, timezone: Europe/Oslo}")
    answers = [is_open(when, f"2026-10-25T{clock}+00:00") for clock in ("00:30", "00:31", "01:30", "01:31")]
    assert answers == [True, True, True, False]


def test_a_bound_in_the_hour_that_is_skipped_opens_after_it() -> None:
    when = schedule("{from: 2026-03-29T02:30, timezone: Europe/Oslo}")
    assert [is_open(when, f"2026-03-29T{clock}+00:00") for clock in ("00:59", "01:29", "01:30")] == [False, False, True]


@given(
    first=st.datetimes(datetime(2026, 10, 24), datetime(2026, 10, 26), timezones=st.just(UTC)),  # noqa: DTZ001
    second=st.datetimes(datetime(2026, 10, 24), datetime(2026, 10, 26), timezones=st.just(UTC)),  # noqa: DTZ001
    bound=st.datetimes(datetime(2026, 10, 24), datetime(2026, 10, 26)),  # noqa: DTZ001 - a clock on the wall
)
def test_what_has_begun_never_unbegins(first: datetime, second: datetime, bound: datetime) -> None:
    when = Schedule(start=bound, zone=OSLO)
    earlier, later = sorted((first, second))
    assert when.is_open(context(now=later), "UTC") or not when.is_open(context(now=earlier), "UTC")


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_window_and_its_complement_cover_the_day(now: datetime) -> None:
    night = Schedule(hours=(Hours(time(22), time(6)),), zone=OSLO)
    day = Schedule(hours=(Hours(time(6), time(22)),), zone=OSLO)
    asked = context(now=now)
    assert night.is_open(asked, "UTC") is not day.is_open(asked, "UTC")


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    friday_night = schedule('{days: fri, hours: "22:00-06:00"}')
    moments = ["2026-12-04T05:00", "2026-12-04T22:00", "2026-12-05T05:59", "2026-12-05T06:00", "2026-12-05T22:00"]
    assert [is_open(friday_night, f"{at}+00:00") for at in moments] == [False, True, True, False, False]


def test_the_visitors_zone_is_the_clock_unless_the_rule_says_otherwise() -> None:
    at = "2026-12-02T23:30+00:00"
    for text, expected in [("visitor", True), ("site", False), ("America/New_York", False)]:
        assert is_open(schedule(f"{{from: 2026-12-03, timezone: {text}}}"), at, "Asia/Tokyo") is expected


def test_only_the_visitors_zone_is_a_signal_it_hangs_on() -> None:
    assert schedule("{days: mon}").signals == {"geo.timezone"}
    assert schedule("{days: mon, timezone: site}").signals == frozenset()


@pytest.mark.parametrize(
    ("now", "over"),
    [
        ("2026-12-31T23:00+00:00", False),
        ("2027-01-01T11:59+00:00", False),  # still the 31st at UTC-12
        ("2027-01-01T12:00+00:00", True),
    ],
)
def test_it_is_over_when_its_last_day_has_left_the_earth(now: str, over: bool) -> None:
    assert Schedule(until=date(2026, 12, 31)).is_over(datetime.fromisoformat(now)) is over


def test_what_has_no_end_is_never_over() -> None:
    assert not Schedule(days=frozenset({0})).is_over(datetime(2999, 1, 1, tzinfo=UTC))


def test_an_instant_is_over_at_once() -> None:
    when = Schedule(until=datetime(2026, 12, 31, 18, tzinfo=UTC))
    assert [when.is_over(datetime(2026, 12, 31, hour, tzinfo=UTC)) for hour in (18, 19)] == [False, True]


def test_every_weekday_is_open_once_a_week() -> None:
    week = [schedule(f"{{days: {day}, timezone: site}}") for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")]
    assert all(one.days != other.days for one, other in pairwise(week))
