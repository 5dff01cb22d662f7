"""Conditions: trees of tests, in three-valued logic.

Kleene's tables, since a missing value is unknown and not false: `all` is false where one part is, else unknown where
one part is; `any` the other way round; `none` is the opposite of `any`, and of unknown that is unknown. Reading
conditions from a file is `rules.load_conditions`'.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from rules.context import Context
from rules.errors import Position
from rules.operators import Operator


class Verdict(NamedTuple):
    """What came of a condition, and the first test that decided it; no test where there was none to put."""

    holds: bool | None
    test: Test | None


@dataclass(frozen=True, slots=True)
class Test:
    """One signal, put to one or more operators that must all hold; `written` is how it stands in the file."""

    __test__ = False  # not pytest's

    signal: str
    operators: tuple[Operator, ...]
    written: str = ""
    position: Position | None = field(default=None, compare=False)

    @property
    def signals(self) -> frozenset[str]:
        return frozenset((self.signal,))

    def evaluate(self, context: Context) -> bool | None:
        """Whether it holds; None where the signal's value is missing."""
        value = context.get(self.signal)
        result: bool | None = True
        for operator in self.operators:
            holds = operator.holds(value, context.now)
            if holds is False:
                return False
            if holds is None:
                result = None
        return result

    def judge(self, context: Context) -> Verdict:
        """The same, with itself as what decided."""
        return Verdict(self.evaluate(context), self)


class _Group(ABC):
    """Several conditions, of which some decide."""

    __slots__ = ()

    parts: tuple[Condition, ...]

    @property
    def signals(self) -> frozenset[str]:
        return frozenset[str]().union(*(part.signals for part in self.parts))

    @abstractmethod
    def evaluate(self, context: Context) -> bool | None:
        """Whether it holds; None where that is unknown."""

    @abstractmethod
    def judge(self, context: Context) -> Verdict:
        """The same, and the part that decided it."""


@dataclass(frozen=True, slots=True)
class All(_Group):
    """True where every part is."""

    parts: tuple[Condition, ...]

    def evaluate(self, context: Context) -> bool | None:
        """Whether every part holds."""
        return _holds(self.parts, context, deciding=False)

    def judge(self, context: Context) -> Verdict:
        """The same, and the first part that is false, else unknown, else the first."""
        return _first(self.parts, context, deciding=False)


@dataclass(frozen=True, slots=True)
class AnyOf(_Group):
    """True where one part is."""

    parts: tuple[Condition, ...]

    def evaluate(self, context: Context) -> bool | None:
        """Whether a part holds."""
        return _holds(self.parts, context, deciding=True)

    def judge(self, context: Context) -> Verdict:
        """The same, and the first part that is true, else unknown, else the first."""
        return _first(self.parts, context, deciding=True)


@dataclass(frozen=True, slots=True)
class NoneOf(_Group):
    """True where every part is false."""

    parts: tuple[Condition, ...]

    def evaluate(self, context: Context) -> bool | None:
        """Whether no part holds."""
        holds = _holds(self.parts, context, deciding=True)
        return None if holds is None else not holds

    def judge(self, context: Context) -> Verdict:
        """The same, and the first part that is true, else unknown, else the first."""
        holds, test = _first(self.parts, context, deciding=True)
        return Verdict(None if holds is None else not holds, test)


Condition = Test | All | AnyOf | NoneOf


def _holds(parts: tuple[Condition, ...], context: Context, *, deciding: bool) -> bool | None:
    """What `_first` comes to, without the test: many conditions are put for each request, and few are asked why."""
    result: bool | None = not deciding
    for part in parts:
        holds = part.evaluate(context)
        if holds is deciding:
            return deciding
        if holds is None:
            result = None
    return result


def _first(parts: tuple[Condition, ...], context: Context, *, deciding: bool) -> Verdict:
    """The first part with the value that decides alone; failing that the first unknown one; failing that the first."""
    first: Verdict | None = None
    unknown: Verdict | None = None
    for part in parts:
        verdict = part.judge(context)
        if verdict.holds is deciding:
            return verdict
        if verdict.holds is None and unknown is None:
            unknown = verdict
        if first is None:
            first = verdict
    return unknown or first or Verdict(not deciding, None)


def all_of(condition: Condition | None) -> Iterator[Condition]:
    """The parts that must each be true for a condition to be: those of `all`, and of an `all` inside of it."""
    if isinstance(condition, All):
        for part in condition.parts:
            yield from all_of(part)
    elif condition is not None:
        yield condition


def each_test(condition: Condition) -> Iterator[Test]:
    """Every test of a condition, in the order of the file."""
    if isinstance(condition, Test):
        yield condition
        return
    for part in condition.parts:
        yield from each_test(part)
