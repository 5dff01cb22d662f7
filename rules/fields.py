"""What a field of a rule file asks for, and the list of all that is wrong.

The functions read one node each and raise MistakeError; `Problems` collects, so that a folder is read to its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rules.errors import MistakeError, Position, Problem, Severity, did_you_mean
from rules.nodes import QUOTES, Entries, Node, Scalar, Sequence, Source
from rules.numbers import parse_number

_SEPARATED = re.compile(r"[+-]?\d{1,3}(?:[,'_ \u00a0\u202f]\d{3})+(?:\.\d+)?|[+-]?\d+,\d+")
# What people write for a truth in YAML, and what it is here.
_TRUTHS = {
    word: f"write {truth}"
    for truth, words in (("true", ("yes", "on", "1")), ("false", ("no", "off", "0")))
    for word in words
}
_T = TypeVar("_T")

ID = re.compile(r"[a-z0-9][a-z0-9_.-]*")


class Problems:
    """All that is wrong with a folder, each with the line it stands on."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self._sources: dict[str, Source] = {}

    def keep(self, source: Source) -> None:
        """Remember a file's lines for excerpts."""
        self._sources[source.file] = source

    def add(self, position: Position, message: str, *, hint: str = "") -> None:
        """Note an error."""
        source = self._sources.get(position.file)
        excerpt = source.line(position.line) if source is not None else ""
        self.found.append(Problem(position, message, hint, excerpt.strip()[:200], Severity.ERROR))

    @contextmanager
    def at(self, node: Node | Position) -> Iterator[None]:
        """Turn a MistakeError inside into a Problem: at its own position, or else at this node's."""
        try:
            yield
        except MistakeError as mistake:
            fallback = node if isinstance(node, Position) else node.position
            self.add(mistake.position or fallback, mistake.message, hint=mistake.hint)

    def read(self, node: Node | None, read: Callable[[Node], _T], default: _T) -> _T:
        """What is read of a node; `default` where there is none, or where a MistakeError says that it is wrong."""
        if node is not None:
            with self.at(node):
                return read(node)
        return default


def entries(node: Node, what: str) -> Entries:
    """A mapping."""
    if isinstance(node, Entries):
        return node
    raise MistakeError(
        f"{what} wants `key: value` lines", hint="each on a line of its own, indented", position=node.position
    )


def text(node: Node, what: str) -> str:
    """One word or text. Nothing at all must be said as `""`."""
    if isinstance(node, Entries):
        raise MistakeError(
            f"{what} wants a text", hint=f"if it begins with a bracket, {QUOTES}", position=node.position
        )
    if isinstance(node, Sequence):
        hint = f"take the brackets and dashes away; if they belong to the text, {QUOTES}"
        raise MistakeError(f"{what} wants one text, not a list", hint=hint, position=node.position)
    if node.is_null:
        hint = 'write it behind the colon; an empty text is ""'
        raise MistakeError(f"{what} has no value", hint=hint, position=node.position)
    return node.text


def scalar(node: Node, what: str) -> Scalar:
    """One text, with its place."""
    text(node, what)
    assert isinstance(node, Scalar)  # noqa: S101 - `text` refused all else
    return node


def scalars(node: Node, what: str) -> tuple[Scalar, ...]:
    """One text, or a list of at least one."""
    return tuple(scalar(item, what) for item in nodes(node, what))


def nodes(node: Node, what: str) -> tuple[Node, ...]:
    """One node, or a list of at least one."""
    if not isinstance(node, Sequence):
        return (node,)
    if not node.items:
        raise MistakeError(
            f"{what} is an empty list", hint="leave it out, or name at least one", position=node.position
        )
    return node.items


def texts(node: Node, what: str) -> tuple[str, ...]:
    """One text, or a list of at least one."""
    return tuple(item.text for item in scalars(node, what))


def flag(node: Node, what: str) -> bool:
    """`true` or `false`."""
    word = text(node, what)
    if word.lower() not in {"true", "false"}:
        raise not_a_truth(word, what, node.position)
    return word.lower() == "true"


def not_a_truth(word: str, what: str, position: Position | None = None) -> MistakeError:
    """The mistake of who wrote another word for `true` or `false`."""
    hint = _TRUTHS.get(word.lower(), "write one of the two")
    return MistakeError(f"{what} is `true` or `false`, not `{word}`", hint=hint, position=position)


def number(word: str, what: str) -> float:
    """A number in digits with a point.

    >>> number("12.5", "price")
    12.5
    """
    if (read := parse_number(word)) is not None:
        return read
    plain = word.replace(",", "") if re.fullmatch(r".*,\d{3}(\..*)?", word) else word.replace(",", ".")
    hint = f"write {re.sub(r'[^0-9.+-]', '', plain)}" if _SEPARATED.fullmatch(word) else "such as 12.5"
    raise MistakeError(f"{what} wants a number, not `{word}`", hint=hint)


def integer(node: Node, what: str) -> int:
    """A whole number."""
    word = text(node, what)
    if not re.fullmatch(r"[+-]?\d{1,9}", word):
        raise MistakeError(f"{what} wants a whole number, not `{word}`", hint="such as 10", position=node.position)
    return int(word)


def identifier(key: Scalar, what: str) -> str:
    """An id: lower-case letters, digits, `-`, `_` and `.`."""
    if ID.fullmatch(key.text):
        return key.text
    better = re.sub(r"[^a-z0-9_.-]+", "-", key.text.lower()).strip("-._")
    raise MistakeError(
        f"`{key.text}` can't be the id of {what}: lower-case letters, digits, `-`, `_` and `.`",
        hint=f"call it {better}" if better else "",
        position=key.position,
    )


def known_keys(
    node: Entries, what: str, known: Iterable[str], problems: Problems, *, later: Iterable[str] = ()
) -> None:
    """Note every key that does not belong here; `later` are of the language, and not of this version."""
    known = tuple(known)
    for key, _ in node.pairs:
        if key.text in later:
            problems.add(key.position, f"`{key.text}` is not supported by this version", hint="take it out")
        elif key.text not in known:
            hint = did_you_mean(key.text, known) or f"{what} knows {', '.join(known)}"
            problems.add(key.position, f"unknown key `{key.text}` in {what}", hint=hint)
