"""Verify: an engine of other people's has to agree with a cut before it is believed.

`serialize(parse(cut)) == serialize(apply(operations, parse(page)))`, both by Lexbor. A cut is wrong where the bytes
that were written mean something else to a parser than the operation on the tree: HTML that can't be expressed at its
place, misnested formatting that an edit rearranges, a fragment that leaves a tag open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from proxy.page.charset import Charset
from proxy.page.locate import Element, Located, Namespace, Place
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
from proxy.page.writing import Mode, Writing, style_url
from rules.model import Where

# Lexbor is quadratic in these (20 KB of <div>: 30 ms; 5,000 attributes on one tag: 60 ms).
_MAX_DEPTH = 250
_MAX_ATTRIBUTES = 500


def bearable(page: Located) -> bool:
    """Whether Lexbor can read the page in time linear in its length."""
    depths: dict[object, int] = {}
    for element in page.every():
        depth = depths.get(element.parent, 0) + 1
        if depth > _MAX_DEPTH or len(element.attrs) > _MAX_ATTRIBUTES:
            return False
        depths[element] = depth
    return True


def agrees(page: Located, body: bytes, cut: bytes, charset: Charset, operations: Sequence[Operation]) -> bool:
    """Whether Lexbor reads `cut` (each hole filled with SAMPLE) as `body` with the operations applied."""
    tree = _parsed(body)
    nodes = tree.css("*")
    numbers = {element: number for number, element in enumerate(page.every())}
    if len(nodes) != len(numbers):
        return False

    def node_at(place: Place) -> LexborNode:
        return nodes[numbers[place.element]]

    if any(node_at(place).tag != place.tag for operation in operations for place in _places(operation)):
        return False
    # Lists first, since what is done to an item is done where it stands then.
    for operation in operations:
        if isinstance(operation, Reorder):
            _move([node_at(item) for item in operation.items], operation.order)
    applying: dict[Place, _Applying] = {}
    # Replacements last: beside an element that is gone nothing can be inserted.
    for operation in sorted(operations, key=lambda each: isinstance(each, ReplaceElement)):
        applying.setdefault(operation.place, _Applying(node_at(operation.place), charset)).apply(operation)
    applied, parsed = tree.html or "", _parsed(cut).html or ""
    if any(operation.place.foreign for operation in operations):
        # selectolax writes the names of SVG elements in lower case once they were moved between documents.
        return applied.lower() == parsed.lower()
    return applied == parsed


def _places(operation: Operation) -> tuple[Place, ...]:
    return (operation.place, *operation.items) if isinstance(operation, Reorder) else (operation.place,)


def _move(items: Sequence[LexborNode], order: Sequence[int]) -> None:
    """Put the `order[n]`-th item where the n-th one stands."""
    marks: dict[int, LexborNode] = {}
    for place, item in enumerate(items):
        if order[place] == place:
            continue
        item.insert_before("here")
        if item.prev is not None:
            marks[place] = item.prev
    for place, mark in marks.items():
        mark.replace_with(items[order[place]], move=True)


# White space after </body> is moved into the body, behind whatever an operation put at its end.
_TAIL = re.compile(rb"</body\s*>(?:\s|</html\s*>|<!--(?:(?!-->).)*-->)*\Z", re.IGNORECASE | re.DOTALL)
_TAIL_SPACES = re.compile(rb"(<!--.*?-->)|\s+", re.DOTALL)


def _parsed(body: bytes) -> LexborHTMLParser:
    reading = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\0", b" ").removeprefix(b"\xef\xbb\xbf")
    end = reading.rfind(b"</body")
    if end < 0:
        end = reading.rfind(b"</BODY")
    tail = _TAIL.match(reading, end) if end >= 0 else None
    if tail is not None:
        reading = reading[:end] + _TAIL_SPACES.sub(rb"\1", tail[0])
    # Without events: a browser mirrors an <option> into <selectedcontent> after parsing, which no byte says.
    return LexborHTMLParser(reading.decode("latin-1"), scripting=True, options=LexborDocumentOptions.WO_EVENTS)


class _Applying:
    """Applies operations to one node of Lexbor's tree, as a script in a browser would."""

    __slots__ = ("_charset", "_inserted", "_node")

    def __init__(self, node: LexborNode, charset: Charset) -> None:
        self._node = node
        self._charset = charset
        self._inserted: dict[Where, LexborNode] = {}
        """What was inserted last at a place: the next one goes behind it."""

    def apply(self, operation: Operation) -> None:
        match operation:
            case SetAttribute(_, name, None):
                self._remove_attribute(name)
            case SetAttribute(place, name, Writing() as value):
                self._node.attrs[_attribute_name(place, name)] = self._text(value)
            case EditClass(_, name, present):
                self._edit_class(self._charset.as_latin1(name), present=present)
            case SetBackground(_, url):
                self._set_background(style_url(self._text(url)))
            case SetContent(_, content):
                self._set_content(content)
            case ReplaceElement(place, content):
                if content is not None:
                    self._insert(place, Where.BEFORE, content)
                self._node.remove()
            case InsertBeside(place, where, content):
                self._insert(place, where, content)

    def _text(self, writing: Writing) -> str:
        return self._charset.as_latin1(writing.sample)

    def _remove_attribute(self, name: str) -> None:
        for existing in list(self._node.attrs.keys()):
            if existing.lower() == name.lower():
                del self._node.attrs[existing]

    def _edit_class(self, name: str, *, present: bool) -> None:
        old = self._node.attrs.get("class")
        new = with_class(old or "", name, present=present)
        if old is not None or new:
            self._node.attrs["class"] = new

    def _set_background(self, url: str) -> None:
        style = self._node.attrs.get("style") or ""
        start, end = background_span(style) or (0, 0)
        self._node.attrs["style"] = f'{style[:start]}"{url}"{style[end:]}'

    def _set_content(self, content: Writing) -> None:
        self._inserted.pop(Where.FIRST, None)
        if content.mode is Mode.MARKUP:
            self._node.inner_html = self._charset.as_latin1(content.sample)
            return
        self._node.inner_html = ""
        if content.sample:
            self._node.insert_child(self._text(content))

    def _insert(self, place: Place, where: Where, content: Writing) -> None:
        context = place.element if where.is_inside else place.element.parent
        children = _fragment(self._text(content), context)
        for child in children:
            self._insert_node(child, where)

    def _insert_node(self, child: LexborNode, where: Where) -> None:
        # What is inserted is a copy of `child`.
        first, behind = self._node.first_child, self._inserted.get(where)
        match where:
            case Where.BEFORE:
                self._node.insert_before(child)
            case Where.AFTER:
                anchor = self._node if behind is None else behind
                anchor.insert_after(child)
                self._remember(where, anchor.next)
            case Where.FIRST if behind is not None:
                behind.insert_after(child)
                self._remember(where, behind.next)
            case Where.FIRST if first is not None:
                first.insert_before(child)
                self._remember(where, self._node.first_child)
            case Where.FIRST:
                self._node.insert_child(child)
                self._remember(where, self._node.first_child)
            case Where.LAST:
                self._node.insert_child(child)

    def _remember(self, where: Where, inserted: LexborNode | None) -> None:
        if inserted is not None:
            self._inserted[where] = inserted


def _fragment(markup: str, context: object) -> list[LexborNode]:
    """The nodes that `markup` becomes inside an element like `context` (HTML Standard §13.4)."""
    if not isinstance(context, Element):
        return []
    parser = _parsed_fragment(markup, context)
    nodes: list[LexborNode] = []
    node = parser.root
    while node is not None:
        nodes.append(node)
        node = node.next
    return nodes


# Elements of SVG and MathML inside which HTML is read again (HTML Standard §13.2.6, HTML integration points).
_INTEGRATION_POINTS = frozenset({"foreignObject", "desc", "title", "annotation-xml", "mi", "mo", "mn", "ms", "mtext"})


def _parsed_fragment(markup: str, context: Element) -> LexborHTMLParser:
    namespace = {Namespace.HTML: "html", Namespace.SVG: "svg"}.get(context.namespace, "math")
    # Lexbor knows only elements of the Standard as contexts; all others are read alike.
    alike = "div" if namespace == "html" else namespace
    tag = context.tag if namespace == "html" or context.tag in _INTEGRATION_POINTS else alike
    parse = partial(LexborHTMLParser, markup, is_fragment=True, fragment_namespace=namespace, scripting=True)
    try:
        return parse(fragment_tag=tag)
    except ValueError:
        return parse(fragment_tag=alike)


def _attribute_name(place: Place, name: str) -> str:
    return name if place.foreign else name.lower()
