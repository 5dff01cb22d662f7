"""What rules hear of a profile: the signals of the tiers session and persistent.

Which of them a rule may name stands in `rules.signals`; whether the visitor agreed is `proxy.visitor.consent`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from datetime import datetime

from proxy.profile.model import Profile, Source
from rules.context import Value
from rules.periods import parse_period

_GROUPS = ("session.", "visits.", "purchases.", "first_source.", "source.", "visitor.preferences.")
_WITHIN = "visits.within."


def asks_profile(needed: Collection[str]) -> bool:
    """Whether any of these signals is told by a profile."""
    return any(name.startswith(_GROUPS) or name == "visitor.new" for name in needed)


def signals(profile: Profile, now: datetime, needed: Collection[str] = ()) -> Mapping[str, Value]:
    """All that the profile tells at `now`; of `visits.within.<period>`, of which there are many, only those `needed`.

    What is not known is left out, but for the fields of a source: there it is empty, so that it stands over what this
    request alone tells.
    """
    found: dict[str, Value] = {
        "visits.count": profile.visits,
        "visits.pages": profile.pages,
        "visitor.new": profile.visits <= 1,
        **{name: _visits_within(profile, now, name) for name in needed if name.startswith(_WITHIN)},
        **{f"visitor.preferences.{name}": value for name, value in profile.preferences.items()},
    }
    if profile.first_visit is not None:
        found["visits.first"] = profile.first_visit
    if profile.previous_visit is not None:
        found["visits.last"] = profile.previous_visit
    if profile.first_source is not None:
        found.update(_source_signals("first_source", profile.first_source))
    found.update(_session_signals(profile, now))
    found.update(_purchase_signals(profile))
    return found


def _session_signals(profile: Profile, now: datetime) -> Iterator[tuple[str, Value]]:
    session = profile.session
    if session is None or not session.is_running(now):
        return
    yield "session.pages", session.pages
    yield "session.started", session.started
    yield "session.landing", session.landing
    yield "session.searches", session.searches
    yield "session.seconds_active", int((session.last - session.started).total_seconds())
    yield from _source_signals("source", session.source)


def _purchase_signals(profile: Profile) -> Iterator[tuple[str, Value]]:
    purchases = profile.purchases
    # A site that reports no purchases must not be told that nobody buys.
    if not purchases.count or purchases.last is None:
        return
    yield "purchases.count", purchases.count
    yield "purchases.total", purchases.total
    yield "purchases.last", purchases.last
    yield "purchases.products", purchases.products


def _source_signals(group: str, source: Source) -> Iterator[tuple[str, Value]]:
    for field in fields(source):
        yield f"{group}.{field.name}", getattr(source, field.name)


def _visits_within(profile: Profile, now: datetime, name: str) -> int:
    period = parse_period(name.removeprefix(_WITHIN))
    if period is None:
        return 0
    earliest = (now - period).timestamp()
    return sum(started >= earliest for started in profile.recent_visits)
