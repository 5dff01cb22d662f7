"""Runs a rulebook's tests of itself: each puts one visit to the same code that decides for visitors.

What a decision comes to on a page of the site is for the caller to look up, since nothing here can.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rules.decide import decide
from rules.decision import Decision, Outcome, Reason
from rules.model import Experience, RuleBook, RuleTest
from rules.plan import make_plan


@dataclass(frozen=True, slots=True)
class Seen:
    """What a decision came to on the page of a test.

    `left_out` tells of each experience that was chosen and is not on it why; `texts` holds the text at every match of
    each selector. `trouble` says why there is no page to look at.
    """

    left_out: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trouble: str = ""


Look = Callable[[RuleTest, Decision], Seen]
"""Looks a decision up on the page of a test."""


@dataclass(frozen=True, slots=True)
class Miss:
    """An experience that a test wanted shown and was not, or the other way round.

    Without a reason it is not for the page at all, or is switched off. `left_out` says why it is not on the page, if
    that is what kept it away.
    """

    experience: Experience
    wanted: bool
    reason: Reason | None
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class WrongText:
    """A place whose text is not the one that a test wants; `found` has one for each match of the selector."""

    select: str
    wanted: str
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a test: all that was otherwise than it wants.

    `skipped` tells that it has `places` and nobody looked at a page; `trouble` why a page could not be looked at.
    """

    test: RuleTest
    misses: tuple[Miss, ...] = ()
    wrong_texts: tuple[WrongText, ...] = ()
    trouble: str = ""
    skipped: bool = False

    @property
    def failed(self) -> bool:
        """Whether anything was otherwise than the test wants."""
        return bool(self.misses or self.wrong_texts or self.trouble)


def run_tests(book: RuleBook, now: datetime, look: Look | None = None) -> tuple[Result, ...]:
    """Every test, in the order of the files; drafts count as if they were live.

    `now`, which is aware, is when a visit does not say. With `look`, what a test shows has to be on the page as well.
    """
    rehearsed = book.with_drafts()
    return tuple(_run(rehearsed, test, now, look) for test in book.tests)


def _run(book: RuleBook, test: RuleTest, now: datetime, look: Look | None) -> Result:
    visit = test.visit
    plan = make_plan(book, visit.host, visit.path, visit.query)
    decision = decide(plan, visit.context(now, book.site.timezone))
    seen = look(test, decision) if look is not None else Seen()
    misses = () if seen.trouble else tuple(_misses(book, test, decision, seen))
    wrong = tuple(_wrong_texts(test, seen)) if look is not None and not seen.trouble else ()
    return Result(test, misses, wrong, seen.trouble, skipped=bool(test.places) and look is None)


def _misses(book: RuleBook, test: RuleTest, decision: Decision, seen: Seen) -> list[Miss]:
    reasons = {reason.experience: reason for reason in decision.reasons}
    experiences = {experience.id: experience for experience in book.experiences}
    wishes = [*((name, True) for name in test.shows), *((name, False) for name in test.hides)]
    return [
        Miss(experiences[name], wanted, reasons.get(name), seen.left_out.get(name, ""))
        for name, wanted in wishes
        if (_is_chosen(reasons.get(name)) and name not in seen.left_out) is not wanted
    ]


def _is_chosen(reason: Reason | None) -> bool:
    return reason is not None and reason.outcome is Outcome.CHOSEN


def _wrong_texts(test: RuleTest, seen: Seen) -> list[WrongText]:
    found = {select: tuple(map(_normalized, seen.texts.get(select, ()))) for select, _ in test.places}
    return [
        WrongText(select, wanted, found[select])
        for select, wanted in test.places
        if found[select] != (_normalized(wanted),)
    ]


def _normalized(text: str) -> str:
    return " ".join(text.split())
