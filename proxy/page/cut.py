"""Cut: a page with operations made on its spans becomes bytes and holes; every other byte stays the origin's."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from proxy.page.charset import Charset
from proxy.page.edits import Edit, Phase, refuse_overlaps, spliced
from proxy.page.locate import Located, Place, RefusedError
from proxy.page.operations import (
    EditClass,
    InsertBeside,
    Operation,
    Reorder,
    ReplaceElement,
    SetAttribute,
    SetBackground,
    SetContent,
    background_span,
    with_class,
)
from proxy.page.rearrange import rearranged
from proxy.page.writing import Hole, Mode, Pieces, Writing, escaped
from rules.html_syntax import ATTRIBUTE, BETWEEN_ATTRIBUTES, SPACE
from rules.model import Where

# Text there is moved out of the element, or dropped, by every parser.
_NO_TEXT = frozenset("html head table tbody thead tfoot tr colgroup frameset".split())
# A parser drops one newline after these start tags (HTML Standard §13.2.6.4.7).
_DROPS_NEWLINE = frozenset({"pre", "textarea", "listing"})
_NEWLINE = re.compile(rb"\r?\n")
_TAG_NAME = re.compile(rf"<[^{SPACE}/>]+")
_ATTRIBUTE_NAME_END = re.compile(f"[{SPACE}=]".encode())
_ATTRIBUTE = re.compile(rf"{BETWEEN_ATTRIBUTES}(?P<whole>{ATTRIBUTE})")


@dataclass(slots=True)
class _Draft:
    """What becomes of one element."""

    place: Place
    attributes: dict[str, Writing | None] = field(default_factory=dict)
    classes: list[EditClass] = field(default_factory=list)
    background: Writing | None = None
    content: Writing | None = None
    replacement: ReplaceElement | None = None
    inserted: defaultdict[Where, list[Writing]] = field(default_factory=lambda: defaultdict(list))

    def take(self, operation: Operation) -> None:
        match operation:
            case SetAttribute(_, name, value):
                self.attributes[name] = value
                if name == "class":
                    self.classes.clear()
            case EditClass():
                self.classes.append(operation)
            case SetBackground(_, url):
                self.background = url
            case SetContent(_, content):
                self.content = content
                self.inserted[Where.FIRST].clear()
                self.inserted[Where.LAST].clear()
            case ReplaceElement():
                self.replacement = operation
            case InsertBeside(_, where, content):
                # Each behind those before it, at all four places: what wins stands first.
                self.inserted[where].append(content)


def edits_of(page: Located, body: bytes, charset: Charset, operations: Sequence[Operation]) -> tuple[Edit, ...]:
    """The operations as edits of the page's bytes, in order.

    Raises RefusedError where an operation can't be expressed at its place.
    """
    drafts: dict[Place, _Draft] = {}
    for operation in operations:
        if not isinstance(operation, Reorder):
            drafts.setdefault(operation.place, _Draft(operation.place)).take(operation)
    edits = sorted(edit for draft in drafts.values() for edit in _Drafting(page, body, charset, draft).edits())
    refuse_overlaps(edits)
    return tuple(rearranged(body, edits, (o for o in operations if isinstance(o, Reorder))))


def cut(body: bytes, edits: Iterable[Edit]) -> Pieces:
    """The page's bytes with the edits made, holes left open: bytes, hole, bytes, hole, …, bytes."""
    return spliced(body, edits, 0, len(body))


@dataclass(slots=True)
class _Drafting:
    """Turns one element's draft into edits."""

    page: Located
    body: bytes
    charset: Charset
    draft: _Draft

    @property
    def place(self) -> Place:
        return self.draft.place

    def edits(self) -> Iterable[Edit]:
        self._check_place()
        yield from self._before_and_after()
        if self.draft.replacement is not None:
            content = self.draft.replacement.content
            pieces = () if content is None else content.pieces(self.charset)
            # Its place in the order is after what is inserted before it.
            yield Edit(
                self.place.start, Phase.NEXT, (self.place.start, 1), self.place.end, self._ended_before() + pieces
            )
            return
        yield from self._attributes()
        yield from self._inside()

    def _check_place(self) -> None:
        draft, tag = self.draft, self.place.tag
        inside = draft.content or draft.inserted[Where.FIRST] or draft.inserted[Where.LAST]
        beside = draft.replacement or draft.inserted[Where.BEFORE] or draft.inserted[Where.AFTER]
        if beside and tag in ("html", "head", "body"):
            raise RefusedError(f"<{tag}> can't be replaced or removed, and nothing stands beside it")
        if inside and tag == "template":
            raise RefusedError("what a <template> holds is no part of the page")

    def _before_and_after(self) -> Iterable[Edit]:
        place, inserted = self.place, self.draft.inserted
        if before := inserted[Where.BEFORE]:
            pieces = self._ended_before() + self._pieces(before)
            yield Edit(place.start, Phase.NEXT, (place.start, 0), place.start, pieces)
        if after := inserted[Where.AFTER]:
            closing = _end_tag(place) if place.end_implied and self.draft.replacement is None else ()
            yield Edit(place.end, Phase.END, (-place.start, 1), place.end, closing + self._pieces(after))

    def _ended_before(self) -> Pieces:
        """The end tag that this element's start tag implied, written out: without the tag nothing would imply it."""
        sibling = self.page.open_before(self.place)
        return () if sibling is None else _end_tag(sibling)

    def _inside(self) -> Iterable[Edit]:
        place, content = self.place, self.draft.content
        first, last = self.draft.inserted[Where.FIRST], self.draft.inserted[Where.LAST]
        every = [*first, *([] if content is None else [content]), *last]
        if not every:
            return
        if place.void:
            raise RefusedError(f"<{place.tag}> can't have content")
        for each in every:
            self._check_content(each)
        if content is not None:
            newline = (b"\n",) if self._starts_with_newline(every) else ()
            yield Edit(place.open_end, Phase.BEGIN, (0, 0), place.close_start, newline + self._pieces(every))
            return
        if first:
            yield self._first(first)
        if last:
            child = self.page.open_at_end(place)
            closing = () if child is None else _end_tag(child)
            pieces = closing + self._pieces(last)
            yield Edit(place.close_start, Phase.END, (-place.start, 0), place.close_start, pieces)

    def _first(self, first: Sequence[Writing]) -> Edit:
        offset = self.place.open_end
        newline: Pieces = ()
        if self.place.tag in _DROPS_NEWLINE:
            dropped = _NEWLINE.match(self.body, offset)
            if dropped:
                offset = dropped.end()
            elif self._starts_with_newline(first):
                newline = (b"\n",)
        return Edit(offset, Phase.BEGIN, (0, 0), offset, newline + self._pieces(first))

    def _starts_with_newline(self, content: Sequence[Writing]) -> bool:
        return self.place.tag in _DROPS_NEWLINE and content[0].starts_with_newline

    def _check_content(self, content: Writing) -> None:
        tag = self.place.tag
        if content.mode is Mode.TEXT and tag in _NO_TEXT and not self.place.foreign:
            raise RefusedError(f"<{tag}> can't hold text")
        if content.mode is not Mode.RAW:
            return
        if any(isinstance(part, Hole) for part in content.parts):
            raise RefusedError(f"a visitor's value can't be put into <{tag}>")
        if re.search(rf"</{tag}|<!--", content.sample, re.IGNORECASE) or not self.charset.holds(content.sample):
            raise RefusedError(f"this can't be written into <{tag}>")

    def _pieces(self, writings: Iterable[Writing]) -> Pieces:
        return tuple(piece for writing in writings for piece in writing.pieces(self.charset))

    def _attributes(self) -> Iterable[Edit]:
        added: list[bytes | Hole] = []
        for name, value in self.draft.attributes.items():
            if name == "class" and self.draft.classes:
                continue
            if value is None:
                yield from (_replacing(self._with_space(span), ()) for span in self._attribute_spans(name))
            elif span := self.place.attributes.get(name.lower()):
                written = self._name_in_page(span)
                yield _replacing(span, (written + b'="', *value.pieces(self.charset), b'"'))
            else:
                added += [b" " + self.charset.encode(name) + b'="', *value.pieces(self.charset), b'"']
        if self.draft.classes:
            yield from self._classes(added)
        if self.draft.background is not None:
            yield self._background(self.draft.background)
        if added:
            # After the last one, where a script in a browser would add it.
            offset = max([self._after_tag_name(), *(end for _, end in self.place.attributes.values())])
            yield Edit(offset, Phase.BEGIN, (0, 0), offset, tuple(added))

    def _classes(self, added: list[bytes | Hole]) -> Iterable[Edit]:
        span = self.place.attributes.get("class")
        value = self._raw_value(span) if span else ""
        if "class" in self.draft.attributes:
            given = self.draft.attributes["class"]
            if given is not None and any(isinstance(part, Hole) for part in given.parts):
                raise RefusedError("a class can't be added to a `class` made of a visitor's value")
            value = self.charset.encode(escaped(given.sample, Mode.ATTRIBUTE)).decode("latin-1") if given else ""
        for edit in self.draft.classes:
            name = self.charset.encode(escaped(edit.name, Mode.ATTRIBUTE)).decode("latin-1")
            value = with_class(value, name if edit.present else self.charset.as_latin1(edit.name), present=edit.present)
        written = b'="' + value.replace('"', "&quot;").encode("latin-1") + b'"'
        if span:
            yield _replacing(span, (self._name_in_page(span) + written,))
        elif value:
            added.append(b" class" + written)

    def _background(self, url: Writing) -> Edit:
        span = self.place.attributes.get("style")
        found = background_span(self.page.reading[slice(*span)]) if span else None
        if span is None or found is None:
            raise RefusedError(f"<{self.place.tag}> has no background picture of its own")
        start, end = span[0] + found[0], span[0] + found[1]
        return _replacing((start, end), (b"&quot;", *url.pieces(self.charset), b"&quot;"))

    def _name_in_page(self, span: tuple[int, int]) -> bytes:
        """The attribute's name as the page writes it."""
        return _ATTRIBUTE_NAME_END.split(self.body[slice(*span)], maxsplit=1)[0]

    def _raw_value(self, span: tuple[int, int]) -> str:
        raw = self.body[slice(*span)].decode("latin-1").partition("=")[2].strip(SPACE)
        return raw[1:-1] if raw[:1] in ('"', "'") else raw

    def _after_tag_name(self) -> int:
        match = _TAG_NAME.match(self.page.reading, self.place.start)
        if match is None:
            raise RefusedError(f"<{self.place.tag}> does not begin with its name")
        return match.end()

    def _attribute_spans(self, name: str) -> Iterable[tuple[int, int]]:
        """Every attribute of this name: once the first is gone, a duplicate of it would count."""
        if name.lower() not in self.place.attributes:
            return
        position, end = self._after_tag_name(), self.place.open_end
        # One after the other: a search would look for each one's beginning at every space before it.
        while match := _ATTRIBUTE.match(self.page.reading, position, end):
            if match["name"].lower() == name.lower():
                yield match.span("whole")
            position = match.end()

    def _with_space(self, span: tuple[int, int]) -> tuple[int, int]:
        """An attribute and the white space before it, unless another one would then touch what stands there."""
        start, end = span
        alone = self.body[start - 1 : start].isspace() and (self.body[end : end + 1].isspace() or self._ends_tag(end))
        return (start - 1, end) if alone else span

    def _ends_tag(self, offset: int) -> bool:
        return offset == self.place.open_end - 1


def _end_tag(place: Place) -> Pieces:
    return (f"</{place.tag}>".encode(),)


def _replacing(span: tuple[int, int], pieces: Pieces) -> Edit:
    return Edit(span[0], Phase.BEGIN, (0, 0), span[1], pieces)
