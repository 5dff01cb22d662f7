"""Where in an HTML fragment its holes stand, and which of those places a visitor's value may fill.

A small scanner over markup that a rulebook's author wrote; it doesn't parse pages (that is `proxy.page`).
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

HOLE = "\ufdd0"
"""Stands for one hole in scanned markup. A noncharacter: no author writes it and no value keeps it."""

_URL_ATTRIBUTES = frozenset(
    {
        "href",
        "src",
        "srcset",
        "action",
        "formaction",
        "poster",
        "data",
        "cite",
        "background",
        "ping",
        "xlink:href",
    }
)
# Their text is code or markup once more: no escaping of ours reaches that far.
_CODE_ATTRIBUTES = frozenset({"style", "srcdoc"})
_RAW_TEXT = frozenset({"script", "style", "iframe", "noembed", "noframes", "noscript", "xmp", "plaintext"})

_MARKUP = re.compile(
    r"(?P<comment><!--.*?(?:-->|\Z))"
    r"|(?P<tag><(?P<close>/?)(?P<name>[a-zA-Z][^\s/>]*)(?P<attributes>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)(?P<end>>|\Z))"
    r"|(?P<bogus><[!?/][^>]*(?:>|\Z))",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"(?P<name>[^\s/>=][^\s/>=]*)(?:\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s>\"']+)))?"
)


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
    while match := _MARKUP.search(markup, position):
        position = match.end()
        if match["comment"] is not None or match["bogus"] is not None:
            _refuse_hole(match[0], "a comment")
            continue
        name = match["name"].lower()
        _refuse_hole(name, "a tag's name")
        places.extend(_attribute_places(name, match["attributes"], markup.count(HOLE, 0, match.start("attributes"))))
        if name in _RAW_TEXT and not match["close"]:
            end = re.compile(f"</{re.escape(name)}", re.IGNORECASE).search(markup, position)
            position_after = end.start() if end else len(markup)
            _refuse_hole(markup[position:position_after], f"<{name}>")
            position = position_after
    if HOLE in markup[position:] and "<" in markup[position:]:
        raise UnsafePlaceError("a tag that is not closed")
    return tuple(places)


def _attribute_places(tag: str, attributes: str, holes_before: int) -> list[UrlPlace]:
    if HOLE not in attributes:
        return []
    places: list[UrlPlace] = []
    seen = 0
    for match in _ATTRIBUTE.finditer(attributes):
        holes = match[0].count(HOLE)
        if not holes:
            continue
        name = match["name"].lower()
        _refuse_hole(name, f"an attribute's name in <{tag}>")
        if match["bare"] is not None:
            raise UnsafePlaceError(f"the attribute `{name}` without quotes")
        if name in _CODE_ATTRIBUTES or name.startswith("on") or (tag == "meta" and name == "content"):
            raise UnsafePlaceError(f"the attribute `{name}` of <{tag}>")
        if name in _URL_ATTRIBUTES:
            text = match["double"] if match["double"] is not None else match["single"]
            places.append(UrlPlace(name, text, holes_before + seen))
        seen += holes
    if seen != attributes.count(HOLE):
        raise UnsafePlaceError(f"the tag <{tag}> outside of an attribute's quotes")
    return places


def _refuse_hole(text: str, where: str) -> None:
    if HOLE in text:
        raise UnsafePlaceError(where)


_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]*:")
_IGNORED_IN_URLS = str.maketrans("\\", "/", "\t\n\r")


def leads_within(url: str, hosts: frozenset[str]) -> bool:
    """Whether a browser would take `url` for one of `hosts` or for a relative one, by http(s) only.

    Reads it as the URL Standard's parser does (https://url.spec.whatwg.org/#concept-basic-url-parser): tabs and
    newlines vanish, a backslash is a slash, any number of slashes may follow an http scheme.

    >>> leads_within("/contact", frozenset()), leads_within("/\\\\evil.example", frozenset({"shop.example"}))
    (True, False)
    """
    # The C0 controls and the space around a URL vanish too.
    seen = "".join(c for c in html.unescape(url).translate(_IGNORED_IN_URLS)).strip("".join(map(chr, range(33))))
    scheme = _SCHEME.match(seen)
    if scheme:
        if scheme[0].lower() not in ("http:", "https:"):
            return False
        rest = seen[scheme.end() :]
    elif seen.startswith("//"):
        rest = seen
    else:
        return True
    authority = re.split(r"[/?#]", rest.lstrip("/"), maxsplit=1)[0]
    host = re.sub(r":\d*\Z", "", authority.rpartition("@")[2]).lower()
    return host in hosts


def urls_in(attribute: str, value: str) -> list[str]:
    """The URLs that an attribute's value holds: one, or with `srcset` and `ping` several."""
    if attribute == "srcset":
        return [candidate.split()[0] for candidate in re.split(r",\s+|,(?=\S*\s)", value) if candidate.split()]
    if attribute == "ping":
        return value.split()
    return [value]
