"""Ranking: from what the items of a list are worth to the order they stand in.

Pure, and the same for every visitor whose decision holds the rank. What a page says of its items is found by
`proxy.page.ranking`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from rules.context import Context, Value
from rules.model import Rank

ITEM = "item."
"""What the names of an item's values begin with, in conditions."""

# No test that fits an item's values asks for the time.
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def ranked(rank: Rank, items: Sequence[Mapping[str, Value]], pinned: Collection[int] = ()) -> tuple[int, ...]:
    """For each place in the list the index of the item that stands there now: a permutation of all indices.

    `items` are their values by name, in the page's order. Those at `pinned` and the first `keep_first` stay; the
    others fill the places between them by falling score, and in the page's order where scores are equal.
    """
    free = [index for index in range(rank.keep_first, len(items)) if index not in pinned]
    by_score = sorted(free, key=lambda index: -score(rank, items[index]))
    order = list(range(len(items)))
    for place, index in zip(free, by_score, strict=True):
        order[place] = index
    return tuple(order)


def score(rank: Rank, values: Mapping[str, Value]) -> float:
    """The boosts whose condition is true of an item, added up; where a value is missing, it is unknown and not true."""
    context = Context({ITEM + name: value for name, value in values.items()}, _NO_TIME)
    return sum(boost.weight for boost in rank.by if boost.where.evaluate(context))
