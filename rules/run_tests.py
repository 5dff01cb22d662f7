"""Runs a rulebook's tests of itself: each puts one visit to the same code that decides for visitors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rules.decide import decide
from rules.decision import Outcome, Reason
from rules.model import Experience, RuleBook, RuleTest
from rules.plan import make_plan


@dataclass(frozen=True, slots=True)
class Miss:
    """An experience that a test wanted shown and was not, or the other way round.

    Without a reason it is not for the page at all, or is switched off.
    """

    experience: Experience
    wanted: bool
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a test; without misses it passed."""

    test: RuleTest
    misses: tuple[Miss, ...]


def run_tests(book: RuleBook, now: datetime) -> tuple[Result, ...]:
    """Every test, in the order of the files; drafts count as if they were live.

    `now`, which is aware, is when a visit does not say.
    """
    rehearsed = book.with_drafts()
    return tuple(Result(test, tuple(_misses(rehearsed, test, now))) for test in book.tests)


def _misses(book: RuleBook, test: RuleTest, now: datetime) -> list[Miss]:
    visit = test.visit
    plan = make_plan(book, visit.host, visit.path, visit.query)
    decision = decide(plan, visit.context(now, book.site.timezone))
    reasons = {reason.experience: reason for reason in decision.reasons}
    experiences = {experience.id: experience for experience in book.experiences}
    wishes = [*((name, True) for name in test.shows), *((name, False) for name in test.hides)]
    return [
        Miss(experiences[name], wanted, reasons.get(name))
        for name, wanted in wishes
        if _is_shown(reasons.get(name)) is not wanted
    ]


def _is_shown(reason: Reason | None) -> bool:
    return reason is not None and reason.outcome is Outcome.CHOSEN
