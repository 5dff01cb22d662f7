"""Operators: the tests that a value can be put to, as frozen values, compiled when a rulebook loads.

Each has one method, `holds(value, now)`: true, false, or None where the value is missing or is nothing that the test
can be put to. Signals that arrive as text ("12") are read as the test needs them. What an operator is called in a rule,
and which signals it fits, is `rules.operator_table`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

from rules.context import Value
from rules.expressions import Expression
from rules.geography import GeoPoint
from rules.globs import TextGlob
from rules.numbers import parse_number


class Operator(Protocol):
    """A test, without the signal it is put to."""

    def holds(self, value: Value | None, now: datetime) -> bool | None:
        """Whether the value passes; None where that can't be told."""


@dataclass(frozen=True, slots=True)
class Known:
    """`{known: true}`: the only test that a missing value can pass."""

    wanted: bool

    def holds(self, value: Value | None, now: datetime) -> bool | None:
        return (value is not None) is self.wanted


@dataclass(frozen=True, slots=True)
class IsOneOf:
    """A value, or a list of them: equal, without regard to case, with `*` for any characters.

    A value that is a number is compared as one as well (1 is "1.0"). `written` are the values as the file has them.
    """

    words: frozenset[str]
    globs: tuple[TextGlob, ...] = ()
    numbers: frozenset[float] = frozenset()
    written: tuple[str, ...] = field(default=(), compare=False)

    def holds(self, value: Value | None, now: datetime) -> bool | None:
        if isinstance(value, str):
            return self._holds_text(value)
        if value is None:
            return None
        if isinstance(value, tuple):
            return any(self._holds_text(item) for item in value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value in self.numbers or self._holds_text(_as_text(value))
        return self._holds_text(_as_text(value))

    def _holds_text(self, text: str) -> bool:
        folded = text.casefold()
        return folded in self.words or (self.globs != () and any(glob.matches_folded(folded) for glob in self.globs))


@dataclass(frozen=True, slots=True)
class InRange:
    """`at_least`, `at_most`, `above`, `below`, `between`; `read` tells whether of numbers, dates or moments."""

    read: Callable[[Value], Any]
    low: Any = None
    high: Any = None
    excluding_ends: bool = False

    def holds(self, value: Value | None, now: datetime) -> bool | None:
        found = None if value is None else self.read(value)
        if found is None:
            return None
        if self.excluding_ends:
            return (self.low is None or found > self.low) and (self.high is None or found < self.high)
        return (self.low is None or found >= self.low) and (self.high is None or found <= self.high)


@dataclass(frozen=True, slots=True)
class Affix:
    """`contains`, `starts_with`, `ends_with`: without regard to case. A list contains what is one of its items."""

    words: tuple[str, ...]
    passes: Callable[[str, str], bool]
    whole_items: bool = False

    def holds(self, value: Value | None, now: datetime) -> bool | None:
        if value is None:
            return None
        if isinstance(value, tuple):
            items = [item.casefold() for item in value]
            if self.whole_items:
                return any(word in items for word in self.words)
            return any(self.passes(item, word) for item in items for word in self.words)
        text = _as_text(value).casefold()
        return any(self.passes(text, word) for word in self.words)


@dataclass(frozen=True, slots=True)
class Matches:
    """`{matches: regex}`: found anywhere in the text, without regard to case; `(?-i)` in the expression undoes that."""

    expressions: tuple[Expression, ...]

    def holds(self, value: Value | None, now: datetime) -> bool | None:
        if value is None:
            return None
        texts = value if isinstance(value, tuple) else (_as_text(value),)
        return any(expression.found_in(text) for expression in self.expressions for text in texts)


@dataclass(frozen=True, slots=True)
class Aged:
    """`{within: 30d}` and `{older_than: 14d}`: how long ago a moment was. One that is still to come is neither."""

    age: timedelta
    older: bool

    def holds(self, value: Value | None, now: datetime) -> bool | None:
        moment = None if value is None else as_moment(value)
        if moment is None:
            return None
        passed = now - moment
        return passed > self.age if self.older else timedelta(0) <= passed <= self.age


@dataclass(frozen=True, slots=True)
class Near:
    """`{near: {lat: 59.9, lon: 10.7, km: 50}}`: at most so far from a place, as the crow flies."""

    place: GeoPoint
    km: float

    def holds(self, value: Value | None, now: datetime) -> bool | None:
        return value.distance_km(self.place) <= self.km if isinstance(value, GeoPoint) else None


def _as_text(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)


def as_number(value: Value) -> float | None:
    if isinstance(value, str):
        return parse_number(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # NaN is no number
        return None
    return value


def as_date(value: Value) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    moment = parse_moment(value) if isinstance(value, str) else None
    return moment.date() if isinstance(moment, datetime) else moment


def as_moment(value: Value) -> datetime | None:
    found = parse_moment(value) if isinstance(value, str) else value
    if isinstance(found, datetime):
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return datetime.combine(found, time(), UTC) if isinstance(found, date) else None


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?")


def parse_moment(word: str) -> date | datetime | None:
    """A date, or a moment, as ISO 8601 writes it; a moment without an offset is in UTC."""
    if _MOMENT.fullmatch(word) is None:
        return None
    try:
        return date.fromisoformat(word) if len(word) == len("2026-12-24") else datetime.fromisoformat(word)
    except ValueError:
        return None
