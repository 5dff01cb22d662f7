"""Find places in a page: where each element's tags, content and attributes lie in its bytes.

The one module that speaks to turbohtml. A copy of the page is parsed in which the byte order mark and every CR and NUL
are spaces, read as Latin-1: one character is one byte, so the parser's offsets are offsets into the page, in every
charset that keeps ASCII in place. What to write, and how, is left to `proxy.page.cut`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

import turbohtml
import turbohtml.detect  # makes Python know the Standard's decoders
from turbohtml import Element, Namespace

from rules.selectors import goes_on_behind_has

__all__ = [
    "PRESCAN_BYTES",
    "VOID",
    "Element",
    "Located",
    "Namespace",
    "Place",
    "RefusedError",
    "SelectorError",
    "Tag",
    "attribute_value",
    "check_selector",
    "declared_encoding",
    "decoded_as_browsers_do",
    "latin1_reading",
    "shown_text",
]

_BOM = b"\xef\xbb\xbf"
_READING = bytes.maketrans(b"\r\0", b"  ")
PRESCAN_BYTES = 1024
"""In which a page may declare its encoding (HTML Standard §13.2.3.2): a browser looks no further before it starts."""
_DOCUMENT_END = re.compile(r"</(?:body|html)\b", re.IGNORECASE)
MAX_TAGS_BEHIND_HAS = 2_000
"""Of a page on which `:has()` may stand before another part of a selector."""
_MAX_IMPLIED = 64  # implied elements walked through to find an end

VOID = frozenset(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split()
)


class RefusedError(Exception):
    """A place that can't be cut; the message says why. The experience does not apply on this page."""


class MissedError(RefusedError):
    """A selector that does not find what it is meant for: nothing, or more."""


class SelectorError(RefusedError):
    """A selector that is not CSS."""


@dataclass(frozen=True, slots=True)
class Place:
    """One element's spans, as byte offsets into the page, half-open.

    `start:open_end` is the start tag, `open_end:close_start` the content, `close_start:end` the end tag (empty where
    it is implied). `attributes` maps a lower-case name to the span of its `name="value"`. Compared by start.
    """

    start: int
    open_end: int = field(compare=False)
    close_start: int = field(compare=False)
    end: int = field(compare=False)
    tag: str = field(compare=False)
    attributes: dict[str, tuple[int, int]] = field(compare=False, hash=False)
    element: Element = field(compare=False, hash=False, repr=False)

    @property
    def foreign(self) -> bool:
        """Whether it is SVG or MathML."""
        return self.element.namespace is not Namespace.HTML

    @property
    def void(self) -> bool:
        """Whether it can't have content where it stands."""
        return self.tag in VOID if not self.foreign else self.close_start == self.open_end == self.end

    @property
    def end_implied(self) -> bool:
        """Whether it could have an end tag and has none."""
        return self.close_start == self.end and not self.void


class Tag(NamedTuple):
    """A tag as it is written: its element's name, where it ends, and the spans of its attributes."""

    name: str
    end: int
    attributes: dict[str, tuple[int, int]]


def declared_encoding(body: bytes, header_label: str | None) -> tuple[str, bool]:
    """The Encoding Standard's name of a page's encoding, and whether anything declares it (else it is a guess)."""
    head = body[:PRESCAN_BYTES]
    try:
        document = turbohtml.parse(head, encoding=header_label)
    except LookupError:  # not a label that browsers know, so it says nothing to them
        document = turbohtml.parse(head)
    name = document.encoding or "windows-1252"
    guessed = document.encoding_confidence != "certain" and name in ("UTF-8", "windows-1252")
    return name, not guessed


def decoded_as_browsers_do(encoded: bytes, encoding: str) -> str:
    """Bytes read in an encoding of the Encoding Standard, by its own tables."""
    return encoded.decode(f"whatwg-{encoding}", "replace")


def latin1_reading(body: bytes) -> str:
    """The copy of a page that parsers see: as many characters as the page has bytes."""
    blanked = body.translate(_READING) if b"\r" in body or b"\0" in body else body
    if blanked.startswith(_BOM):
        blanked = b"   " + blanked[3:]
    return blanked.decode("latin-1")


def check_selector(selector: str) -> str | None:
    """What is wrong with a selector, or None."""
    try:
        turbohtml.parse("").select(selector)
    except turbohtml.SelectorSyntaxError as error:
        return str(error)
    return None


def shown_text(markup: str) -> str:
    """The text in a piece of markup, without what no browser shows."""
    if "<" not in markup and "&" not in markup:
        return markup
    document = turbohtml.parse(markup, scripting=True)
    for hidden in document.select("script, style, template, noscript"):
        hidden.decompose()
    return document.text


def attribute_value(source: str) -> str:
    """The value of an attribute that is written so: `name="value"`, `name=value` or `name`."""
    _, _, value = source.partition("=")
    element = turbohtml.parse(f"<a x={value}>").select_one("a")
    return "" if element is None else str(element.attrs.get("x") or "")


class Located:
    """A parsed page in which places can be found. `reading` is its Latin-1 copy."""

    __slots__ = ("_document", "_every", "_has_templates", "reading")

    def __init__(self, body: bytes) -> None:
        self.reading = latin1_reading(body)
        self._document = turbohtml.parse(
            self.reading, source_locations=True, scripting=True, allow_declarative_shadow_roots=False
        )
        self._has_templates = self._document.select_one("template") is not None
        self._every: list[Element] | None = None

    def find(self, selector: str) -> list[Place]:
        """The places of all matches in document order; `selector` is read as Latin-1, like the page.

        Raises SelectorError, and RefusedError where a match has no span of its own.
        """
        return [self.place(element) for element in self.elements(selector)]

    def every(self) -> list[Element]:
        """All elements in document order, less those inside `<template>`."""
        if self._every is None:
            self._every = self.elements("*")
        return self._every

    def elements(self, selector: str) -> list[Element]:
        """All matches in document order, less those inside `<template>`, which no browser would find."""
        self._refuse_costly(selector)
        try:
            found = self._document.select(selector)
        except turbohtml.SelectorSyntaxError as error:
            raise SelectorError(str(error)) from error
        return self._on_page(found)

    def inside(self, element: Element, selector: str) -> list[Element]:
        """The same, of what an element contains; `:scope` is the element."""
        self._refuse_costly(selector)
        try:
            found = element.select(selector)
        except turbohtml.SelectorSyntaxError as error:
            raise SelectorError(str(error)) from error
        return self._on_page(found)

    def _refuse_costly(self, selector: str) -> None:
        # The engine needs quadratic time or more for these, and lets no other thread run meanwhile.
        if goes_on_behind_has(selector) and self.reading.count("<") > MAX_TAGS_BEHIND_HAS:
            limit = f"on a page of more than {MAX_TAGS_BEHIND_HAS:,} tags"
            raise RefusedError(f"{limit} `:has()` can only stand in the last part of a selector")

    def _on_page(self, found: list[Element]) -> list[Element]:
        return [e for e in found if not self._in_template(e)] if self._has_templates else found

    def _in_template(self, element: Element) -> bool:
        parent = element.parent
        if isinstance(parent, Element):
            return parent.closest("template") is not None
        return not isinstance(parent, turbohtml.Document)  # a fragment: what a template holds

    def place(self, element: Element) -> Place:
        """Where an element lies. Raises RefusedError where its bytes are not its own."""
        location = element.source_location
        if location is None:
            raise RefusedError(f"<{element.tag}> is not written in the page: the parser implied it")
        start, open_end = location.start_tag.start_offset, location.start_tag.end_offset
        if location.end_tag is not None:
            close_start, end = location.end_tag.start_offset, location.end_tag.end_offset
        elif self._is_closed_by_itself(element, open_end):
            close_start = end = open_end
        else:
            close_start = end = self._implied_end(element, start)
        self._check_surroundings(element, start, end)
        if not start < open_end <= close_start <= end:
            raise RefusedError(f"<{element.tag}> is closed before it begins")
        return Place(start, open_end, close_start, end, element.tag, _attribute_spans(location), element)

    def tag_at(self, offset: int) -> Tag | None:
        """The start tag or end tag that begins there; None where the parser saw none, or moved its element."""
        node: turbohtml.Node | None = self._last_begun(offset)
        for _ in range(_MAX_IMPLIED):
            if not isinstance(node, Element):
                break
            location = node.source_location
            if location is not None and location.start_tag.start_offset == offset:
                return Tag(node.tag, location.start_tag.end_offset, _attribute_spans(location))
            if location is not None and location.end_tag is not None and location.end_tag.start_offset == offset:
                return Tag(node.tag, location.end_tag.end_offset, {})
            node = node.parent
        return None

    def raw_text_around(self, offset: int) -> tuple[int, int] | None:
        """The span of the script or style sheet in which an offset lies."""
        element = self._last_begun(offset)
        location = None if element is None else element.source_location
        if element is None or location is None or location.end_tag is None:
            return None
        start, end = location.start_tag.end_offset, location.end_tag.start_offset
        is_raw = element.tag in ("script", "style") and element.namespace is Namespace.HTML
        return (start, end) if is_raw and start <= offset < end else None

    def _last_begun(self, offset: int) -> Element | None:
        """The last element that begins at an offset or before it; another one where the parser moved some."""
        found: Element | None = None
        elements = self.every()
        low, high = 0, len(elements)
        while low < high:
            at = middle = (low + high) // 2
            # Where one that is implied begins is not written: the one before it will do.
            while (location := elements[at].source_location) is None and at > max(low, middle - _MAX_IMPLIED):
                at -= 1
            if location is not None and location.start_tag.start_offset > offset:
                high = at
                continue
            low = middle + 1
            if location is not None:
                found = elements[at]
        return found

    def _is_closed_by_itself(self, element: Element, open_end: int) -> bool:
        if element.namespace is Namespace.HTML:
            return element.tag in VOID
        return self.reading[open_end - 2] == "/"

    def _implied_end(self, element: Element, start: int) -> int:
        """Where an element without an end tag ends: at its next sibling's start, or its nearest ancestor's end."""
        node: Element = element
        for _ in range(_MAX_IMPLIED):
            following = node.next_sibling
            if following is not None:
                return self._first_offset(following, element)
            parent = node.parent
            if not isinstance(parent, Element):
                return self._document_end(start)
            location = parent.source_location
            if location is not None and location.end_tag is not None:
                return location.end_tag.start_offset
            node = parent
        raise RefusedError(f"<{element.tag}> ends where too many others do")

    def _document_end(self, start: int) -> int:
        # A body that has an end tag and no start tag has no span, and neither has its end tag.
        closing = _DOCUMENT_END.search(self.reading, start)
        return closing.start() if closing else len(self.reading)

    @staticmethod
    def _first_offset(node: turbohtml.Node, ended: Element) -> int:
        candidate: turbohtml.Node | None = node
        for _ in range(_MAX_IMPLIED):
            if not isinstance(candidate, Element):
                break
            if candidate.source_location is not None:
                return candidate.source_location.start_tag.start_offset
            candidate = candidate.children[0] if candidate.children else None
        raise RefusedError(f"where <{ended.tag}> ends is not written in the page")

    def _check_surroundings(self, element: Element, start: int, end: int) -> None:
        """Refuse what the parser moved (foster parenting, misnested formatting): its bytes lie elsewhere."""
        begins, ends = 0, len(self.reading)
        parent, location = element.parent, None
        while isinstance(parent, Element) and (location := parent.source_location) is None:
            parent = parent.parent
        if isinstance(parent, Element) and location is not None:
            begins = location.start_tag.end_offset
            # What stands after </body> and </html> still belongs to them.
            if location.end_tag is not None and parent.tag not in ("body", "html"):
                ends = location.end_tag.start_offset
        if before := _located_sibling(element, forward=False):
            begins = max(begins, (before.end_tag or before.start_tag).end_offset)
        if after := _located_sibling(element, forward=True):
            ends = min(ends, after.start_tag.start_offset)
        if start < begins or end > ends:
            raise RefusedError(f"<{element.tag}> is misnested: the parser moves it elsewhere")

    def open_before(self, place: Place) -> Place | None:
        """The element that this one's start tag ends, which needs an end tag of its own once that tag goes."""
        return self._left_open(place.element.previous_sibling, place.start)

    def open_at_end(self, place: Place) -> Place | None:
        """The last child, if it is still open where this element's content ends."""
        children = place.element.children
        return self._left_open(children[-1] if children else None, place.close_start)

    def _left_open(self, node: turbohtml.Node | None, offset: int) -> Place | None:
        location = node.source_location if isinstance(node, Element) else None
        if not isinstance(node, Element) or location is None or location.end_tag is not None:
            return None
        place = self.place(node)
        return place if place.end_implied and place.end == offset else None


def _attribute_spans(location: turbohtml.SourceLocation) -> dict[str, tuple[int, int]]:
    return {name: (span.start_offset, span.end_offset) for name, span in location.attrs.items()}


def _located_sibling(element: Element, *, forward: bool) -> turbohtml.SourceLocation | None:
    node = element.next_sibling if forward else element.previous_sibling
    while node is not None:
        # Each look at a location makes it anew, so one look is all.
        if isinstance(node, Element) and (location := node.source_location) is not None:
            return location
        node = node.next_sibling if forward else node.previous_sibling
    return None
