"""Why a visitor sees what they see: every experience of a page, with its schedule, its condition and its texts.

The same code decides as for a real request; this only keeps what `rules.decide` has no need to keep.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rules.conditions import All, AnyOf, Condition, Test
from rules.context import Context, Value
from rules.decide import decide
from rules.decision import Reason
from rules.errors import MissingValueError, UnsafeValueError
from rules.fragments import Fragment
from rules.model import Experience, RuleBook
from rules.plan import make_plan
from rules.visits import Visit


@dataclass(frozen=True, slots=True)
class Part:
    """A test, or a group of them (`written` is then `all`, `any` or `none`), and what came of it."""

    written: str
    holds: bool | None
    saw: Value | None = None
    decided: bool = False
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """A `when:`, the clock that it was read by, and whether it was open."""

    written: str
    is_open: bool
    clock: datetime


@dataclass(frozen=True, slots=True)
class Explanation:
    """One experience: the reason as it is decided, and all that was looked at; `missing` are names in its texts."""

    experience: Experience
    reason: Reason
    when: Window | None = None
    who: Part | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanations:
    """Of one visit: an explanation for each experience of the page, in the order in which they win.

    Drafts are explained as if they were live; `switched_off` are the ids of those that `enabled: false` keeps away.
    """

    context: Context
    explanations: tuple[Explanation, ...]
    switched_off: tuple[str, ...] = ()


def explain(book: RuleBook, visit: Visit, now: datetime) -> Explanations:
    """Put a visit to a rulebook; `now`, which is aware, is when the visit does not say."""
    context = visit.context(now, book.site.timezone)
    plan = make_plan(book.with_drafts(), visit.host, visit.path, visit.query)
    # As they are written: a plan holds drafts as if they were live.
    written = {experience.id: experience for experience in book.experiences}
    explanations = tuple(
        _explanation(written[reason.experience], reason, context, plan.site_timezone)
        for reason in decide(plan, context).reasons
    )
    return Explanations(context, explanations, tuple(e.id for e in book.experiences if _is_off(e, visit)))


def _is_off(experience: Experience, visit: Visit) -> bool:
    if experience.enabled:
        return False
    place = visit.host, visit.path, visit.query
    wanted = any(pattern.matches(*place) for pattern in experience.pages)
    return wanted and not any(pattern.matches(*place) for pattern in experience.exclude)


def _explanation(experience: Experience, reason: Reason, context: Context, site_timezone: str) -> Explanation:
    when, who = experience.when, experience.who
    window, part = None, None
    if when is not None:
        clock = when.local_time(context, site_timezone)
        window = Window(when.written, when.is_open(context, site_timezone), clock)
    if who is not None:
        part = _part(who, context, who.judge(context).test)
    return Explanation(experience, reason, window, part, _missing(_fragments(experience, reason), context))


def _part(condition: Condition, context: Context, deciding: Test | None) -> Part:
    holds = condition.judge(context).holds
    if isinstance(condition, Test):
        return Part(condition.written, holds, context.get(condition.signal), decided=condition is deciding)
    name = "all" if isinstance(condition, All) else "any" if isinstance(condition, AnyOf) else "none"
    return Part(name, holds, parts=tuple(_part(part, context, deciding) for part in condition.parts))


def _fragments(experience: Experience, reason: Reason) -> tuple[Fragment, ...]:
    """The texts that this visitor would read; of an experiment those of the variant that it gives."""
    if experience.experiment is None:
        return experience.fragments
    return next((variant.fragments for variant in experience.variants if variant.id == reason.arm), ())


def _missing(fragments: Iterable[Fragment], context: Context) -> tuple[str, ...]:
    """The first name without a value in each text, each once."""
    missing: dict[str, None] = {}
    for fragment in fragments:
        try:
            fragment.render(context)
        except MissingValueError as error:
            missing[error.name] = None
        except UnsafeValueError:
            continue
    return tuple(missing)
