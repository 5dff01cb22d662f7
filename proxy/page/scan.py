"""A look at a page before any parser sees it: is it a bomb?

Formatting elements that are never closed are opened anew in every block that follows (HTML Standard §13.2.4.3), so
`<b i0><p><b i1><p>…` of 35 KB becomes millions of elements, in every parser that keeps to the Standard. This look
bounds how many, by what nothing around them can change: a formatting element is closed where its end tag follows and
only text and neutral elements come between; all others are taken for open, though of those that are alike a parser
opens three at the most (the "Noah's Ark clause").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from rules.html_syntax import NAME_END, SPACE, TAG_REST

_MAX_TAGS = 200_000
_MAX_REOPENED = 150_000
_MAX_ALIKE = 3
_NEAR_BYTES = 1024  # how far the end of a tag, and its end tag, are looked for

# Without <a> and <nobr>: a second one ends the first.
_FORMATTING = frozenset(b"b big code em font i s small strike strong tt u".split())
# Not special to a parser, no scopes, and ended by no other element (HTML Standard §13.2.4.2); or void.
_NEUTRAL = frozenset(
    b"a abbr bdi bdo br cite data del dfn img ins kbd label mark q samp span sub sup time var wbr".split()
)
_SHAPES = frozenset(
    b"circle clippath defs ellipse g line lineargradient mask path polygon polyline radialgradient rect stop symbol "
    b"text tspan use".split()
)


def _of_page(pattern: str) -> bytes:
    """The pattern for a page's bytes; a parser gets the page with spaces for its NULs."""
    return pattern.replace(SPACE, SPACE + "\0").encode()


_NAME_END, _REST = _of_page(NAME_END), _of_page(TAG_REST)


def _tag(names: Iterable[bytes], slash: bytes = b"/?+") -> bytes:
    return b"<" + slash + b"(?:" + b"|".join(sorted(names)) + b")" + _NAME_END + _REST


_ICON_TEXT = rb"<(?P<told>title|desc)" + _NAME_END + _REST + rb"[^<]*+</(?P=told)" + _NAME_END + _REST
_ICON = _tag([b"svg"], b"") + rb"(?:[^<]++|" + _tag(_SHAPES) + b"|" + _ICON_TEXT + b")*+" + _tag([b"svg"], b"/")


def _closed_near(name: bytes) -> re.Pattern[bytes]:
    between = rb"(?:[^<]++|" + _tag((_NEUTRAL | _FORMATTING) - {name}) + b"|" + _ICON + b")*+"
    return re.compile(between + b"</" + name + _NAME_END, re.IGNORECASE)


# Every start tag of _FORMATTING, and a few others, in the fewest steps: 2 ns a byte, a third of the exact expression's.
_MAYBE_FORMATTING = re.compile(
    rb"<[bcefistuBCEFISTU](?:[\s/>\0]|[mMtT][\s/>\0]|[iI][gG]|[oO][dDnN][eEtT]|[mM][aA][lL][lL]|[tT][rR][iIoO])"
)
_START = re.compile(b"<(" + b"|".join(sorted(_FORMATTING)) + b")" + _NAME_END, re.IGNORECASE)
_TAG_REST = re.compile(_REST)
_CLOSED_NEAR = {name: _closed_near(name) for name in _FORMATTING}


def is_bomb(body: bytes) -> bool:
    """Whether it may become more elements than any page has a use for."""
    tags = body.count(b"<")
    if tags > _MAX_TAGS:
        return True
    # One kind that is left open makes a page a few times larger, and no worse.
    bound = max(_MAX_REOPENED, _MAX_ALIKE * tags)
    # Few pages have so many formatting elements at all; only for them it matters which are closed.
    return len(_MAYBE_FORMATTING.findall(body)) * tags > bound and _reopened(body, tags, bound) > bound


def _reopened(body: bytes, tags: int, bound: int) -> int:
    """How many elements may come of formatting that is left open, if each tag behind it opens it anew.

    Counts no further than `bound`.
    """
    alike: Counter[bytes | int] = Counter()
    reopened = position = 0
    for start in _START.finditer(body):
        tags -= body.count(b"<", position, start.start())
        position = start.start()
        rest = _TAG_REST.match(body, start.end(), start.end() + _NEAR_BYTES)
        if rest and _CLOSED_NEAR[start[1].lower()].match(body, rest.end(), rest.end() + _NEAR_BYTES):
            continue
        # Wherever it really stands, it is found: what looks like a tag in a comment only adds to the bound.
        written = body[position : rest.end()] if rest else position
        alike[written] += 1
        if alike[written] <= _MAX_ALIKE:
            reopened += tags
            if reopened > bound:
                break
    return reopened
