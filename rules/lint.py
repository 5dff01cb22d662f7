"""Warnings: what a rulebook may say, and its author hardly means. And which consent its experiences wait for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from rules.conditions import Condition, Test
from rules.errors import Position, Problem, Severity
from rules.model import (
    Change,
    Experience,
    Remove,
    Replace,
    RuleBook,
    SetAttributes,
    SetHtml,
    SetImage,
    SetLink,
    SetText,
)
from rules.plan import signals_of
from rules.signals import Tier, lookup

# What an operator has to have for signals of a tier.
_NEEDS = {
    Tier.COMPANY: "needs consent where company_without_consent is off (company)",
    Tier.SESSION: "needs consent (session)",
    Tier.PERSISTENT: "needs consent (persistent)",
}


@dataclass(frozen=True, slots=True)
class ConsentNeed:
    """An experience, and those of its signals that are unknown until the visitor consents to their tier."""

    tier: Tier
    experience: str
    signals: tuple[str, ...]

    def __str__(self) -> str:
        return f"{_NEEDS[self.tier]}: {self.experience}: {', '.join(self.signals)}"


def _tier(signal: str) -> Tier:
    known = lookup(signal)
    return known.tier if known else Tier.CONTEXTUAL


def consent_needs(book: RuleBook, tier_of: Callable[[str], Tier] = _tier) -> tuple[ConsentNeed, ...]:
    """What every experience needs, the most demanding tier first, then in the order of the files."""
    return tuple(
        ConsentNeed(tier, experience.id, signals)
        for tier in (Tier.PERSISTENT, Tier.SESSION, Tier.COMPANY)
        for experience in book.experiences
        if (signals := tuple(sorted(name for name in signals_of(experience) if tier_of(name) is tier)))
    )


def lint(book: RuleBook, now: datetime) -> tuple[Problem, ...]:
    """All warnings of a rulebook, in the order of its files; `now` is aware."""
    found = (*_over(book, now), *_without_alt(book), *_unused(book), *_overlapping(book))
    return tuple(sorted(found))


def _warning(position: Position, message: str, hint: str = "") -> Problem:
    return Problem(position, message, hint, severity=Severity.WARNING)


def _over(book: RuleBook, now: datetime) -> Iterator[Problem]:
    for experience in book.live:
        if experience.when is not None and experience.when.is_over(now):
            yield _warning(experience.position, f"experience `{experience.id}` is over", "take it out, or move `until`")


def _without_alt(book: RuleBook) -> Iterator[Problem]:
    for experience in book.experiences:
        for change in experience.changes:
            if isinstance(change.action, SetImage) and change.action.alt is None:
                message = f"the `image` for `{change.select}` has no `alt`"
                yield _warning(
                    change.position, message, "the old picture's description stays; say what the new one shows"
                )


def _unused(book: RuleBook) -> Iterator[Problem]:
    # A name stands for its condition: what is used is in the trees as the same object.
    used = {id(part) for experience in book.experiences if experience.who for part in _parts(experience.who)}
    for condition in book.audiences.values():
        used |= {id(part) for part in _parts(condition) if part is not condition}
    for name, condition in book.audiences.items():
        if id(condition) not in used and name in book.audience_positions:
            yield _warning(book.audience_positions[name], f"audience `{name}` is never used")


def _parts(condition: Condition) -> Iterator[Condition]:
    yield condition
    if not isinstance(condition, Test):
        for part in condition.parts:
            yield from _parts(part)


def _overlapping(book: RuleBook) -> Iterator[Problem]:
    """Pairs of which one can never be shown, or only the order in the files says which one is."""
    places: dict[str, list[tuple[Experience, Change]]] = defaultdict(list)
    for experience in sorted(book.live, key=lambda each: (-each.priority, each.order)):
        for change in experience.changes:
            places[change.select].append((experience, change))
    for select, changes in places.items():
        for (winner, above), (loser, below) in combinations(changes, 2):
            if winner is loser or not _collide(above, below) or not set(winner.pages) & set(loser.pages):
                continue
            if _covers(winner, loser):
                message = f"experience `{loser.id}` can never be shown: `{winner.id}` changes `{select}` for everyone"
                yield _warning(loser.position, message, f"give `{loser.id}` a higher priority")
            elif winner.priority == loser.priority and (None in (winner.who, loser.who) or winner.who == loser.who):
                message = f"`{winner.id}` and `{loser.id}` both change `{select}`: the earlier one wins"
                yield _warning(loser.position, message, "give one of them a higher priority")


def _collide(above: Change, below: Change) -> bool:
    """Whether both write the same property of a place."""
    whole = (Remove, Replace)
    content = (SetText, SetHtml)
    if isinstance(above.action, whole) or isinstance(below.action, whole):
        return True
    if isinstance(above.action, content) and isinstance(below.action, content):
        return True
    return isinstance(above.action, SetImage | SetLink | SetAttributes) and type(above.action) is type(below.action)


def _covers(winner: Experience, loser: Experience) -> bool:
    """Whether the winner is shown to everyone wherever the loser could be."""
    always = winner.who is None and winner.when is None and not winner.exclude
    certain = not any(fragment.signals for fragment in winner.fragments)
    return always and certain and set(loser.pages) <= set(winner.pages)
