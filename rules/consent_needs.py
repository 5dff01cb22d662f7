"""Which consent the experiences of a rulebook wait for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rules.model import RuleBook
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
