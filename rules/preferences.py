"""What a visitor can tell a site of themselves: the preferences that its rulebook asks for.

A rule that says `visitor.preferences.diet: [vegan, vegetarian]` makes these the answers to choose from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rules.conditions import Test, each_test
from rules.model import RuleBook
from rules.operators import IsOneOf
from rules.plan import signals_of

PREFIX = "visitor.preferences."


@dataclass(frozen=True, slots=True)
class Preference:
    """A name, and the answers that there are; without any, the visitor may write what they like."""

    name: str
    answers: tuple[str, ...] = ()


def preferences_of(book: RuleBook) -> tuple[Preference, ...]:
    """Every preference that a live experience names, in the order of the files; its answers are the values of tests."""
    answers: dict[str, dict[str, str]] = {}
    for experience in book.live:
        for name in sorted(signals_of(experience)):
            if name.startswith(PREFIX):
                answers.setdefault(name.removeprefix(PREFIX), {})
        for test in each_test(experience.who) if experience.who is not None else ():
            if test.signal.startswith(PREFIX):
                for word in _values(test):
                    # Case does not count in a rule, so the first spelling stands for all.
                    answers[test.signal.removeprefix(PREFIX)].setdefault(word.casefold(), word)
    return tuple(Preference(name, tuple(words.values())) for name, words in answers.items())


def _values(test: Test) -> Iterator[str]:
    for operator in test.operators:
        if isinstance(operator, IsOneOf):
            yield from (word for word in operator.written if "*" not in word)
