"""Which page patterns can be meant together: a URL that fits both, or the fact that one fits all that another does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from urllib.parse import unquote

from rules.globs import TextGlob
from rules.model import Experience
from rules.pages import PagePattern

_ANY_SEGMENT = "any"
_MOST_SEGMENTS = 100


@dataclass(frozen=True, slots=True)
class Url:
    """A URL as patterns are held against it."""

    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)

    def fits(self, pattern: PagePattern) -> bool:
        """Whether a pattern means it; a pattern with a host means any URL whose host is not told."""
        if not self.host and pattern.host:
            pattern = PagePattern(pattern.path, "", pattern.query)
        return pattern.matches(self.host, self.path, self.query)

    def is_page_of(self, experience: Experience) -> bool:
        """Whether an experience is for it."""
        return any(map(self.fits, experience.pages)) and not any(map(self.fits, experience.exclude))


def common_url(one: PagePattern, other: PagePattern) -> Url | None:
    """A URL that both patterns mean, None where there is none. `common_url(p, p)` is an example of `p`.

    >>> common_url(PagePattern("/products/*"), PagePattern("/**/sale")).path
    '/products/sale'
    """
    path = _common_path(_segments(one.path), _segments(other.path))
    hosts = {host for host in (one.host, other.host) if host}
    host = _common_word(min(hosts), max(hosts)) if hosts else ""
    if path is None or host is None:
        return None
    query: dict[str, str] = {}
    theirs = dict(other.query)
    for name, value in {**theirs, **dict(one.query)}.items():
        word = _common_word(value, theirs.get(name, value))
        if word is None:
            return None
        query[name] = word or _ANY_SEGMENT
    return Url(host, "/" + "/".join(path), query)


def literal_start(pattern: PagePattern) -> str:
    """What every path that a pattern means begins with: two whose beginnings differ can't be meant together."""
    return unquote(pattern.path.partition("*")[0], errors="replace")


def covers(pattern: PagePattern, other: PagePattern) -> bool:
    """Whether a pattern surely means every URL that the other one means."""
    if pattern == other:
        return True
    if pattern.query or pattern.host not in ("", other.host):
        return False
    if pattern.path in ("/**", other.path):
        return True
    return "*" not in other.path and pattern.matches_place(other.host, unquote(other.path, errors="replace"))


def _segments(path: str) -> tuple[str, ...]:
    return tuple(unquote(segment, errors="replace") for segment in path[1:].split("/"))


def _common_path(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...] | None:
    """Segments that fit both, as `rules.pages` reads `*` and `**`."""
    if max(len(one), len(other)) > _MOST_SEGMENTS:
        return None
    known: dict[tuple[int, int], tuple[str, ...] | None] = {}

    def rest(i: int, j: int) -> tuple[str, ...] | None:
        if (i, j) not in known:
            known[i, j] = None  # to come back here would say nothing new
            known[i, j] = found(i, j)
        return known[i, j]

    def found(i: int, j: int) -> tuple[str, ...] | None:
        if i == len(one) or j == len(other):
            return () if i == len(one) and j == len(other) else None
        skipped = rest(i + 1, j) if _may_be_none(one, i) else None
        if skipped is None and _may_be_none(other, j):
            skipped = rest(i, j + 1)
        if skipped is not None:
            return skipped
        word = _common_segment(one[i], other[j])
        if word is None:
            return None
        for next_i, next_j in product(_after(one, i), _after(other, j)):
            tail = rest(next_i, next_j) if (next_i, next_j) != (i, j) else None
            if tail is not None:
                return (word, *tail)
        return None

    return rest(0, 0)


def _may_be_none(segments: tuple[str, ...], i: int) -> bool:
    # At the end `**` is one segment at least, if an empty one.
    return segments[i] == "**" and i < len(segments) - 1


def _after(segments: tuple[str, ...], i: int) -> tuple[int, ...]:
    """Where a pattern may stand once one segment is taken."""
    if segments[i] != "**":
        return (i + 1,)
    return (i,) if i < len(segments) - 1 else (i + 1, i)


def _common_segment(one: str, other: str) -> str | None:
    if "**" in (one, other):
        narrower = other if one == "**" else one
        return narrower.replace("*", "") or (_ANY_SEGMENT if "*" in narrower else "")
    word = _common_word(one, other)
    if word == "" and "*" in (one, other):
        return _ANY_SEGMENT if "*" in one and "*" in other else None
    return word


def _common_word(one: str, other: str) -> str | None:
    """A text that fits two texts with `*` in them for any characters."""
    if "*" not in one:
        return one if TextGlob(other).matches(one) else None
    if "*" not in other:
        return other if TextGlob(one).matches(other) else None
    (first, *between), (other_first, *other_between) = one.split("*"), other.split("*")
    last, other_last = between.pop(), other_between.pop()
    begins, ends = max(first, other_first, key=len), max(last, other_last, key=len)
    if not (begins.startswith(first) and begins.startswith(other_first)):
        return None
    if not (ends.endswith(last) and ends.endswith(other_last)):
        return None
    return "".join((begins, *between, *other_between, ends))
