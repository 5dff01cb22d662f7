"""Redirects that come back to where they began, as far as a rulebook shows it.

Only URLs that hold no value of a visitor are followed. What the site itself redirects is not known here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import unquote, urljoin, urlsplit

from rules.errors import Problem, warning
from rules.linting.common_urls import Url
from rules.linting.satisfiability import conflict
from rules.model import Experience, RuleBook, Variant
from rules.pages import query_parameters

_MOST_STEPS = 10


def redirect_loops(book: RuleBook, now: datetime) -> Iterator[Problem]:
    """A warning for each redirect that leads to a page of its own, or by others back to one."""
    redirects = _Redirects(book.live)
    told: set[frozenset[str]] = set()
    for experience in book.live:
        yield from _serves_itself(experience)
        for variant in experience.variants:
            loop = redirects.loop_from(experience, variant, now)
            if loop is not None and frozenset(each.id for each in loop) not in told:
                told.add(frozenset(each.id for each in loop))
                yield _problem(loop, variant)


def _problem(loop: Sequence[Experience], variant: Variant) -> Problem:
    first, *others = loop
    if not others:
        target = _target(variant)
        message = f"`{first.id}` redirects `{target.path if target else ''}` to itself"
        hint = f"leave that page out: except: {target.path}" if target else "leave that page out"
        return warning(first.position, message, hint)
    way = " → ".join(f"`{each.id}`" for each in (*loop, first))
    return warning(first.position, f"redirects in a circle: {way}", "take one of the pages out of one of them")


def _serves_itself(experience: Experience) -> Iterator[Problem]:
    for variant in experience.variants:
        url = Url("", unquote(variant.serve))
        only = all("*" not in pattern.path and url.fits(pattern) for pattern in experience.pages)
        if variant.serve and only and not variant.changes:
            message = f"`serve: {variant.serve}` of `{experience.id}` is the page that was asked for"
            yield warning(experience.position, message, "name another page of the site")


class _Redirects:
    """Which experience redirects a URL, and where to."""

    def __init__(self, experiences: Sequence[Experience]) -> None:
        self._by_path: defaultdict[str, list[Experience]] = defaultdict(list)
        self._by_glob: list[Experience] = []
        for experience in experiences:
            if not any(variant.redirect is not None for variant in experience.variants):
                continue
            if any("*" in pattern.path for pattern in experience.pages):
                self._by_glob.append(experience)
                continue
            for pattern in experience.pages:
                self._by_path[unquote(pattern.path)].append(experience)

    def loop_from(self, experience: Experience, variant: Variant, now: datetime) -> tuple[Experience, ...] | None:
        """The experiences of a circle that this redirect begins, in their order."""
        target = _target(variant)
        return None if target is None else self._back((experience,), target, now)

    def _back(self, way: tuple[Experience, ...], url: Url, now: datetime) -> tuple[Experience, ...] | None:
        following = [each for each in self._of(url) if self._is_one_visitor((*way, each), now)]
        if way[0] in following:
            return way
        if len(way) == _MOST_STEPS:
            return None
        for experience in following:
            for target in filter(None, map(_target, experience.variants)):
                if experience not in way and (loop := self._back((*way, experience), target, now)) is not None:
                    return loop
        return None

    def _of(self, url: Url) -> Iterator[Experience]:
        yield from filter(url.is_page_of, dict.fromkeys((*self._by_path.get(url.path, ()), *self._by_glob)))

    def _is_one_visitor(self, way: Sequence[Experience], now: datetime) -> bool:
        # One redirect alone is decided by the same condition on both pages.
        conditions = [each.who for each in dict.fromkeys(way) if each.who is not None]
        return conflict(conditions, now) is None


def _target(variant: Variant) -> Url | None:
    """Where a redirect leads, None where that is another site or hangs on the visitor."""
    if variant.redirect is None or variant.redirect.static is None:
        return None
    (written,) = variant.redirect.static.shape
    if not written.startswith("/") or written.startswith(("//", "/\\")):
        return None
    parts = urlsplit(urljoin("http://site", written))
    return Url("", unquote(parts.path or "/", errors="replace"), query_parameters(parts.query))
