"""Which of many conditions can be true at all, told by the words that they require of a signal.

On a page with fifty experiences most are for another campaign, country or company than this visitor's. One look-up for
each signal finds the few that are left, and only those are put to the visitor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.conditions import Condition, Test, all_of
from rules.context import Context
from rules.operators import IsOneOf


@dataclass(frozen=True, slots=True)
class _OfSignal:
    """The conditions that require words of one signal, by word; by their numbers, as all are known here."""

    signal: str
    by_word: dict[str, tuple[int, ...]]
    numbers: tuple[int, ...]


class WordIndex:
    """Finds conditions by the words that they require; None is a condition that is always true."""

    __slots__ = ("_others", "_signals")

    def __init__(self, conditions: Sequence[Condition | None]) -> None:
        required = [required_words(condition) for condition in conditions]
        spread = _spread(required)
        others: list[int] = []
        by_signal: defaultdict[str, dict[int, frozenset[str]]] = defaultdict(dict)
        for number, words in enumerate(required):
            if not words:
                others.append(number)
                continue
            # The signal that tells the most conditions apart.
            signal = max(words, key=lambda name: (spread[name], name))
            by_signal[signal][number] = words[signal]
        self._others = tuple(others)
        self._signals = tuple(_of_signal(signal, numbers) for signal, numbers in by_signal.items())

    def possible(self, context: Context) -> Sequence[int]:
        """The numbers of all conditions that can be true, in their order, and of no more than some that can't."""
        if not self._signals:
            return self._others
        found = list(self._others)
        for each in self._signals:
            value = context.get(each.signal)
            if type(value) is str:
                found.extend(each.by_word.get(value.casefold(), ()))
            elif value is not None:
                found.extend(each.numbers)
        found.sort()
        return found


def required_words(condition: Condition | None) -> dict[str, frozenset[str]]:
    """For each signal, the words of which its value, or a part of it, has to be one wherever a condition is true."""
    found: dict[str, frozenset[str]] = {}
    for part in all_of(condition):
        if isinstance(part, Test):
            for operator in part.operators:
                if isinstance(operator, IsOneOf) and not operator.globs:
                    found[part.signal] = found.get(part.signal, operator.words) & operator.words
    return found


def _spread(required: Iterable[dict[str, frozenset[str]]]) -> dict[str, int]:
    words: defaultdict[str, set[str]] = defaultdict(set)
    for each in required:
        for signal, of_signal in each.items():
            words[signal] |= of_signal
    return {signal: len(of_signal) for signal, of_signal in words.items()}


def _of_signal(signal: str, numbers: dict[int, frozenset[str]]) -> _OfSignal:
    by_word: defaultdict[str, list[int]] = defaultdict(list)
    for number, words in numbers.items():
        for word in words:
            by_word[word].append(number)
    return _OfSignal(signal, {word: tuple(found) for word, found in by_word.items()}, tuple(numbers))
