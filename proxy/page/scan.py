"""A look at a page before any parser sees it: is it a bomb?

Formatting elements that are never closed are opened anew in every block that follows (HTML Standard §13.2.4.3), so
`<b i0><p><b i1><p>…` of 35 KB becomes millions of elements, in every parser that keeps to the Standard. This scan
counts how many are open at once, in time linear in the page.
"""

from __future__ import annotations

import re
from collections import Counter

_MAX_OPEN = 100

# Without <a> and <nobr>: a second one ends the first.
_FORMATTING = frozenset(b"b big code em font i s small strike strong tt u".split())
# Text to a parser, up to their end tag: a `</b>` in there closes nothing.
_TEXT = frozenset(b"script style textarea title xmp iframe noembed noframes noscript".split())
_TAG = re.compile(rb"<(/?[bBcCeEfFiInNsStTuUxX][a-zA-Z]*|!--)")


def is_bomb(body: bytes) -> bool:
    """Whether more formatting elements are left open at once than any page has a use for."""
    started = Counter(_TAG.findall(body))
    # Few pages have so many at all; only for them it matters which are closed.
    if sum(count for name, count in started.items() if name.lower() in _FORMATTING) <= _MAX_OPEN:
        return False
    return _leaves_open(body, _MAX_OPEN)


def _leaves_open(body: bytes, bound: int) -> bool:
    open_now: Counter[bytes] = Counter()
    total = position = 0
    while match := _TAG.search(body, position):
        position = match.end()
        name = match[1].lower()
        if name == b"!--":
            position = _after(b"-->", body, match.start() + 4)
        elif name in _TEXT:
            position = _after(b"</" + name, body, position)
        elif name in _FORMATTING:
            open_now[name] += 1
            total += 1
            if total > bound:
                return True
        elif open_now[name[1:]]:
            open_now[name[1:]] -= 1
            total -= 1
    return False


def _after(end: bytes, body: bytes, position: int) -> int:
    match = re.compile(re.escape(end), re.IGNORECASE).search(body, position)
    return match.end() if match else len(body)
