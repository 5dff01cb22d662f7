"""One request's signals, as conditions and fragments see them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from rules.calendars import is_holiday
from rules.geography import GeoPoint
from rules.signals import WEEKDAYS
from rules.timezones import visitor_zone

CLOCK_SIGNAL = "time."

Value = str | int | float | bool | date | datetime | tuple[str, ...] | GeoPoint
"""What a signal may hold. Lists are tuples of text."""


@dataclass(frozen=True, slots=True)
class Context:
    """The signals of one request, by full name (`geo.country`).

    `now` is aware; `host` is the name under which the visitor reached the site. `visitor_id` is empty for who must not
    take part in an experiment: a visitor without consent, a bot. `assigned` are arms of experiments that are given
    beforehand, by the experiment's id: for its author's tools, never for visitors.
    """

    signals: Mapping[str, Value]
    now: datetime
    host: str = ""
    visitor_id: str = ""
    assigned: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> Value | None:
        """The signal's value; an empty one is missing, and missing is None."""
        value = self.signals.get(name)
        return None if value == "" or value == () else value


def make_context(
    observed: Mapping[str, Value],
    *,
    now: datetime,
    host: str = "",
    site_timezone: str = "UTC",
    needed: Collection[str] | None = None,
    visitor_id: str = "",
    assigned: Mapping[str, str] | None = None,
) -> Context:
    """A request's context: what was observed, and the signals that always have a value.

    `source.medium` is `direct` and `device.type` is `desktop` unless observed; `time.*` is `now`, which is aware, in
    the zone of `geo.timezone`, else of the site. What is told by the clock takes a while, and is left out where
    `needed` names nothing of it; so is `time.holiday`, which takes a calendar, where `needed` does not name it.
    """
    signals: dict[str, Value] = {}
    if needed is None or any(name.startswith(CLOCK_SIGNAL) for name in needed):
        local = now.astimezone(visitor_zone(observed.get("geo.timezone"), site_timezone))
        signals["time.hour"] = local.hour
        signals["time.weekday"] = WEEKDAYS[local.weekday()]
        signals["time.date"] = local.date()
        if needed is None or "time.holiday" in needed:
            holiday = is_holiday(observed.get("geo.country"), local.date())
            if holiday is not None:
                signals["time.holiday"] = holiday
    signals.update(observed)
    signals["source.medium"] = observed.get("source.medium") or "direct"
    signals["device.type"] = observed.get("device.type") or "desktop"
    return Context(signals, now, host, visitor_id, assigned or {})
