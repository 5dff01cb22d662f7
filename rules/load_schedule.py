"""`when:` of a rule file -> Schedule."""

from __future__ import annotations

import re
from datetime import date, datetime, time, tzinfo
from functools import partial

from rules import calendars, fields
from rules.errors import MistakeError, did_you_mean
from rules.fields import Problems
from rules.nodes import Entries, Node, Scalar, written
from rules.operators import parse_moment
from rules.schedule import Holidays, Hours, Schedule
from rules.signals import WEEKDAYS
from rules.timezones import require_zone

KEYS = ("from", "until", "days", "hours", "holidays", "timezone")
HOLIDAY_KEYS = ("country", "is")
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")
_FULL_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_schedule(node: Node, problems: Problems, *, site_country: str = "") -> Schedule | None:
    """The schedule, or None where something is wrong with it, which `problems` then holds.

    `site_country` is the ISO 3166-1 code under `site:`, empty where there is none.
    """
    before = len(problems.found)
    found: dict[str, Node] = {}
    with problems.at(node):
        block = fields.entries(node, "`when`")
        fields.known_keys(block, "`when`", KEYS, problems)
        if not block.pairs:
            raise MistakeError("`when` is empty", hint="leave it out, or say when")
        found = {key.text: value for key, value in block.pairs}
    start, until = (problems.read(found.get(key), partial(_bound, key), None) for key in ("from", "until"))
    if start is not None and until is not None and _is_swapped(start, until):
        problems.add(found["from"].position, "`from` is after `until`", hint="swap them")
    schedule = Schedule(
        start,
        until,
        days=problems.read(found.get("days"), _days, frozenset()),
        hours=problems.read(found.get("hours"), _windows, ()),
        holidays=problems.read(found.get("holidays"), lambda given: _holidays(given, problems, site_country), None),
        zone=problems.read(found.get("timezone"), _zone, None),
        of_site=isinstance(whose := found.get("timezone"), Scalar) and whose.text == "site",
        written=f"when: {written(node)}",
    )
    return schedule if len(problems.found) == before else None


def _bound(key: str, node: Node) -> date | datetime | None:
    word = fields.text(node, f"`{key}`")
    moment = parse_moment(word)
    if moment is None:
        raise MistakeError(
            f"`{key}` wants a date or a moment, not `{word}`", hint="such as 2026-12-01 or 2026-12-01T18:00"
        )
    return moment


def _is_swapped(start: date | datetime, until: date | datetime) -> bool:
    """Whether they can't be in order; a date, and a moment without an offset, is a day wide."""
    if isinstance(start, datetime) and isinstance(until, datetime) and (start.tzinfo is None) == (until.tzinfo is None):
        return start > until
    first = start.date() if isinstance(start, datetime) else start
    last = until.date() if isinstance(until, datetime) else until
    return first > last


def _days(node: Node) -> frozenset[int]:
    return frozenset(
        day
        for item in fields.scalars(node, "`days`")
        for word in item.text.split(",")
        for day in _day_range(word.strip(), item)
    )


def _day_range(word: str, item: Scalar) -> tuple[int, ...]:
    first, dash, last = (part.strip() for part in word.partition("-"))
    begin = _day(first, item)
    end = _day(last, item) if dash else begin
    return tuple((begin + step) % 7 for step in range((end - begin) % 7 + 1))


def _day(word: str, item: Scalar) -> int:
    lower = word.lower()
    for known in (WEEKDAYS, _FULL_NAMES):
        if lower in known:
            return known.index(lower)
    hint = (
        did_you_mean(lower, WEEKDAYS)
        or did_you_mean(lower, _FULL_NAMES)
        or "mon, tue, wed, thu, fri, sat, sun, or mon-fri"
    )
    raise MistakeError(f"unknown day `{word}`", hint=hint, position=item.position)


def _holidays(node: Node, problems: Problems, site_country: str) -> Holidays:
    if not isinstance(node, Entries) or not node.pairs:
        hint = "such as {country: visitor, is: true}"
        raise MistakeError("`holidays` wants `country`, `is`, or both", hint=hint)
    fields.known_keys(node, "`holidays`", HOLIDAY_KEYS, problems)
    country, wanted = (node.get(key) for key in HOLIDAY_KEYS)
    calendars.prepare()
    return Holidays(
        fields.flag(wanted, "`is`") if wanted is not None else True,
        _country(country, site_country) if country is not None else None,
    )


def _country(node: Node, site_country: str) -> str | None:
    word = fields.text(node, "`country`")
    if word == "visitor":
        return None
    if word != "site":
        return calendars.require_country(word)
    if not site_country:
        raise MistakeError("the country of the site is not known", hint="say it under `site:`, as `country: NO`")
    return site_country


def _zone(node: Node) -> tzinfo | None:
    whose = fields.text(node, "`timezone`")
    return None if whose in {"visitor", "site"} else require_zone(whose)


def _windows(node: Node) -> tuple[Hours, ...]:
    return tuple(_hours(item) for item in fields.scalars(node, "`hours`"))


def _hours(item: Scalar) -> Hours:
    start, dash, end = (part.strip() for part in item.text.partition("-"))
    if not dash:
        raise MistakeError("`hours` wants a beginning and an end", hint='such as "08:00-18:00"', position=item.position)
    window = Hours(_clock(start, item), _clock(end, item))
    if window.start == window.end:
        raise MistakeError("`hours` begins when it ends", hint="for the whole day leave it out", position=item.position)
    return window


def _clock(word: str, item: Scalar) -> time:
    found = _CLOCK.fullmatch(word)
    if found is None or (found[1] == "24" and found[2] != "00"):
        raise MistakeError(f"`{word}` is no time of day", hint="such as 08:00", position=item.position)
    # 24:00, the end of a day, is where the next begins.
    return time(int(found[1]) % 24, int(found[2]))
