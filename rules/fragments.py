"""Fragments: the texts of a rulebook, compiled once, with holes for what depends on the visitor.

Rendering one gives a shape (what the author wrote, along the branches taken) and the visitor's values between its
parts. The shape may be cached and shared; the values never. What a fragment may be made of is `rules.fragment_check`'s,
compiling it `rules.fragment_compiler`'s, and saying one that only prints `rules.fragment_prints`'; putting text into
markup, and into a page's charset, is `proxy.page`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from html import unescape
from typing import Any

from jinja2 import Template, UndefinedError

from rules.context import Context
from rules.errors import MissingValueError, UnsafeValueError
from rules.fragment_prints import Prints
from rules.markup import HOLE, UnsafePlaceError, url_places
from rules.sandbox import MAX_OUTPUT, VALUE, Signals
from rules.urls import leads_within, urls_in

_NEWLINE = re.compile("\r\n?")
_MAX_SHAPES = 256


class Kind(StrEnum):
    """Where a fragment will stand: as text, as markup, or as a URL."""

    TEXT = "text"
    HTML = "html"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a fragment says to one visitor: shape[0] values[0] shape[1] values[1] … shape[-1].

    Of an HTML fragment both are markup, the values escaped; of text and URLs both are plain text.
    """

    shape: tuple[str, ...]
    values: tuple[str, ...] = ()


class Fragment:
    """One compiled text of a rulebook; compared by identity. It is said by `prints` where it has any, else by Jinja.

    `signals` are the names it may print or test; without any, it is the same for every visitor. `shapes` is how many
    shapes its renderings can have at most, reckoning with some lengths of what a loop goes over.
    """

    __slots__ = (
        "_hosts", "_prints", "_template", "_url_places", "_values", "kind", "shapes", "signals", "source", "static",
    )  # fmt: skip

    def __init__(
        self,
        kind: Kind,
        source: str,
        signals: frozenset[str],
        template: Template | None,
        *,
        values: Mapping[str, Fragment],
        link_hosts: frozenset[str],
        shapes: int = 1,
        prints: Prints | None = None,
    ) -> None:
        self.kind = kind
        self.source = source
        self.shapes = shapes
        self.signals: frozenset[str] = signals.union(*(fragment.signals for fragment in values.values()))
        self._template = template
        self._prints = prints
        self._values = values
        self._hosts = link_hosts
        self._url_places: dict[tuple[str, ...], tuple[_UrlSlot, ...]] = {}
        self.static: Rendering | None = None
        if not self.signals:
            self.static = Rendering((_joined(self, {}),))

    @classmethod
    def of_plain_text(cls, kind: Kind, text: str) -> Fragment:
        """A text in which there is nothing to fill in or to choose."""
        return cls(kind, text, frozenset(), None, values={}, link_hosts=frozenset())

    def render(self, context: Context) -> Rendering:
        """Say it to this visitor.

        Raises MissingValueError where a name it needs has no value, UnsafeValueError where a URL leads elsewhere.
        """
        if self.static is not None:
            return self.static
        shape, values = self._said(context)
        if values and self.kind is not Kind.TEXT:
            values = self._checked_urls(shape, values, self._hosts | {context.host})
        return Rendering(shape, values)

    def _said(self, known: Context | Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Its shape and its values, wherever a URL of them leads."""
        try:
            if self._prints is not None:
                return self._prints.shape, self._prints.values(known.get)
            given = {name: _joined(fragment, known) for name, fragment in self._values.items()}
            written = self._written({"signals": Signals(known), **given})
        except UndefinedError as error:
            raise MissingValueError(str(error)) from error
        except (TypeError, ValueError, ArithmeticError, AssertionError) as error:
            # A filter or a comparison that the value's type doesn't allow: there is nothing to print.
            raise MissingValueError(f"{self.source[:60]!r}: {error}") from error
        parts = VALUE.split(_NEWLINE.sub("\n", written))
        return tuple(parts[::2]), tuple(parts[1::2])

    def _written(self, given: Mapping[str, Any]) -> str:
        if self._template is None:
            # As Jinja has it: the line end that closes a file is not part of its text.
            return re.sub(r"(?:\r\n|\r|\n)\Z", "", self.source)
        parts: list[str] = []
        length = 0
        for part in self._template.generate(given):
            length += len(part)
            if length > MAX_OUTPUT:
                raise MissingValueError(f"more than {MAX_OUTPUT} characters")
            parts.append(part)
        return "".join(parts)

    def _checked_urls(self, shape: tuple[str, ...], values: tuple[str, ...], hosts: frozenset[str]) -> tuple[str, ...]:
        slots = self._url_places.get(shape)
        if slots is None:
            slots = tuple(_url_slots(self.kind, shape))
            if len(self._url_places) < _MAX_SHAPES:
                self._url_places[shape] = slots
        filled = list(values)
        for slot in slots:
            for hole in slot.holes[1:] if slot.starts_with_hole else slot.holes:
                text = unescape(filled[hole]) if self.kind is Kind.HTML else filled[hole]
                filled[hole] = _percent_encoded(text)
            url = slot.filled([filled[hole] for hole in slot.holes])
            if not all(leads_within(each, hosts) for each in _urls(slot.attribute, url)):
                raise UnsafeValueError(url)
        return tuple(filled)


@dataclass(frozen=True, slots=True)
class _UrlSlot:
    attribute: str  # empty where it is the fragment's own, which doesn't know for which attribute it is
    text: str
    holes: range

    @property
    def starts_with_hole(self) -> bool:
        return self.text.lstrip().startswith(HOLE)

    def filled(self, values: list[str]) -> str:
        """The URL that a browser would see."""
        parts = self.text.split(HOLE)
        return parts[0] + "".join(value + part for value, part in zip(values, parts[1:], strict=True))


def _url_slots(kind: Kind, shape: tuple[str, ...]) -> Iterator[_UrlSlot]:
    text = HOLE.join(shape)
    if kind is Kind.URL:
        yield _UrlSlot("", text, range(len(shape) - 1))
        return
    try:
        places = url_places(text)
    except UnsafePlaceError as error:
        raise UnsafeValueError(str(error)) from error
    for place in places:
        yield _UrlSlot(place.attribute, place.text, range(place.first_hole, place.first_hole + place.text.count(HOLE)))


def _urls(attribute: str, text: str) -> list[str]:
    if attribute:
        return urls_in(attribute, text)
    # Also a `srcset` comes as a URL. A URL's own comma splits nothing, but a space is no part of one.
    candidates = urls_in("srcset", text) if re.search(r"^\s*,|\S\s+\S", text) else []
    return [text, *candidates]


_RESERVED = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~/:@!$()*,;%]")


def _percent_encoded(value: str) -> str:
    """A value inside a URL stays within its part of it: what would end that part is percent-encoded.

    What `|urlencode` has encoded stays as it is.
    """
    return _RESERVED.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), value)


def _joined(fragment: Fragment, known: Context | Mapping[str, Any]) -> str:
    """What it says, as one text."""
    shape, values = fragment._said(known)
    return shape[0] + "".join(value + part for value, part in zip(values, shape[1:], strict=True))
