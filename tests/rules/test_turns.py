"""The bound on the next turn: against each zone's own next turn, by brute force."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.model import RuleBook
from rules.plan import Plan, make_plan
from rules.schedule import Hours, Schedule
from rules.turns import next_turn_anywhere
from tests.proxy.page.cutting import book_of

NOW = datetime(2026, 11, 2, 12, 7, 30, tzinfo=UTC)


def turn(rule: str, now: datetime = NOW) -> datetime | None:
    book = book_of(f"  a: {{pages: /, {rule}, change: {{select: h1, text: Hi}}}}")
    return next_turn_anywhere(make_plan(book, "shop.example", "/", {}), now)


def plan_of(schedule: Schedule) -> Plan:
    (experience,) = book_of("  a: {pages: /, change: {select: h1, text: Hi}}").experiences
    return make_plan(RuleBook(experiences=(replace(experience, when=schedule),)), "shop.example", "/", {})


@cache
def zones() -> tuple[ZoneInfo, ...]:
    """One zone for each way in which clocks are put in the years of these tests."""
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=6 * step) for step in range(4 * 366)]
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("right/", "posix/")))
    ways = {tuple(day.astimezone(ZoneInfo(name)).utcoffset() for day in days): ZoneInfo(name) for name in names}
    return tuple(ways.values())


def moments(near: datetime) -> st.SearchStrategy[datetime]:
    return st.timedeltas(timedelta(days=-3), timedelta(days=3)).map(lambda step: near + step)


CLOCKS = st.times() | st.builds(time, st.integers(0, 23), st.sampled_from([0, 10, 15, 30, 59]))
WALLS = moments(NOW.replace(tzinfo=None))
BOUNDS = st.none() | st.dates(date(2026, 10, 30), date(2026, 11, 5)) | WALLS | moments(NOW)
SCHEDULES = st.builds(
    Schedule,
    start=BOUNDS,
    until=BOUNDS,
    days=st.frozensets(st.integers(0, 6), max_size=2),
    hours=st.lists(st.builds(Hours, CLOCKS, CLOCKS), max_size=2).map(tuple),
    zone=st.none() | st.sampled_from([ZoneInfo("Asia/Kathmandu"), timezone(timedelta(hours=-3.5))]),
)


@given(schedule=SCHEDULES, now=moments(NOW), number=st.integers(min_value=0))
def test_no_schedule_turns_before_it_in_any_zone(schedule: Schedule, now: datetime, number: int) -> None:
    bound = next_turn_anywhere(plan_of(schedule), now)

    zone = zones()[number % len(zones())]
    really = schedule.next_turn(now, zone)

    assert bound is None or bound > now
    assert really is None or (bound is not None and bound <= really)


@pytest.mark.parametrize("change", [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)])
def test_a_clock_that_is_put_turns_nothing_behind_the_bound(change: datetime) -> None:
    # In the hour that is left out, by European and by Lord Howe's clocks.
    schedule = Schedule(hours=(Hours(time(2, 5), time(2, 20)),))
    plan = plan_of(schedule)
    for seconds in range(-1800, 1800, 113):
        now = change + timedelta(seconds=seconds)
        bound = next_turn_anywhere(plan, now)
        for zone in zones():
            really = schedule.next_turn(now, zone)
            assert bound is not None
            assert really is None or bound <= really


def test_rules_without_a_clock_never_turn() -> None:
    assert turn("who: {device.type: mobile}") is None


def test_a_schedule_that_is_over_or_open_for_good_never_turns() -> None:
    assert turn("when: {until: 2026-10-20}") is None
    assert turn("when: {from: 2026-10-20}") is None


def test_what_begins_at_a_moment_turns_then() -> None:
    assert turn("when: {from: '2026-12-24T18:00+01:00'}") == datetime(2026, 12, 24, 17, tzinfo=UTC)


def test_a_day_that_is_far_off_turns_nothing_before_it_begins_somewhere() -> None:
    assert turn("when: {from: 2026-12-24}") == datetime(2026, 12, 22, tzinfo=UTC)


def test_a_window_turns_where_a_clock_somewhere_may_come_to_its_edge() -> None:
    assert turn("when: {hours: '09:10-17:00'}") == datetime(2026, 11, 2, 12, 10, tzinfo=UTC)
    assert turn("when: {hours: '09:00-17:00'}") == datetime(2026, 11, 2, 12, 15, tzinfo=UTC)


@pytest.mark.parametrize("signal", ["time.hour: 9", "time.weekday: mon", "time.holiday: true"])
def test_the_visitor_s_clock_may_turn_with_each_quarter_of_an_hour(signal: str) -> None:
    assert turn(f"who: {{{signal}}}") == datetime(2026, 11, 2, 12, 15, tzinfo=UTC)


def test_how_long_ago_something_was_may_turn_at_any_moment() -> None:
    assert turn("who: {visits.last: {within: 7d}}") == NOW


def test_the_earliest_of_several_counts() -> None:
    book = book_of("""
  a: {pages: /, when: {from: "2026-12-24T18:00Z"}, change: {select: h1, text: Hi}}
  b: {pages: /, when: {until: "2026-11-02T12:08Z"}, change: {select: h1, text: Hi}}
""")
    found = next_turn_anywhere(make_plan(book, "shop.example", "/", {}), NOW)
    assert found == datetime(2026, 11, 2, 12, 8, tzinfo=UTC)
