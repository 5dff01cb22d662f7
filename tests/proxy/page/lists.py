"""The lists of real pages, put into other orders, and what became of them: shared by the tests of ranking.

A list is an element with two children or more of one name, whatever stands between them. Of each cut three things are
asked: is every item there once, byte for byte; are the bytes around and between the items the page's own; and does
Lexbor read the cut as its tree with the items moved?
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator

from proxy.page.compile import Page
from proxy.page.cut import cut, edits_of
from proxy.page.locate import Element, Place, RefusedError
from proxy.page.operations import Reorder
from proxy.page.verify import agrees
from tests.proxy.page.fidelity import Tally

# Where the order of children means something else than which is read first.
_NO_LISTS = frozenset({"html", "head", "body", "svg", "g", "math", "picture", "colgroup"})


def lists_of(page: Page) -> Iterator[tuple[Element, list[Element]]]:
    """Every list of a page, with its items."""
    for element in page.located.every():
        if element.tag in _NO_LISTS or element.closest("svg, math") is not None:
            continue
        by_tag: defaultdict[str, list[Element]] = defaultdict(list)
        for child in element.children:
            if isinstance(child, Element):
                by_tag[child.tag].append(child)
        yield from ((element, items) for items in by_tag.values() if len(items) >= 2)


def grids_of(page: Page) -> Iterator[tuple[Element, list[Element]]]:
    """Items that stand in several rows: the cells of tables, the grandchildren of `<div>`s that are alike."""
    for element in page.located.elements("table, div"):
        wanted = ":scope > tbody > tr > td" if element.tag == "table" else ":scope > div > div[class]"
        items = page.located.inside(element, wanted)
        if len({item.parent for item in items}) >= 2:
            yield element, items


def try_lists(name: str, page: Page, lists: Iterator[tuple[Element, list[Element]]], tally: Tally) -> None:
    """Put each list into a random order, the same for the same page."""
    chance = random.Random(name)
    for element, elements in lists:
        if element.source_location is None:
            tally.counts["implied lists"] += 1
            continue
        tally.counts["lists"] += 1
        order = list(range(len(elements)))
        chance.shuffle(order)
        what = f"{name}: {len(elements)} <{elements[0].tag}> in <{element.tag}>"
        try:
            items = tuple(page.located.place(each) for each in elements)
            moved = Reorder(page.located.place(element), items, tuple(order))
            written = reordered(page, moved)
        except RefusedError as error:
            tally.counts["refused"] += 1
            tally.notes.append(f"{what}: refused: {error}")
            continue
        if not keeps_every_byte(page.body, written, moved):
            tally.counts["bytes changed"] += 1
            tally.notes.append(f"{what}: bytes of the items, or around them, changed")
        if agrees(page.located, page.body, written, page.charset, [moved]):
            tally.counts["agreed"] += 1
        else:
            tally.counts["disagreed"] += 1
            tally.notes.append(f"{what}: the engines disagree")


def reordered(page: Page, moved: Reorder) -> bytes:
    """The page with one list in another order, and nothing else done."""
    pieces = cut(page.body, edits_of(page.located, page.body, page.charset, [moved]))
    return b"".join(piece for piece in pieces if isinstance(piece, bytes))


def keeps_every_byte(body: bytes, written: bytes, moved: Reorder) -> bool:
    """Whether `written` is `body` with whole items at each other's places, but for end tags that are implied there."""
    position = behind = 0
    for place, index in zip(moved.items, moved.order, strict=True):
        item = moved.items[index]
        expected = body[behind : place.start] + body[item.start : item.end]
        if not written.startswith(expected, position):
            return False
        position += len(expected)
        if item.end_implied and written.startswith(_end_tag(item), position):
            position += len(_end_tag(item))
        behind = place.end
    return written[position:] == body[behind:]


def _end_tag(item: Place) -> bytes:
    return f"</{item.tag}>".encode()
