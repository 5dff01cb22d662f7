"""Selectors that used to be found and no longer are, as after a redesign of the site. Pure but for a clock.

Owns when that is so, and when it is over. Where pages are cut, and what becomes of an experience meanwhile, is
`proxy.page.memory`'s.

A page on which a selector was never found says nothing: an experience for `/**` may be meant for the few pages that
have the place, and a stranger can ask for any number of URLs that do not. So what counts as a miss is a URL, with its
query, at which the selector was found before.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from cachetools import LRUCache

RECENT = 20
"""So many cuts tell how it is now."""

USED_TO = 20
"""So many before them, at least, tell how it was."""

USED_TO_RATE = 0.9
DRIFTING_RATE = 0.5

FOUND_AGAIN = 5
"""So many in a row, and it is over."""

MAX_CUTS = 200
MAX_SECONDS = 7 * 86_400.0
"""As long as a cut counts: a page that is kept for long is cut seldom."""

_MAX_PLACES = 1_000
_MAX_URLS = 200  # of one selector, at which it was found


@dataclass(frozen=True, slots=True)
class Drift:
    """A selector of an experience that is found on `found` of the last `RECENT` pages, after it was on `found_before`
    of the `cuts_before` that came before them. `since` is when it was first missed, in seconds since the epoch; `url`
    is where it is missing.
    """

    experience: str
    selector: str
    url: str
    since: float
    found: int
    found_before: int
    cuts_before: int


@dataclass(frozen=True, slots=True)
class FoundAgain:
    """The end of one."""

    experience: str
    selector: str
    since: float


@dataclass(slots=True)
class _Record:
    cuts: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=MAX_CUTS))
    urls: OrderedDict[int, None] = field(default_factory=OrderedDict)
    drift: Drift | None = None

    def is_telling(self, url: int, *, is_found: bool) -> bool:
        if is_found:
            self.urls[url] = None
            self.urls.move_to_end(url)
            if len(self.urls) > _MAX_URLS:
                self.urls.popitem(last=False)
        return url in self.urls

    def forget(self, before: float) -> None:
        while self.cuts and self.cuts[0][0] < before:
            self.cuts.popleft()


class DriftWatch:
    """Watches the places of experiences. `now` is in seconds since the epoch."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._records: LRUCache[tuple[str, str], _Record] = LRUCache(_MAX_PLACES)

    @property
    def drifts(self) -> tuple[Drift, ...]:
        """What drifts at the moment."""
        return tuple(record.drift for record in self._records.values() if record.drift is not None)

    def note(
        self, experience: str, selector: str, url: str, query: bytes, *, is_found: bool
    ) -> Drift | FoundAgain | None:
        """Note whether a selector was found on a page that was cut; told is what changes by that, if anything."""
        record = self._records.setdefault((experience, selector), _Record())
        if not record.is_telling(hash((url, query)), is_found=is_found):
            return None
        now = self._now()
        record.forget(now - MAX_SECONDS)
        record.cuts.append((now, is_found))
        if record.drift is not None:
            return self._ended(record, record.drift)
        record.drift = _drift(experience, selector, url, record.cuts)
        return record.drift

    def forget_drifts(self) -> None:
        """Begin anew with what drifts: another rulebook holds."""
        for place, record in list(self._records.items()):
            if record.drift is not None:
                del self._records[place]

    def _ended(self, record: _Record, drift: Drift) -> FoundAgain | None:
        latest = list(record.cuts)[-FOUND_AGAIN:]
        if len(latest) < FOUND_AGAIN or not all(is_found for _, is_found in latest):
            return None
        record.drift = None
        record.cuts.clear()
        return FoundAgain(drift.experience, drift.selector, drift.since)


def _drift(experience: str, selector: str, url: str, cuts: deque[tuple[float, bool]]) -> Drift | None:
    """What a selector's latest cuts come to."""
    looks = list(cuts)
    before, recent = looks[:-RECENT], looks[-RECENT:]
    found = sum(is_found for _, is_found in recent)
    found_before = sum(is_found for _, is_found in before)
    if len(before) < USED_TO or found_before < len(before) * USED_TO_RATE or found >= RECENT * DRIFTING_RATE:
        return None
    since = next(when for when, is_found in recent if not is_found)
    return Drift(experience, selector, url, since, found, found_before, len(before))
