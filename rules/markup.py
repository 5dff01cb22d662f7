"""Where in an HTML fragment its holes stand, and which of those places a visitor's value may fill.

A small scanner over markup that a rulebook's author wrote; it doesn't parse pages (that is `proxy.page`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rules.html_syntax import ATTRIBUTE, BETWEEN_ATTRIBUTES, NAME_END, RAW_TEXT, SPACE

HOLE = "\ufdd0"
"""Stands for one hole in scanned markup. A noncharacter: no author writes it and no value keeps it."""

URL_ATTRIBUTES = frozenset({
    "action", "background", "cite", "data", "formaction", "href", "imagesrcset", "itemid", "itemtype", "longdesc",
    "manifest", "ping", "poster", "profile", "src", "srcset", "usemap", "xlink:href",
})  # fmt: skip
"""What browsers read as URLs (HTML Standard, index of attributes), those of old elements too."""

# Their text is code or markup once more: no escaping of ours reaches that far.
CODE_ATTRIBUTES = frozenset({"style", "srcdoc"})

_ATTRIBUTE = re.compile(ATTRIBUTE)
_TAG_BEGIN = re.compile(r"<(?=[a-zA-Z!?/])")
_TAG_NAME = re.compile(rf"</?(?P<name>[a-zA-Z][^{SPACE}/>]*)")
_BETWEEN_ATTRIBUTES = re.compile(BETWEEN_ATTRIBUTES)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<[!?/][^>]*(?:>|\Z)", re.DOTALL)


class UnsafePlaceError(Exception):
    """A hole stands where no escaping makes a value safe; the message says where."""


@dataclass(frozen=True, slots=True)
class UrlPlace:
    """An attribute with holes that browsers read as a URL: its text, holes marked, and its first hole's number."""

    attribute: str
    text: str
    first_hole: int


def url_places(markup: str) -> tuple[UrlPlace, ...]:
    """The URL attributes with holes, in order; every other hole of `markup` stands in text or a quoted attribute.

    Raises UnsafePlaceError where one does not.

    >>> url_places(f'<a href="/x?c={HOLE}" title="{HOLE}">{HOLE}</a>')
    (UrlPlace(attribute='href', text='/x?c=\\ufdd0', first_hole=0),)
    """
    places: list[UrlPlace] = []
    position = 0
    while begin := _TAG_BEGIN.search(markup, position):
        tag = _TAG_NAME.match(markup, begin.start())
        if tag is None:
            position = _after_comment(markup, begin.start())
            continue
        name = tag["name"].lower()
        _refuse_hole(name, "a tag's name")
        attributes, position = _attributes(markup, tag.end())
        places.extend(place for each in attributes if (place := _url_place(name, each, markup)))
        if name in RAW_TEXT and markup[begin.start() + 1] != "/":
            position = _after_raw_text(name, markup, position)
    return tuple(places)


def _after_comment(markup: str, start: int) -> int:
    comment = _COMMENT.match(markup, start)
    assert comment is not None  # noqa: S101 - a tag's name and a comment are all that a tag's begin begins
    _refuse_hole(comment[0], "a comment")
    return comment.end()


def _attributes(markup: str, position: int) -> tuple[list[re.Match[str]], int]:
    """A tag's attributes, from the end of its name on, and where the tag ends."""
    start = position
    found: list[re.Match[str]] = []
    while True:
        between = _BETWEEN_ATTRIBUTES.match(markup, position)
        position = between.end() if between else position
        if markup.startswith(">", position):
            return found, position + 1
        attribute = _ATTRIBUTE.match(markup, position)
        if attribute is None:
            _refuse_hole(markup[start:], "a tag that is not closed")
            return [], len(markup)
        found.append(attribute)
        position = attribute.end()


def _url_place(tag: str, attribute: re.Match[str], markup: str) -> UrlPlace | None:
    """The place that an attribute is, if it has holes and is a URL."""
    if HOLE not in attribute[0]:
        return None
    name = attribute["name"].lower()
    _refuse_hole(name, f"an attribute's name in <{tag}>")
    if attribute["bare"] is not None:
        raise UnsafePlaceError(f"the attribute `{name}` without quotes")
    if name in CODE_ATTRIBUTES or name.startswith("on") or (tag == "meta" and name == "content"):
        raise UnsafePlaceError(f"the attribute `{name}` of <{tag}>")
    if name not in URL_ATTRIBUTES:
        return None
    text = attribute["double"] if attribute["double"] is not None else attribute["single"]
    return UrlPlace(name, text, markup.count(HOLE, 0, attribute.start()))


def _after_raw_text(name: str, markup: str, position: int) -> int:
    end = re.compile(rf"</{re.escape(name)}{NAME_END}", re.IGNORECASE).search(markup, position)
    after = end.start() if end else len(markup)
    _refuse_hole(markup[position:after], f"<{name}>")
    return after


def _refuse_hole(text: str, where: str) -> None:
    if HOLE in text:
        raise UnsafePlaceError(where)
