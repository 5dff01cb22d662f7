"""A value of each kind that the tests of a signal tell apart: `mobile`, and another; 9, 10, and what lies between.

Where no such values can be made up (for a list, a position, a regular expression), there are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from rules.context import Value
from rules.operators import Aged, InRange, IsOneOf, Known, Operator, as_date
from rules.signals import Signal, Type

_STEPS = (-1, 0, 1)


def sample_values(signal: Signal, operators: Sequence[Operator], now: datetime) -> Iterable[Value] | None:
    """A value of each kind that operators tell apart, None where there is no telling. Any other text may come too."""
    if signal.values:
        return _enumerated(signal.values, operators)
    match signal.type:
        case Type.BOOLEAN:
            return (True, False)
        case Type.NUMBER if signal.name == "time.hour":
            return range(24)
        case Type.NUMBER if all(isinstance(operator, InRange | IsOneOf | Known) for operator in operators):
            return _around(_numbers(operators))
        case Type.DATE if all(isinstance(operator, InRange | Known) or _is_plain(operator) for operator in operators):
            return _days_around(operators)
        case Type.MOMENT if all(isinstance(operator, Aged | Known) for operator in operators):
            return _moments_before(now, operators)
        case Type.TEXT:
            return _words(operators)
        case Type.ANY if not any(isinstance(operator, InRange) for operator in operators):
            return _words(operators)
        case Type.ANY if all(_is_about_numbers(operator) for operator in operators):
            return _around(_numbers(operators))
    return None


def _enumerated(values: tuple[str, ...], operators: Sequence[Operator]) -> Iterable[str]:
    if not all(isinstance(operator, Known) or _is_plain(operator) for operator in operators):
        return values
    named = set(_words(operators))
    others = (value for value in values if value.casefold() not in named)
    return (*(value for value in values if value.casefold() in named), *list(others)[:1])


def _is_plain(operator: Operator) -> bool:
    return isinstance(operator, IsOneOf) and not operator.globs


def _is_about_numbers(operator: Operator) -> bool:
    if isinstance(operator, InRange):
        return all(isinstance(end, int | float) for end in (operator.low, operator.high) if end is not None)
    return isinstance(operator, Known) or (
        isinstance(operator, IsOneOf) and not operator.globs and len(operator.numbers) == len(operator.words)
    )


def _words(operators: Sequence[Operator]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            word for operator in operators if isinstance(operator, IsOneOf) for word in sorted(operator.words)
        )
    )


def _numbers(operators: Sequence[Operator]) -> list[float]:
    points: set[float] = set()
    for operator in operators:
        if isinstance(operator, InRange):
            points |= {end for end in (operator.low, operator.high) if end is not None}
        elif isinstance(operator, IsOneOf):
            points |= operator.numbers
    return sorted(points)


def _days_around(operators: Sequence[Operator]) -> Iterable[date]:
    ends = [end for operator in operators if isinstance(operator, InRange) for end in (operator.low, operator.high)]
    days = {end for end in (*ends, *map(as_date, _words(operators))) if end is not None}
    first, last = date.min.toordinal(), date.max.toordinal()
    numbers = {day.toordinal() + step for day in days or {date(2000, 1, 1)} for step in _STEPS}
    return [date.fromordinal(number) for number in sorted(numbers) if first <= number <= last]


def _moments_before(now: datetime, operators: Sequence[Operator]) -> Iterable[datetime]:
    ages = [operator.age for operator in operators if isinstance(operator, Aged)]
    return [now - age + timedelta(seconds=step) for age in (timedelta(0), *ages) for step in _STEPS]


def _around(points: Sequence[float]) -> Iterable[float]:
    """The points, and a number below, between and above them."""
    if not points:
        return (0,)
    between = ((low + high) / 2 for low, high in pairwise(points))
    # Of thirty digits a step of 1 would be none.
    return (points[0] - 1 - abs(points[0]), *points, *between, points[-1] + 1 + abs(points[-1]))
