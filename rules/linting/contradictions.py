"""Conditions and schedules that can never be true, or say one thing twice: nobody would ever see what hangs on them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import combinations

from rules.conditions import All, Condition, NoneOf, Test
from rules.errors import Position, Problem, warning
from rules.linting.satisfiability import Literal, conflict
from rules.model import RuleBook
from rules.operators import InRange, IsOneOf


def contradictions(book: RuleBook, now: datetime) -> Iterator[Problem]:
    """A warning for each part of an audience or of a `who:` that contradicts itself, and each `when:` that can't be."""
    named = {id(condition) for condition in book.audiences.values()}
    for name, condition in book.audiences.items():
        where = book.audience_positions[name]
        yield from _in_parts(condition, f"audience `{name}`", where, named - {id(condition)}, now)
    for experience in book.experiences:
        what = f"experience `{experience.id}`"
        if experience.who is not None and id(experience.who) not in named:
            yield from _in_parts(experience.who, what, experience.position, named, now)
        when = experience.when
        if when is not None and not when.is_over(now) and not when.can_open(now):
            message = f"{what} can never be shown: nothing fits `{when.written}`"
            yield warning(experience.position, message, "do its dates have such a day and hour?")


def _in_parts(
    condition: Condition, what: str, where: Position, named: Collection[int], now: datetime
) -> Iterator[Problem]:
    """Of the parts, or else of the whole; what is `named` stands elsewhere, and is told there."""
    if id(condition) in named:
        return
    found = False
    for part in () if isinstance(condition, Test) else condition.parts:
        for problem in _in_parts(part, what, where, named, now):
            found = True
            yield problem
    if not found and isinstance(condition, All | Test | NoneOf):
        yield from _in_whole(condition, what, where, now)
    if not isinstance(condition, Test):
        yield from _said_twice(condition, what, where)


def _in_whole(condition: Condition, what: str, where: Position, now: datetime) -> Iterator[Problem]:
    literals = conflict((condition,), now)
    if literals is None:
        return
    position = literals[-1][0].position or where
    told = [_written(literal) for literal in literals]
    if len(told) == 1:
        message = f"`{told[0]}` can never be true, so nobody is meant by this part of {what}"
    else:
        message = f"{' and '.join(f'`{each}`' for each in told)} are never true together: nobody is meant by {what}"
    yield warning(position, message, _hint(literals))


def _written(literal: Literal) -> str:
    test, wanted = literal
    return test.written if wanted else f"none: {test.written}"


def _hint(literals: tuple[Literal, ...]) -> str:
    tests = [test for test, _ in literals]
    if all(wanted and _is_value(test) for test, wanted in literals) and len(literals) > 1:
        values = ", ".join(test.written.partition(": ")[2].strip("[]") for test in tests)
        return f"for any of them write {tests[0].signal}: [{values}]"
    if any(isinstance(operator, InRange) for test in tests for operator in test.operators):
        return "are the two ends swapped?"
    if not literals[-1][1] and len(literals) == 1:
        return "these are all the values that it has: leave one out"
    return "take one of them out"


def _is_value(test: Test) -> bool:
    return all(isinstance(operator, IsOneOf) for operator in test.operators)


def _said_twice(condition: Condition, what: str, where: Position) -> Iterator[Problem]:
    """The same test twice in one group, or for `any` and `none` the same word."""
    tests = [part for part in ([] if isinstance(condition, Test) else condition.parts) if isinstance(part, Test)]
    if len({test.signal for test in tests}) == len(tests):
        return
    told: set[Test] = set()
    for one, other in combinations(tests[:200], 2):
        if one.signal != other.signal or other in told:
            continue
        same = one.operators == other.operators
        shared = set() if isinstance(condition, All) else _words(one) & _words(other)
        if same or shared:
            told.add(other)
            said = f"`{other.written}`" if same else f"`{min(shared)}` of `{other.signal}`"
            yield warning(other.position or where, f"{said} stands twice in {what}", "take one of them out")


def _words(test: Test) -> frozenset[str]:
    (operator, *others) = test.operators
    return operator.words if isinstance(operator, IsOneOf) and not others else frozenset()
