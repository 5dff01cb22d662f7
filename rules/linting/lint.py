"""Lint: all that a rulebook may say, and its author hardly means. Each kind is found by a module of its own."""

from __future__ import annotations

from datetime import datetime

from rules.errors import Problem
from rules.linting.contradictions import contradictions
from rules.linting.forged_links import forged_links
from rules.linting.neglected import neglected
from rules.linting.overlaps import overlaps
from rules.linting.redirect_loops import redirect_loops
from rules.linting.variant_count import DEFAULT_BUDGET, too_many_variants
from rules.model import RuleBook


def lint(book: RuleBook, now: datetime, *, variants: int = DEFAULT_BUDGET) -> tuple[Problem, ...]:
    """All warnings of a rulebook, in the order of its files; `now` is aware.

    `variants` is how many a URL may have before it is told.
    """
    found = (
        *neglected(book, now),
        *contradictions(book, now),
        *overlaps(book),
        *forged_links(book),
        *redirect_loops(book, now),
        *too_many_variants(book, now, variants),
    )
    return tuple(sorted(found))
