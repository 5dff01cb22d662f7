"""Rearrange: edits that put the items of a list at each other's places, and take along what is edited of each item.

A place is where an item begins and ends; what stands around the items and between them stays.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

from proxy.page.edits import Edit, Phase, refuse_overlaps, spliced
from proxy.page.locate import Place, RefusedError
from proxy.page.operations import Reorder, tangled
from proxy.page.writing import Pieces


def rearranged(body: bytes, edits: Sequence[Edit], reorders: Iterable[Reorder]) -> list[Edit]:
    """The edits, which are in order, with those that move the items; in order again.

    Raises RefusedError where items that move are shared by two lists, or lie in something that is replaced.
    """
    # Of lists within items the inner first: its moves are edits of the item around it.
    inner_first = sorted(reorders, key=lambda each: -each.place.start)
    if any(tangled(one, other) for one, other in combinations(inner_first, 2)):
        raise RefusedError("two lists that it ranks have items in common")
    found = list(edits)
    for reorder in inner_first:
        if reorder.moves:
            _rearrange(body, found, reorder)
    return found


def _rearrange(body: bytes, edits: list[Edit], reorder: Reorder) -> None:
    items = reorder.items
    low = bisect_left(edits, items[0].start, key=lambda each: each.start)
    high = bisect_right(edits, items[-1].end, key=lambda each: each.start)
    starts = [item.start for item in items]
    of_items: defaultdict[int, list[Edit]] = defaultdict(list)
    written: list[Edit] = []
    for edit in edits[low:high]:
        index = _owner(edit, items, starts)
        if index is None:
            written.append(edit)
        else:
            of_items[index].append(edit)
    for place, index in enumerate(reorder.order):
        if place == index:
            written += of_items[index]
            continue
        pieces = _moved(body, items[index], of_items[index], items[place])
        start, end = items[place].start, items[place].end
        written.append(Edit(start, Phase.NEXT, (start, 1), end, pieces))
    written.sort()
    refuse_overlaps([*edits[max(0, low - 1) : low], *written, *edits[high : high + 1]])
    edits[low:high] = written


def _owner(edit: Edit, items: Sequence[Place], starts: Sequence[int]) -> int | None:
    """The item that an edit is of: of itself, of something in it, or of what is added beside it."""
    last = bisect_right(starts, edit.start) - 1
    # Where two items touch, an edit at that offset may be of either.
    return next((index for index in (last, last - 1) if index >= 0 and _is_of(edit, items[index])), None)


def _is_of(edit: Edit, item: Place) -> bool:
    if edit.start == item.start:
        return edit.phase is Phase.NEXT
    if edit.start == item.end:
        # Ends that meet there are told apart by where their elements begin.
        return edit.phase is Phase.BEGIN or (edit.phase is Phase.END and -edit.turn[0] >= item.start)
    return item.start < edit.start < item.end


def _moved(body: bytes, item: Place, edits: Sequence[Edit], to: Place) -> Pieces:
    """An item as it is written at another one's place."""
    refuse_overlaps(edits)
    if edits and edits[-1].end > item.end:
        raise RefusedError("it lies in something that is replaced")
    pieces = spliced(body, edits, item.start, item.end)
    closed_there = to.end_implied and to.tag == item.tag
    if not item.end_implied or closed_there or (edits and _ends(edits[-1], item)):
        return pieces
    return (*pieces, f"</{item.tag}>".encode())


def _ends(edit: Edit, item: Place) -> bool:
    """Whether an edit, the last one of an item, replaces it, or adds something behind it and so ends it."""
    return edit.end == item.end and (edit.start == item.start or edit.turn == (-item.start, 1))
