"""A profile as its visitor reads it: in words for the page, and whole for the download."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from proxy.profile.model import Profile, Session, Source
from proxy.rights.words import MEDIUMS, Words


def facts(profile: Profile, words: Words) -> Iterator[tuple[str, str]]:
    """What is known, each with what it is called. What the visitor told us is not among it."""
    if profile.first_visit is not None:
        yield words.first_visit, _moment(profile.first_visit)
    if profile.visits:
        yield words.visits, str(profile.visits)
        yield words.pages, str(profile.pages)
    if profile.previous_visit is not None:
        yield words.previous_visit, _moment(profile.previous_visit)
    if profile.first_source is not None:
        yield words.first_source, _source(profile.first_source, words)
    if profile.session is not None:
        yield from _session(profile.session, words)
    if profile.purchases.count:
        yield words.purchases, f"{profile.purchases.count} ({profile.purchases.total:g})"
    if profile.purchases.products:
        yield words.products, ", ".join(profile.purchases.products)


def exported(profile: Profile) -> dict[str, Any]:
    """All of it, for a JSON file."""
    recent = [_iso(datetime.fromtimestamp(started, UTC)) for started in profile.recent_visits]
    return {**_plain(asdict(profile)), "recent_visits": recent}


def _session(session: Session, words: Words) -> Iterator[tuple[str, str]]:
    yield words.session_started, _moment(session.started)
    yield words.landing, session.landing
    yield words.session_pages, str(session.pages)
    if session.searches:
        yield words.searches, str(session.searches)
    yield words.source, _source(session.source, words)


def _source(source: Source, words: Words) -> str:
    medium = words.mediums[MEDIUMS.index(source.medium)] if source.medium in MEDIUMS else source.medium
    told = [part for part in (source.name, source.campaign, source.term, source.content, source.referrer) if part]
    return f"{medium} ({', '.join(dict.fromkeys(told))})" if told else medium


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _iso(moment: datetime) -> str:
    return moment.isoformat()


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return _iso(value)
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case _:
            return value
