"""What is put into a page: text and markup with holes, escaped for where it stands, in the page's charset."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from proxy.page.charset import Charset
from rules.decision import Choice
from rules.fragments import Fragment, Kind


class Mode(Enum):
    """Where a text stands, which decides what of it has to be escaped."""

    TEXT = "text"
    ATTRIBUTE = "attribute"
    MARKUP = "markup"  # is markup already; values in it were escaped when they were rendered
    RAW = "raw"  # the content of <script> and the like, where nothing can be escaped
    STYLE_URL = "style url"  # within url("…") in a style attribute


@dataclass(frozen=True, slots=True)
class Hole:
    """Stands for one visitor's value: the `value`-th of the `fragment`-th fragment of an experience's variant."""

    experience: str
    fragment: int
    value: int
    mode: Mode


Pieces = tuple[bytes | Hole, ...]

SAMPLE = "x"
"""What stands for every visitor's value where a cut is verified: what is kept for all must not hang on one's."""


@dataclass(frozen=True)
class Writing:
    """A text as a rule gives it, not yet escaped or encoded. `sample` is the same with SAMPLE for each value."""

    parts: tuple[str | Hole, ...]
    mode: Mode
    sample: str

    def pieces(self, charset: Charset) -> Pieces:
        """As it is written into a page."""
        return tuple(
            part if isinstance(part, Hole) else charset.encode(escaped(part, self.mode)) for part in self.parts
        )

    @cached_property
    def starts_with_newline(self) -> bool:
        """Whether it does, or might: what a hole will hold is not known."""
        first = next((part for part in self.parts if part), "")
        return isinstance(first, Hole) or first.startswith("\n")


def written(choice: Choice, fragment: Fragment, mode: Mode) -> Writing:
    """What a fragment of an experience says, for a place of this mode. An HTML fragment is markup everywhere."""
    rendering = choice.renderings[fragment]
    if fragment.kind is Kind.HTML and mode is not Mode.RAW:
        mode = Mode.MARKUP
    number = choice.variant.fragments.index(fragment)
    parts: list[str | Hole] = [rendering.shape[0]]
    sample = [rendering.shape[0]]
    for index in range(len(rendering.values)):
        parts += [Hole(choice.experience.id, number, index, mode), rendering.shape[index + 1]]
        sample += [SAMPLE, rendering.shape[index + 1]]
    return Writing(tuple(part for part in parts if part != ""), mode, "".join(sample))


_NOT_IN_STYLE = re.compile(r"[\s\"'()<>\\]")


def escaped(text: str, mode: Mode) -> str:
    """`text` as markup that a parser reads as that text again (HTML Standard §13.3, escaping a string)."""
    match mode:
        case Mode.TEXT:
            return _escaped_text(text)
        case Mode.ATTRIBUTE:
            return _escaped_attribute(text)
        case Mode.STYLE_URL:
            return _escaped_attribute(style_url(text))
        case Mode.MARKUP | Mode.RAW:
            return text


# Five times as fast as `str.translate`, which asks a table for each character.
def _escaped_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escaped_attribute(text: str) -> str:
    return _escaped_text(text).replace('"', "&quot;").replace("'", "&#39;")


def style_url(url: str) -> str:
    """A URL without the characters that would end it in a style sheet."""
    return _NOT_IN_STYLE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), url)
