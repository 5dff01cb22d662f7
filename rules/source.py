"""Rule files: YAML text in, nodes out that know the file, line and column where they were written.

The only module that speaks to PyYAML. A scalar keeps its written text: whether `NO`, `18:00` or `1.10` is a word, a
time or a number is for the field that holds it (`rules.fields`). Nodes are built from the parser's events, since
PyYAML's composer recurses in C and takes the process down on a file of 40,000 brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn, Protocol

import yaml

from rules.errors import MistakeError, Position
from rules.nodes import QUOTES, Entries, Node, Scalar, Sequence, Source, split_lines
from rules.yaml_faults import explain_fault

MAX_FILE_BYTES = 1_000_000
MAX_DEPTH = 64
MAX_NODES = 100_000

_COMMENT_AT_ONCE = re.compile(r"\s+#\S|#\S")


def decode(file: str, raw: bytes) -> Source:
    """Bytes of a file to its text: UTF-8, with or without a byte order mark, of bounded size. Raise MistakeError."""
    if len(raw) > MAX_FILE_BYTES:
        hint = "make several files of it"
        raise MistakeError(
            f"the file is larger than {MAX_FILE_BYTES:,} bytes", hint=hint, position=Position(file, 1, 1)
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        lines = split_lines(before)
        raise MistakeError(
            f"the file is not UTF-8 (byte 0x{raw[error.start]:02X})",
            hint="save it as UTF-8",
            position=Position(file, len(lines), len(lines[-1]) + 1),
        ) from None
    return Source.of(file, text)


def parse(source: Source) -> Node | None:
    """The one document of a file, None where there is nothing but comments. Raise MistakeError at its first fault."""
    return _Builder(source).document()


@dataclass(frozen=True, slots=True)
class _Extent:
    """What a node comes to with its aliases followed: how many nodes, how deep."""

    nodes: int
    depth: int


class _Mark(Protocol):
    """A place as PyYAML says it, counting from 0."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


class _Builder:
    """Builds the nodes of one document, following events instead of composing."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._events: Iterator[yaml.Event] = self._parsed()
        self._anchors: dict[str, tuple[Node, _Extent]] = {}
        self._nodes = 0

    def document(self) -> Node | None:
        next(self._events)  # the stream's start
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        root, _ = self._node(next(self._events), depth=1)
        next(self._events)  # the document's end
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._fail(
                "a second document begins here", after, hint="take the line `---` out, or make it a file of its own"
            )
        return None if isinstance(root, Scalar) and root.is_null else root

    def _parsed(self) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(self._source.text, Loader=yaml.CSafeLoader)
        except yaml.MarkedYAMLError as error:
            at = error.problem_mark or error.context_mark
            began = error.context_mark or error.problem_mark
            raise explain_fault(
                self._source,
                str(error.problem),
                str(error.context),
                _place(self._source, began),
                _place(self._source, at),
            ) from None
        except yaml.reader.ReaderError as error:
            # libyaml counts bytes of UTF-8.
            before = self._source.text.encode()[: error.position].decode("utf-8", "ignore")
            lines = split_lines(before)
            raise MistakeError(
                f"a control character (U+{ord(self._source.text[len(before)]):04X}) is not allowed",
                hint="take it out: it came with a copied text, and can't be seen",
                position=Position(self._source.file, len(lines), len(lines[-1]) + 1),
            ) from None

    def _node(self, event: yaml.Event, depth: int) -> tuple[Node, _Extent]:
        if depth > MAX_DEPTH:
            self._fail(
                f"nested more than {MAX_DEPTH} deep", event, hint="is a bracket never closed, or an alias in a circle?"
            )
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        self._count(1, event)
        if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None) is not None:
            self._fail("tags (a word that begins with `!`) are not allowed", event, hint=f"if it is text, {QUOTES}")
        node, extent = self._collection(event, depth)
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            self._anchors[event.anchor] = (node, extent)
        return node, extent

    def _collection(self, event: yaml.Event, depth: int) -> tuple[Node, _Extent]:
        match event:
            case yaml.SequenceStartEvent():
                return self._sequence(event, depth)
            case yaml.MappingStartEvent():
                return self._entries(event, depth)
            case yaml.ScalarEvent():
                return self._scalar(event), _Extent(1, 1)
        raise AssertionError(f"an event that opens no node: {event}")

    def _alias(self, event: yaml.AliasEvent, depth: int) -> tuple[Node, _Extent]:
        if event.anchor not in self._anchors:
            self._fail(
                f"`*{event.anchor}` names nothing that was marked with `&{event.anchor}` above",
                event,
                hint=f"if it is text, {QUOTES}",
            )
        node, extent = self._anchors[event.anchor]
        if depth + extent.depth - 1 > MAX_DEPTH:
            self._fail(
                f"nested more than {MAX_DEPTH} deep", event, hint="is a bracket never closed, or an alias in a circle?"
            )
        self._count(extent.nodes, event)
        return node, extent

    def _sequence(self, event: yaml.SequenceStartEvent, depth: int) -> tuple[Node, _Extent]:
        items: list[Node] = []
        before, deepest = self._nodes, 0
        while not isinstance(following := next(self._events), yaml.SequenceEndEvent):
            node, extent = self._node(following, depth + 1)
            items.append(node)
            deepest = max(deepest, extent.depth)
        return Sequence(tuple(items), self._position(event)), _Extent(self._nodes - before + 1, deepest + 1)

    def _entries(self, event: yaml.MappingStartEvent, depth: int) -> tuple[Node, _Extent]:
        pairs: list[tuple[Scalar, Node]] = []
        seen: dict[str, Position] = {}
        before, deepest = self._nodes, 0
        while not isinstance(following := next(self._events), yaml.MappingEndEvent):
            key = self._key(following)
            if key.text in seen:
                hint = "keep one of them; several values stand in one list"
                self._fail(f"`{key.text}` is written twice; first on line {seen[key.text].line}", following, hint=hint)
            seen[key.text] = key.position
            value, extent = self._node(value_event := next(self._events), depth + 1)
            if event.flow_style and _is_absent(value, value_event) and not self._has_colon(following):
                self._fail(
                    f"`{key.text}` has no value",
                    following,
                    hint=f"if it belongs to the text before the comma, {QUOTES}",
                )
            pairs.append((key, value))
            deepest = max(deepest, extent.depth)
        return Entries(tuple(pairs), self._position(event)), _Extent(self._nodes - before + 1, deepest + 1)

    def _key(self, event: yaml.Event) -> Scalar:
        if isinstance(event, yaml.MappingStartEvent) and event.flow_style:
            self._fail("`{{ … }}` is not in quotes", event, hint=f'{QUOTES}: "{{{{ … }}}}"')
        if not isinstance(event, yaml.ScalarEvent):
            self._fail("a key must be a word", event, hint="such as text: Hello")
        key, _ = self._node(event, depth=1)
        if not isinstance(key, Scalar) or (key.text == "" and not key.quoted):
            self._fail("a key must be a word", event, hint="such as text: Hello")
        return key

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        quoted = bool(event.style)
        if not quoted:
            self._refuse_cut_off(event)
        return Scalar(event.value, self._position(event), quoted, event.style in {"|", ">"})

    def _refuse_cut_off(self, event: yaml.ScalarEvent) -> None:
        """`select: #hero h1` and `select: nav #search` lose what stands behind the `#`, without a word from YAML."""
        end = _place(self._source, event.end_mark)
        rest = self._source.line(end.line)[end.column - 1 :]
        if _COMMENT_AT_ONCE.match(rest):
            raise MistakeError(
                f"`{rest.strip()}` is a comment to YAML, not a part of the value",
                hint=f"{QUOTES}; or, if a comment is meant, leave a space after the `#`",
                position=Position(end.file, end.line, end.column + rest.index("#")),
            )

    def _has_colon(self, key: yaml.Event) -> bool:
        end = _place(self._source, key.end_mark)
        return self._source.line(end.line)[end.column - 1 :].lstrip().startswith(":")

    def _count(self, nodes: int, event: yaml.Event) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            hint = "make several files of it; each alias counts as what it stands for"
            self._fail(f"the file comes to more than {MAX_NODES:,} values", event, hint=hint)

    def _position(self, event: yaml.Event) -> Position:
        return _place(self._source, event.start_mark)

    def _fail(self, message: str, event: yaml.Event, *, hint: str = "") -> NoReturn:
        raise MistakeError(message, hint=hint, position=self._position(event))


def _is_absent(node: Node, event: yaml.Event) -> bool:
    return isinstance(node, Scalar) and node.text == "" and isinstance(event, yaml.ScalarEvent) and not event.style


def _place(source: Source, mark: _Mark | None) -> Position:
    return Position(source.file, mark.line + 1, mark.column + 1) if mark is not None else Position(source.file, 1, 1)
