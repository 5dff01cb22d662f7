"""An imagined visit: a page, a moment and signals, put together as a rule's author or a test of the rulebook says them.

Reading one from words is `rules.load_visits`'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rules.context import Context, Value, make_context
from rules.timezones import visitor_zone


@dataclass(frozen=True, slots=True)
class Visit:
    """A canonical path with its query, and what is known of the visitor.

    Without `at` it is now; one without an offset is on the visitor's clock. `id` is the visitor's, and `variants` are
    arms that experiments give, by the experiment's id.
    """

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    host: str = ""
    at: datetime | None = None
    signals: Mapping[str, Value] = field(default_factory=dict)
    id: str = ""
    variants: Mapping[str, str] = field(default_factory=dict)

    def context(self, now: datetime, site_timezone: str) -> Context:
        """The context that a request like this would have, with all that is always known; `now` is aware."""
        at = self.at or now
        if at.tzinfo is None:
            at = at.replace(tzinfo=visitor_zone(self.signals.get("geo.timezone"), site_timezone))
        page = {"page.path": self.path, **{f"page.query.{name}": value for name, value in self.query.items()}}
        return make_context(
            {**self._remembered(at), **self.signals, **page},
            now=at,
            host=self.host,
            site_timezone=site_timezone,
            visitor_id=self.id,
            assigned=self.variants,
        )

    def _remembered(self, at: datetime) -> dict[str, Value]:
        """What a visitor who consented is always remembered by: on the first page of a visit, and of the first one."""
        count = self.signals.get("visits.count", 1)
        is_new = self.signals.get("visitor.new", count == 1)
        first = {f"first_{name}": value for name, value in self.signals.items() if name.startswith("source.")}
        return {
            "session.pages": 1,
            "session.started": at,
            "session.landing": self.path,
            "session.searches": 0,
            "session.seconds_active": 0,
            "visits.count": count,
            "visits.pages": count,
            "visitor.new": is_new,
            **({"visits.first": at, "first_source.medium": "direct", **first} if is_new else {}),
        }
