"""The seven things that can be done at a place. A change is some; a cut writes them, the verifier tries them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import unescape
from itertools import accumulate

from proxy.page.locate import Place
from proxy.page.writing import Writing
from rules.html_syntax import SPACE
from rules.model import Where


@dataclass(frozen=True, slots=True)
class SetAttribute:
    """Sets an attribute, or takes it away (None)."""

    place: Place
    name: str
    value: Writing | None


@dataclass(frozen=True, slots=True)
class EditClass:
    """Adds a class name, or takes it away."""

    place: Place
    name: str
    present: bool


@dataclass(frozen=True, slots=True)
class SetBackground:
    """Changes the picture in an inline style's background."""

    place: Place
    url: Writing


@dataclass(frozen=True, slots=True)
class SetContent:
    """Replaces all that the element contains."""

    place: Place
    content: Writing


@dataclass(frozen=True, slots=True)
class ReplaceElement:
    """Puts something in the element's own place; None takes the element out."""

    place: Place
    content: Writing | None


@dataclass(frozen=True, slots=True)
class InsertBeside:
    """Adds something beside or inside the element."""

    place: Place
    where: Where
    content: Writing


@dataclass(frozen=True, slots=True)
class Reorder:
    """Puts the items of a list in another order: where the n-th item stands, there will be the `order[n]`-th.

    The items are in the order of the page, and none lies in another.
    """

    place: Place
    items: tuple[Place, ...]
    order: tuple[int, ...]
    moves: bool = field(init=False, compare=False)
    """Whether an item comes to stand elsewhere."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "moves", self.order != tuple(range(len(self.items))))


Operation = SetAttribute | EditClass | SetBackground | SetContent | ReplaceElement | InsertBeside | Reorder


class Buried:
    """What of a page lies in something that one of the operations replaces or removes, their own elements excepted.

    A change may have thousands of places, so they are looked up and not gone through.
    """

    __slots__ = ("_ends", "_starts")

    def __init__(self, operations: Iterable[Operation]) -> None:
        spans = sorted(filter(None, map(_buried_span, operations)))
        self._starts = [start for start, _ in spans]
        # How far what begins up to here reaches at the most.
        self._ends = list(accumulate((end for _, end in spans), max))

    def __contains__(self, place: Place) -> bool:
        count = bisect_right(self._starts, place.start)
        return count > 0 and place.start < self._ends[count - 1]


def _buried_span(operation: Operation) -> tuple[int, int] | None:
    at = operation.place
    match operation:
        case ReplaceElement():
            return at.start + 1, at.end
        case SetContent():
            return at.open_end, at.close_start
        case _:
            return None


def conflict(ours: Sequence[Operation], theirs: Sequence[Operation]) -> bool:
    """Whether two experiences that do these can't both be on a page."""
    buried_by_us, buried_by_them = Buried(ours), Buried(theirs)
    if any(_lies_in(buried_by_us, each) for each in theirs) or any(_lies_in(buried_by_them, each) for each in ours):
        return True
    our_lists, their_lists = (_lists(operations) for operations in (ours, theirs))
    if any(tangled(one, other) for one in our_lists for other in their_lists):
        return True
    by_place: defaultdict[Place, list[Operation]] = defaultdict(list)
    for each in theirs:
        by_place[each.place].append(each)
    return any(_clash(one, other) for one in ours for other in by_place.get(one.place, ()))


def _lies_in(buried: Buried, operation: Operation) -> bool:
    items = operation.items if isinstance(operation, Reorder) else ()
    return operation.place in buried or any(item in buried for item in items)


def _lists(operations: Iterable[Operation]) -> list[Reorder]:
    return [each for each in operations if isinstance(each, Reorder)]


def tangled(one: Reorder, other: Reorder) -> bool:
    """Whether two lists share items, or the items of one are spread over several of the other's, or beside them."""
    return len(_homes(one, other)) > 1 or len(_homes(other, one)) > 1


def _homes(inner: Reorder, outer: Reorder) -> set[int]:
    """In which items of the outer list those of the inner one lie; -1 stands for none."""
    if not (inner.items and outer.items) or inner.items[0].start >= outer.items[-1].end:
        return set()
    starts = [item.start for item in outer.items]
    around = ((item, bisect_right(starts, item.start) - 1) for item in inner.items)
    return {index if index >= 0 and item.end <= outer.items[index].end else -1 for item, index in around}


def _clash(one: Operation, other: Operation) -> bool:
    """Whether two operations at one place can't both be done."""
    if isinstance(one, ReplaceElement) or isinstance(other, ReplaceElement):
        return True
    return bool(_written_by(one) & _written_by(other)) or _inside(one, other) or _inside(other, one)


def _written_by(operation: Operation) -> set[str]:
    """The properties that an operation writes; two that write the same one conflict."""
    match operation:
        case SetAttribute(_, "class"):
            return {"class"}
        case SetAttribute(_, name):
            return {f"attribute {name}"}
        case EditClass(_, name):
            return {f"class {name}"}
        case SetBackground():
            return {"attribute style"}
        case SetContent():
            return {"content"}
        case Reorder():
            return {"order"}
        case _:
            return set()


def _inside(one: Operation, other: Operation) -> bool:
    if isinstance(one, SetContent) and isinstance(other, InsertBeside):
        return other.where.is_inside
    if isinstance(one, SetContent) and isinstance(other, Reorder):
        return True
    return isinstance(one, EditClass) and isinstance(other, SetAttribute) and other.name == "class"


def effective(operations: Iterable[Operation]) -> list[Operation]:
    """Less what would have no effect, since the same experience replaces it or what it lies in."""
    every = list(operations)
    buried = Buried(every)
    kept = [o for o in every if o.place not in buried]
    last_replacement = {o.place: o for o in kept if isinstance(o, ReplaceElement)}
    last_order = {o.place: o for o in kept if isinstance(o, SetContent | Reorder)}

    def lives(operation: Operation) -> bool:
        if isinstance(operation, Reorder) and operation is not last_order[operation.place]:
            return False
        replacement = last_replacement.get(operation.place)
        beside = isinstance(operation, InsertBeside) and not operation.where.is_inside
        return replacement is None or operation is replacement or beside

    return [o for o in kept if lives(o)]


# How a `style` attribute names its background, in the page's bytes (quotes may be references there) or decoded: a
# declaration up to its first URL, if it has one, and what stands between that one's parentheses.
_BACKGROUND = re.compile(
    r"background(?:-image)?\s*+:(?:&[#\w]++;|(?!url\()[^;])*+(?P<url>url\()?+",
    re.IGNORECASE,
)
_URL = re.compile(
    r"\s*+(?:(?P<quote>&quot;|&#34;|&#39;|&apos;|[\"'])(?:(?!(?P=quote)).)*+(?P=quote)\s*+(?=\))|[^)]*+(?=\)))",
    re.IGNORECASE | re.DOTALL,
)


def background_span(style: str) -> tuple[int, int] | None:
    """Where in an inline style the background's URL stands, between `url(` and `)`; None without one."""
    for declaration in _BACKGROUND.finditer(style):
        if declaration["url"]:
            url = _URL.match(style, declaration.end())
            # Where no parenthesis closes this one, none closes a later one.
            return url.span() if url else None
    return None


def with_class(value: str, name: str, *, present: bool) -> str:
    """The text of a `class` attribute with a name added at its end, or taken out; the rest stays as it was written.

    >>> with_class("card  wide", "card", present=False), with_class("card", "wide", present=True)
    ('wide', 'card wide')
    """
    if present:
        if name in (unescape(token) for token in re.split(f"[{SPACE}]+", value)):
            return value
        return f"{value}{'' if value == '' or value[-1] in SPACE else ' '}{name}"
    tokens = re.findall(f"[^{SPACE}]+[{SPACE}]*|[{SPACE}]+", value)
    return "".join(token for token in tokens if unescape(token.strip(SPACE)) != name)
