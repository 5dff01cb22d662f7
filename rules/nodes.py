"""What a rule file is made of: nodes that know the file, line and column where they were written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rules.errors import Position

# libyaml breaks lines at these, and its marks count them.
_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
# What can stand without quotes and still be nothing else: not null, not two items of a list.
_PLAIN_WORD = re.compile(r"(?!(?:null|Null|NULL)\Z)\w[\w ./%+-]*")
_PLAIN_TEXT = re.compile(r"""[^,\[\]{}"\n]*""")
QUOTES = "put it in quotes"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A word, number or text as it was written. `block_text` is set for `|` and `>`, whose text begins a line below."""

    text: str
    position: Position
    quoted: bool = False
    block_text: bool = False

    @property
    def is_null(self) -> bool:
        """Whether nothing was written, or YAML's word for it."""
        return not self.quoted and self.text in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping: keys in the order of the file, none of them twice."""

    pairs: tuple[tuple[Scalar, Node], ...]
    position: Position

    def get(self, key: str) -> Node | None:
        """The value under a key, if it is there."""
        return next((value for name, value in self.pairs if name.text == key), None)


Node = Scalar | Sequence | Entries


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file, with its lines for excerpts."""

    file: str
    text: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, file: str, text: str) -> Source:
        """The source of a text that is at hand."""
        return cls(file, text, split_lines(text))

    def line(self, number: int) -> str:
        """A line by its number from 1; empty past the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


def written(node: Node) -> str:
    """A node on one line, as a rule's author would write it: the same for the same content, however it was laid out."""
    match node:
        case Scalar(text=text, quoted=quoted):
            return text if (_PLAIN_WORD if quoted else _PLAIN_TEXT).fullmatch(text) else _quote(text)
        case Sequence(items=items):
            return "[" + ", ".join(map(written, items)) + "]"
        case Entries(pairs=pairs):
            return "{" + ", ".join(f"{written(key)}: {written(value)}" for key, value in pairs) + "}"


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def split_lines(text: str) -> tuple[str, ...]:
    """A text's lines, as libyaml counts them."""
    return tuple(_LINE_BREAK.split(text))
