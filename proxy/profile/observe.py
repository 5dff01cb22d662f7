"""How a profile learns: a profile and an event in, the next profile out.

Owns when a visit begins, which source counts, and how large a profile can grow.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

from proxy.profile.model import Event, PageView, Preferences, Profile, Purchase, Purchases, Session, Source

MAX_RECENT_VISITS = 50
MAX_PRODUCTS = 50
MAX_PREFERENCES = 50
MAX_TEXT_LENGTH = 200

DIRECT = Source()


def observe(profile: Profile | None, event: Event, now: datetime) -> Profile:
    """The profile after an event at `now`, which is aware; None where nothing is remembered yet."""
    now = now.replace(microsecond=0)
    known = profile or Profile(seen=now)
    match event:
        case PageView():
            learned = _page_view(known, event, now)
        case Purchase():
            learned = replace(known, purchases=_purchase(known.purchases, event, now))
        case Preferences():
            learned = replace(known, preferences=_preferences(known, event))
    return replace(learned, seen=max(known.seen, now))


def _page_view(profile: Profile, view: PageView, now: datetime) -> Profile:
    session = profile.session
    if session is None or not session.is_running(now):
        return _visit(profile, view, now)
    # The clocks of several machines differ: a visit does not get shorter.
    continued = replace(
        session,
        last=max(session.last, now),
        pages=session.pages + 1,
        searches=session.searches + view.is_search,
        source=session.source if view.source.medium == DIRECT.medium else _bounded(view.source),
    )
    return replace(profile, session=continued, pages=profile.pages + 1)


def _visit(profile: Profile, view: PageView, now: datetime) -> Profile:
    """The profile with a visit that begins."""
    source = _bounded(view.source)
    ended = profile.session.last if profile.session is not None else None
    return replace(
        profile,
        first_visit=profile.first_visit or now,
        first_source=profile.first_source or source,
        session=Session(now, now, view.path[:MAX_TEXT_LENGTH], source, searches=int(view.is_search)),
        visits=profile.visits + 1,
        pages=profile.pages + 1,
        previous_visit=ended or profile.previous_visit,
        recent_visits=(*profile.recent_visits, int(now.timestamp()))[-MAX_RECENT_VISITS:],
    )


def _purchase(purchases: Purchases, bought: Purchase, now: datetime) -> Purchases:
    products = [product[:MAX_TEXT_LENGTH] for product in bought.products]
    total = purchases.total + bought.total
    return Purchases(
        purchases.count + 1,
        total if math.isfinite(total) else purchases.total,
        now,
        # Each once, and what was bought last stands last.
        tuple(dict.fromkeys((*products[::-1], *purchases.products[::-1])))[:MAX_PRODUCTS][::-1],
    )


def _preferences(profile: Profile, told: Preferences) -> dict[str, str]:
    merged = {**profile.preferences, **told.values}
    kept = [(name[:MAX_TEXT_LENGTH], value[:MAX_TEXT_LENGTH]) for name, value in merged.items() if value]
    return dict(kept[:MAX_PREFERENCES])


def _bounded(source: Source) -> Source:
    texts = (source.medium, source.name, source.campaign, source.term, source.content, source.referrer)
    if all(len(text) <= MAX_TEXT_LENGTH for text in texts):
        return source
    return Source(*(text[:MAX_TEXT_LENGTH] for text in texts))
