from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from rules.fields import Problems
from rules.load_schedule import read_schedule
from rules.schedule import Holidays, Hours
from tests.rules.reading import node, schedule, schedule_problems


def test_all_of_it_is_read() -> None:
    when = schedule('{from: 2026-12-01, until: 2026-12-31T18:00Z, days: mon-fri, hours: "08:00-18:00", timezone: site}')
    assert (when.start, when.until) == (date(2026, 12, 1), datetime(2026, 12, 31, 18, tzinfo=UTC))
    assert (sorted(when.days), when.hours) == ([0, 1, 2, 3, 4], (Hours(time(8), time(18)),))
    assert (when.zone, when.of_site) == (None, True)
    assert when.written.startswith("when: {from: 2026-12-01, until: ")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon", {0}),
        ("Monday", {0}),
        ("fri-mon", {4, 5, 6, 0}),
        ("[mon, wed-fri]", {0, 2, 3, 4}),
        ("sat, sun", {5, 6}),
        ("mon-sun", {0, 1, 2, 3, 4, 5, 6}),
    ],
)
def test_days_are_words_ranges_and_lists(text: str, days: set[int]) -> None:
    assert schedule(f"days: {text}").days == days


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("08:00-18:00", [(time(8), time(18))]),
        ("8:00 - 18:00", [(time(8), time(18))]),
        ('"22:00-06:00"', [(time(22), time(6))]),
        ("18:00-24:00", [(time(18), time(0))]),
        ('["08:00-12:00", "13:00-17:00"]', [(time(8), time(12)), (time(13), time(17))]),
    ],
)
def test_hours_are_windows(text: str, windows: list[tuple[time, time]]) -> None:
    assert [(window.start, window.end) for window in schedule(f"hours: {text}").hours] == windows


def test_a_named_zone_is_its_own_clock() -> None:
    assert str(schedule("{days: mon, timezone: Asia/Tokyo}").zone) == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("text", "holidays"),
    [
        ("{country: visitor, is: true}", Holidays()),
        ("{is: false}", Holidays(wanted=False)),
        ("{country: no}", Holidays(country="NO")),
        ("{country: DE, is: False}", Holidays(wanted=False, country="DE")),
    ],
)
def test_holidays_are_of_the_visitors_country_unless_the_rule_names_one(text: str, holidays: Holidays) -> None:
    assert schedule(f"holidays: {text}").holidays == holidays


def test_the_sites_country_is_told_by_the_site() -> None:
    when = read_schedule(node("holidays: {country: site}"), Problems(), site_country="SE")
    assert when is not None
    assert when.holidays == Holidays(country="SE")


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("{}", ["`when` is empty (leave it out, or say when)"]),
        ("tomorrow", ["`when` wants `key: value` lines (each on a line of its own, indented)"]),
        ("{form: 2026-12-01}", ["unknown key `form` in `when` (did you mean 'from'?)"]),
        (
            "{holidays: true}",
            ["`holidays` wants `country`, `is`, or both (such as {country: visitor, is: true})"],
        ),
        ("{holidays: {}}", ["`holidays` wants `country`, `is`, or both (such as {country: visitor, is: true})"]),
        ("{holidays: {contry: NO}}", ["unknown key `contry` in `holidays` (did you mean 'country'?)"]),
        ("{holidays: {is: maybe}}", ["`is` is `true` or `false`, not `maybe` (write one of the two)"]),
        ("{holidays: {country: uk}}", ["unknown country `uk` (did you mean 'GB'?)"]),
        (
            "{holidays: {country: site}}",
            ["the country of the site is not known (say it under `site:`, as `country: NO`)"],
        ),
        (
            "{from: 1.12.2026}",
            ["`from` wants a date or a moment, not `1.12.2026` (such as 2026-12-01 or 2026-12-01T18:00)"],
        ),
        ("{from: 2026-12-31, until: 2026-12-01}", ["`from` is after `until` (swap them)"]),
        ("{from: 2026-12-01T18:00, until: 2026-12-01T08:00}", ["`from` is after `until` (swap them)"]),
        ("{days: mon-fry}", ["unknown day `fry` (did you mean 'fri'?)"]),
        ("{days: []}", ["`days` is an empty list (leave it out, or name at least one)"]),
        ("{hours: 8-18}", ["`8` is no time of day (such as 08:00)"]),
        ('{hours: "08:00"}', ['`hours` wants a beginning and an end (such as "08:00-18:00")']),
        ('{hours: "08:00-25:00"}', ["`25:00` is no time of day (such as 08:00)"]),
        ('{hours: "08:00-08:00"}', ["`hours` begins when it ends (for the whole day leave it out)"]),
        ("{days: mon, timezone: Europe/Olso}", ["unknown time zone `Europe/Olso` (did you mean 'Europe/Oslo'?)"]),
        (
            "{days: mo, timezone: Oslo}",
            ["unknown day `mo` (did you mean 'mon'?)", "unknown time zone `Oslo` (did you mean 'Europe/Oslo'?)"],
        ),
    ],
)
def test_every_mistake_is_told(text: str, problems: list[str]) -> None:
    assert schedule_problems(text) == problems


def test_a_day_may_begin_and_end_an_experience() -> None:
    assert schedule("{from: 2026-12-24, until: 2026-12-24}").start == date(2026, 12, 24)
    assert schedule("{from: 2026-12-24T18:00, until: 2026-12-24}").until == date(2026, 12, 24)
