"""Schedules; the bulk of their cases is the golden table (tests/golden/decisions/schedules.yaml)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.schedule import Holidays, Hours, Schedule
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


def test_the_visitors_country_is_a_signal_where_its_holidays_count() -> None:
    assert schedule("{holidays: {is: true}, timezone: site}").signals == {"geo.country"}
    assert schedule("{holidays: {country: NO}, timezone: site}").signals == frozenset()


@pytest.mark.parametrize(("country", "answers"), [("NO", [True, False]), ("SE", [False, True]), ("", [False, False])])
def test_holidays_are_the_visitors_and_unknown_without_a_country(country: str, answers: list[bool]) -> None:
    asked = context({"geo.country": country}, datetime(2026, 5, 17, 12, tzinfo=UTC))
    told = [schedule(f"holidays: {{is: {wanted}}}").is_open(asked, "UTC") for wanted in ("true", "false")]
    assert told == answers


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_the_ends_of_the_calendar_are_never_and_always(zone: str) -> None:
    when = schedule("{from: 0001-01-01T00:01, until: 9999-12-31T23:59}")
    assert is_open(when, "2026-12-01T12:00+00:00", zone)


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


def next_turn(text: str, after: str, zone: str = "UTC", country: str = "") -> str:
    turn = schedule(text).next_turn(datetime.fromisoformat(after), ZoneInfo(zone), country or None)
    return f"{turn:%Y-%m-%d %H:%M:%S}" if turn is not None else "never"


@pytest.mark.parametrize(
    ("text", "after", "turn"),
    [
        ("{from: 2026-12-01}", "2026-11-01T00:00Z", "2026-11-30 23:00:00"),
        ("{from: 2026-12-01}", "2026-12-01T00:00Z", "never"),
        ("{until: 2026-12-24}", "2020-01-01T00:00Z", "2026-12-24 23:00:00"),
        ("{until: 2026-12-24}", "2026-12-24T23:00Z", "never"),
        ("{from: 2030-01-01, days: sun}", "2026-11-01T00:00Z", "2030-01-05 23:00:00"),
        ("{from: 2026-12-07, until: 2026-12-11, days: sun}", "2026-11-01T00:00Z", "never"),
        ("{until: 9999-12-31}", "2026-11-01T00:00Z", "never"),
        # The last days of the calendar are out of its reach.
        ("{from: 9999-12-31}", "2026-11-01T00:00Z", "never"),
        ("{from: 9999-12-31, until: 9999-12-31T23:59}", "2026-11-01T00:00Z", "never"),
        ("{from: 0001-01-01}", "2026-11-01T00:00Z", "never"),
        ("{days: mon-sun}", "2026-11-01T00:00Z", "never"),
        ('{hours: ["00:00-12:00", "12:00-24:00"]}', "2026-11-01T00:00Z", "never"),
        ('{hours: "22:00-06:00", days: fri}', "2026-11-01T00:00Z", "2026-11-06 21:00:00"),
        ('{hours: "22:00-06:00", days: fri}', "2026-11-06T21:00Z", "2026-11-07 05:00:00"),
        # In the hour that comes twice a window opens twice; in the one that is skipped it does not open.
        ('{hours: "02:30-04:00"}', "2026-10-25T00:30Z", "2026-10-25 01:00:00"),
        ('{hours: "02:30-04:00"}', "2026-10-25T01:00Z", "2026-10-25 01:30:00"),
        ('{hours: "02:15-02:45", days: sun}', "2026-03-22T02:00Z", "2026-04-05 00:15:00"),
        ('{hours: "02:30-04:00"}', "2026-03-28T12:00Z", "2026-03-29 01:00:00"),
    ],
)
def test_the_next_turn_is_told_in_utc(text: str, after: str, turn: str) -> None:
    assert next_turn(text, after, "Europe/Oslo") == turn


@pytest.mark.parametrize(
    ("text", "country", "turn"),
    [
        ("{holidays: {is: true}}", "NO", "2026-12-24 23:00:00"),
        ("{holidays: {is: false}}", "NO", "2026-12-24 23:00:00"),
        ("{holidays: {is: true}}", "", "never"),
        ("{holidays: {country: DE}, days: mon}", "NO", "2027-03-28 22:00:00"),
        ('{holidays: {country: DE}, hours: "08:00-18:00"}', "", "2026-12-25 07:00:00"),
    ],
)
def test_the_next_turn_knows_the_holidays(text: str, country: str, turn: str) -> None:
    assert next_turn(text, "2026-11-01T00:00Z", "Europe/Oslo", country) == turn


def test_a_moment_that_is_included_is_not_yet_the_turn() -> None:
    until = datetime(2026, 12, 24, 18, tzinfo=UTC)
    when = Schedule(until=until)
    assert when.next_turn(until, UTC) == until + timedelta.resolution
    assert when.next_turn(until + timedelta.resolution, UTC) is None


def test_the_zone_that_a_rule_names_is_the_one_that_counts() -> None:
    assert (
        next_turn("{from: 2026-12-01, timezone: Asia/Tokyo}", "2026-11-01T00:00Z", "Europe/Oslo")
        == "2026-11-30 15:00:00"
    )


# Clocks that are put by an hour, by half of one, over midnight, and by a day; and one that never is.
TURNS = {
    "Europe/Oslo": (datetime(2026, 3, 27), datetime(2026, 10, 23)),  # noqa: DTZ001
    "America/New_York": (datetime(2026, 3, 6), datetime(2026, 10, 30)),  # noqa: DTZ001
    "Australia/Lord_Howe": (datetime(2026, 4, 3), datetime(2026, 10, 2)),  # noqa: DTZ001
    "America/St_Johns": (datetime(2010, 3, 12), datetime(2010, 11, 5)),  # noqa: DTZ001
    "America/Sao_Paulo": (datetime(2018, 2, 16), datetime(2018, 11, 2)),  # noqa: DTZ001
    "Pacific/Apia": (datetime(2011, 12, 28), datetime(2011, 9, 22)),  # noqa: DTZ001
    "Asia/Kathmandu": (datetime(2026, 12, 24),),  # noqa: DTZ001
}
CLOCKS = st.integers(0, 24 * 12 - 1).map(lambda step: time(step // 12, step % 12 * 5))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Schedule, ZoneInfo, datetime]:
    zone = draw(st.sampled_from(sorted(TURNS)))
    begin = draw(st.sampled_from(TURNS[zone]))
    moments = st.integers(0, 5 * 24 * 12).map(lambda steps: begin + timedelta(minutes=5 * steps))
    bounds = st.none() | moments | moments.map(datetime.date) | moments.map(lambda moment: moment.replace(tzinfo=UTC))
    windows = st.builds(Hours, CLOCKS, CLOCKS).filter(lambda window: window.start != window.end)
    when = Schedule(
        start=draw(bounds),
        until=draw(bounds),
        days=draw(st.frozensets(st.integers(0, 6))),
        hours=tuple(draw(st.lists(windows, max_size=2))),
        holidays=draw(st.none() | st.builds(Holidays, st.booleans(), st.sampled_from(["NO", "US", "WS"]))),
    )
    return when, ZoneInfo(zone), begin.replace(tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 2 * 24 * 60)))


@settings(max_examples=50)
@given(cases())
def test_the_next_turn_is_the_one_that_asking_every_minute_finds(case: tuple[Schedule, ZoneInfo, datetime]) -> None:
    when, zone, after = case
    asked = {"geo.timezone": zone.key}
    was_open = when.is_open(context(asked, after), "UTC")
    minutes = (after + timedelta(minutes=step) for step in range(1, 3 * 24 * 60))
    found = next((now for now in minutes if when.is_open(context(asked, now), "UTC") is not was_open), None)
    turn = when.next_turn(after, zone)
    if found is None:
        assert turn is None or turn >= after + timedelta(minutes=3 * 24 * 60 - 1)
    else:
        assert turn is not None
        assert found - timedelta(minutes=1) < turn <= found


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("{until: 2026-01-01}", "{from: 2026-01-04}", True),
        ("{until: 2026-01-01}", "{from: 2026-01-02}", False),  # where days begin late it is still the first
        ("{days: mon-fri}", "{days: sat-sun}", True),
        ("{days: mon-fri}", "{days: fri-sun}", False),
        ("{days: mon-fri, timezone: Europe/Oslo}", "{days: sat-sun}", False),
        ("{days: fri, hours: '22:00-06:00'}", "{days: sat}", False),
        ("{days: fri, hours: '08:00-12:00'}", "{hours: '13:00-14:00'}", False),
    ],
)
def test_schedules_are_apart_where_no_moment_is_in_both(one: str, other: str, *, expected: bool) -> None:
    assert schedule(one).is_apart_from(schedule(other)) is expected
    assert schedule(other).is_apart_from(schedule(one)) is expected


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("{from: 2026-12-07, until: 2026-12-10, days: sat-sun}", False),
        ("{from: 2026-12-07, until: 2026-12-12, days: sat-sun}", True),
        ("{until: 2026-12-10, days: sat-sun}", False),  # asked on a Wednesday
        ("{until: 2026-12-12, days: sat-sun}", True),
        ("{from: 2026-12-07, until: 2026-12-10}", True),
        ("{days: sat}", True),
        ("{holidays: {country: NO}}", True),
        ("{from: 9999-12-30, until: 9999-12-31, days: mon}", False),
    ],
)
def test_a_schedule_without_a_moment_can_not_open(when: str, *, expected: bool) -> None:
    assert schedule(when).can_open(datetime(2026, 12, 9, 12, tzinfo=UTC)) is expected
