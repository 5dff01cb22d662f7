"""Ranking on a page: the items of a list, what the page says of each, and the order that comes of it.

How items are scored is `rules.rank`'s, and how what is read becomes a value `rules.item_values`'.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from proxy.page.charset import Charset
from proxy.page.locate import Element, Located, Place, RefusedError, attribute_value, shown_text
from proxy.page.operations import Reorder
from rules.context import Value
from rules.item_values import read_attribute_number, read_number, read_text
from rules.model import ItemField, Rank
from rules.rank import ranked
from rules.signals import Type

# Of one change, in all its lists: an item costs about 0.1 ms, and pages below 256 KB are cut on the event loop.
MAX_ITEMS = 1_000
MAX_LISTS = 100
_UNMOVABLE = frozenset({"html", "head", "body"})


def reorder(rank: Rank, place: Place, page: Located, charset: Charset, *, at_most: int = MAX_ITEMS) -> Reorder:
    """The list at this place in its new order, which may be the one that it has.

    Raises RefusedError where it has more items than `at_most`, or some whose bytes can't be moved.
    """
    elements = page.inside(place.element, charset.as_latin1(rank.items))
    if len(elements) > at_most:
        raise RefusedError(f"its `items` find more than {MAX_ITEMS:,}, and no more are ranked")
    items = tuple(page.place(element) for element in elements)
    _refuse_unmovable(place, items)
    reading = _Reading(rank.read, page, charset)
    pinned = set(page.inside(place.element, charset.as_latin1(rank.pin))) if rank.pin else set[Element]()
    stay = {index for index, element in enumerate(elements) if element in pinned}
    return Reorder(place, items, ranked(rank, [reading.values(item) for item in items], stay))


def _refuse_unmovable(place: Place, items: Sequence[Place]) -> None:
    if any(item.tag in _UNMOVABLE for item in items):
        raise RefusedError("<head> and <body> can't be ranked")
    if any(one.end > other.start for one, other in pairwise(items)):
        raise RefusedError('its items lie in one another: find the outer ones alone, as items: "> li" does')
    if items and not (place.open_end <= items[0].start and items[-1].end <= place.close_start):
        raise RefusedError(f"items of <{place.tag}> are written outside of it")


class _Reading:
    """Reads what the page says of items."""

    __slots__ = ("_charset", "_facts", "_page")

    def __init__(self, facts: Sequence[ItemField], page: Located, charset: Charset) -> None:
        self._page = page
        self._charset = charset
        self._facts = [(fact, charset.as_latin1(fact.select)) for fact in facts]

    def values(self, item: Place) -> dict[str, Value]:
        """By name; what is not there, or says nothing, is missing."""
        found: dict[str, Value] = {}
        for fact, selector in self._facts:
            at = self._first(item, selector) if selector else item
            value = self._value(fact, at) if at is not None else None
            if value is not None:
                found[fact.name] = value
        return found

    def _first(self, item: Place, selector: str) -> Place | None:
        matches = self._page.inside(item.element, selector)
        try:
            return self._page.place(matches[0]) if matches else None
        except RefusedError:
            return None

    def _value(self, fact: ItemField, at: Place) -> Value | None:
        if not fact.attribute:
            text = shown_text(self._source(at.open_end, at.close_start))
            return read_number(text) if fact.type is Type.NUMBER else read_text(text)
        span = at.attributes.get(fact.attribute)
        if span is None:
            return None
        value = attribute_value(self._source(*span))
        return read_attribute_number(value) if fact.type is Type.NUMBER else read_text(value)

    def _source(self, start: int, end: int) -> str:
        source = self._page.reading[start:end]
        return source if source.isascii() else self._charset.decode(source.encode("latin-1"))
