"""What the tests of one signal can come to together, and so which conditions exclude each other.

A signal has values without end, and its tests tell few of them apart: a value of each kind is put to them. Where no
such value can be made up (for a glob, a regular expression, a list), a test is taken to come out either way. So what is
called impossible here is impossible; what is not called so need not be possible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, combinations, product

from rules.conditions import All, AnyOf, Condition, NoneOf, Test
from rules.context import Context, Value
from rules.linting.sample_values import sample_values
from rules.operators import Aged, InRange, IsOneOf, Known
from rules.signals import Signal, Type, lookup
from rules.word_index import required_words

Literal = tuple[Test, bool]
"""A test, and whether it is to be true or false; unknown is neither."""
Case = tuple[bool | None, ...]
"""What came of each of several tests."""

ALWAYS_KNOWN = frozenset({
    "source.medium", "device.type", "page.path", "time.hour", "time.weekday", "time.date",
})  # fmt: skip
_MOST_ALTERNATIVES = 256
_MOST_FREE = 6
_SINGLE_VALUED = (Type.TEXT, Type.ANY)


def alternatives(condition: Condition, *, wanted: bool = True) -> list[tuple[Literal, ...]] | None:
    """The ways in which a condition can be true, or with `wanted` false be false; None where they are too many.

    Each is a number of tests that have to come out as told, all of them.
    """
    if isinstance(condition, Test):
        return [((condition, wanted),)]
    of_parts = wanted is not isinstance(condition, NoneOf)
    parts = [alternatives(part, wanted=of_parts) for part in condition.parts]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    if isinstance(condition, AnyOf) is wanted:
        return _bounded(list(chain.from_iterable(known)))
    settled = tuple(literal for part in known if len(part) == 1 for literal in part[0])
    found = [settled]
    for part in known:
        if len(part) != 1:
            found = [(*one, *other) for one in found for other in part]
            if len(found) > _MOST_ALTERNATIVES:
                return None
    return found


def _bounded(found: list[tuple[Literal, ...]]) -> list[tuple[Literal, ...]] | None:
    return found if len(found) <= _MOST_ALTERNATIVES else None


def conflict(conditions: Iterable[Condition], now: datetime) -> tuple[Literal, ...] | None:
    """The tests that keep conditions from all being true at once, as few as tell it; None where they can be."""
    ways = alternatives(All(tuple(conditions)))
    first: tuple[Literal, ...] | None = None
    for way in ways if ways is not None else [()]:
        found = _conflict_of(way, now)
        if found is None:
            return None
        first = first or found
    return first


class Exclusion:
    """Tells whether two conditions exclude each other: no visitor is ever meant by both."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._words: dict[int, dict[str, frozenset[str]]] = {}
        self._known: dict[tuple[int, int], bool] = {}

    def holds(self, one: Condition | None, other: Condition | None) -> bool:
        """Whether they do. Conditions that are asked about have to live as long as this."""
        if one is None or other is None:
            return False
        pair = id(one), id(other)
        if pair not in self._known:
            self._known[pair] = self._is_true_of(one, other)
        return self._known[pair]

    def _is_true_of(self, one: Condition, other: Condition) -> bool:
        ours, theirs = self._required_words(one), self._required_words(other)
        # The plainest and most frequent case first: `SE` and `[NO, DK]`.
        if any(name in ours and ours[name].isdisjoint(words) for name, words in theirs.items()):
            return True
        return not one.signals.isdisjoint(other.signals) and conflict((one, other), self._now) is not None

    def _required_words(self, condition: Condition) -> dict[str, frozenset[str]]:
        if (words := self._words.get(id(condition))) is None:
            words = self._words[id(condition)] = _words_of_one_value(condition)
        return words


def cases(tests: Sequence[Test], now: datetime) -> frozenset[Case] | None:
    """Every way in which tests of one signal can come out together; None where that is too many to tell."""
    signal = lookup(tests[0].signal)
    operators = [operator for test in tests for operator in test.operators]
    values = sample_values(signal, operators, now) if signal is not None else None
    found: set[Case] = set()
    if values is not None:
        found |= {tuple(_outcome(test, value, now) for test in tests) for value in values}
        if tests[0].signal not in ALWAYS_KNOWN:
            found.add(tuple(_outcome(test, None, now) for test in tests))
    if values is None or (signal is not None and _can_be_anything(signal)):
        open_cases = [_outcomes_of_anything(test, certain=values is not None) for test in tests]
        if sum(1 for outcomes in open_cases if len(outcomes) > 1) > _MOST_FREE:
            return None
        found |= set(product(*open_cases))
    return frozenset(found)


def _words_of_one_value(condition: Condition) -> dict[str, frozenset[str]]:
    """The words that a condition requires of signals that have one value: no list can hold two of them."""
    return {name: words for name, words in required_words(condition).items() if _is_single_valued(name)}


def _is_single_valued(name: str) -> bool:
    signal = lookup(name)
    return signal is not None and signal.type in _SINGLE_VALUED


def _conflict_of(literals: Sequence[Literal], now: datetime) -> tuple[Literal, ...] | None:
    by_signal: defaultdict[str, dict[Literal, None]] = defaultdict(dict)
    for literal in literals:
        by_signal[literal[0].signal][literal] = None
    for found in by_signal.values():
        together = tuple(found)
        if not _are_possible(together, now):
            return next((some for some in _fewer(together) if not _are_possible(some, now)), together)
    return None


def _fewer(literals: tuple[Literal, ...]) -> Iterator[tuple[Literal, ...]]:
    yield from ((literal,) for literal in literals)
    yield from combinations(literals[:50], 2)


def _are_possible(literals: tuple[Literal, ...], now: datetime) -> bool:
    if len(literals) == 1 and literals[0][1] and len(literals[0][0].operators) == 1:
        return True
    if len({test for test, _ in literals}) < len(literals):
        return False  # one test, wanted true and wanted false
    found = cases([test for test, _ in literals], now)
    wanted = tuple(wanted for _, wanted in literals)
    return found is None or wanted in found


def _outcome(test: Test, value: Value | None, now: datetime) -> bool | None:
    signals = {} if value is None else {test.signal: value}
    return test.evaluate(Context(signals, now))


def _can_be_anything(signal: Signal) -> bool:
    """Whether there are values beside those that tests name."""
    return signal.type in _SINGLE_VALUED and not signal.values


def _outcomes_of_anything(test: Test, *, certain: bool) -> tuple[bool | None, ...]:
    """What can come of a test on a text that no test names as it is; unless `certain`, on a value of any kind."""
    if not certain:
        return (True, False, None)
    for operator in test.operators:
        match operator:
            case IsOneOf(globs=globs) if not any(glob.written.strip("*") == "" for glob in globs):
                if not globs:
                    return (False,)
            case IsOneOf():
                continue
            case Known(wanted):
                if not wanted:
                    return (False,)
                continue
            case InRange():
                return (None,)
            case Aged():
                return (True, False, None)
        return (True, False)
    return (True,)
