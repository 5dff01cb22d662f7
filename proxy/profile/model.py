"""A profile and what can happen to it, as frozen values.

How an event changes a profile is `proxy.profile.observe`'s, what rules hear of it `proxy.profile.signals`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

VISIT_ENDS_AFTER = timedelta(minutes=30)
"""A visit is over when nothing was asked for this long."""


@dataclass(frozen=True, slots=True)
class Source:
    """What brought a visitor here; what is not known is empty. The fields are the `source.` signals."""

    medium: str = "direct"
    name: str = ""
    campaign: str = ""
    term: str = ""
    content: str = ""
    referrer: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """One visit, from its landing page on. Its `source` is the latest one that was not direct."""

    started: datetime
    last: datetime
    landing: str
    source: Source = Source()
    pages: int = 1
    searches: int = 0

    def is_running(self, now: datetime) -> bool:
        """Whether a request at `now` belongs to it."""
        return now - self.last <= VISIT_ENDS_AFTER


@dataclass(frozen=True, slots=True)
class Purchases:
    """All of a visitor's purchases; `total` is in the site's currency, `products` are the latest ones."""

    count: int = 0
    total: float = 0.0
    last: datetime | None = None
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What is remembered of one visitor. Moments are in UTC and in whole seconds; all counts include the running visit.

    `seen` is when anything was last remembered. `session` is the latest visit, running or over, and `previous_visit`
    when the one before it ended. `recent_visits` are the starts of the latest ones in seconds since 1970, oldest first.
    """

    seen: datetime
    first_visit: datetime | None = None
    first_source: Source | None = None
    session: Session | None = None
    visits: int = 0
    pages: int = 0
    previous_visit: datetime | None = None
    recent_visits: tuple[int, ...] = ()
    purchases: Purchases = Purchases()
    preferences: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PageView:
    """A page was seen; `is_search` where its URL asks the site's own search."""

    path: str
    source: Source = Source()
    is_search: bool = False


@dataclass(frozen=True, slots=True)
class Purchase:
    """Something was bought, for `total` in the site's currency."""

    total: float
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preferences:
    """The visitor told us; a preference with an empty value is taken back, one that is not named stays."""

    values: Mapping[str, str]


Event = PageView | Purchase | Preferences
