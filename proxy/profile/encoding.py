"""Profiles as bytes: compact JSON, whose short names are those of the table below, and moments as seconds.

What is missing reads as what a profile begins with, so a field that is added later needs no migration.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from proxy.profile.model import Profile, Purchases, Session, Source

_DIRECT = Source()


class UnreadableProfileError(ValueError):
    """Bytes that are no profile."""


def encode(profile: Profile) -> bytes:
    """The profile as it is kept; what is empty is left out.

    >>> from datetime import UTC, datetime
    >>> encode(Profile(datetime(2026, 12, 2, tzinfo=UTC), visits=1))
    b'{"t":1796169600,"v":1}'
    """
    purchases = profile.purchases
    written = {
        "t": _seconds(profile.seen),
        "f": _seconds(profile.first_visit),
        "o": _source(profile.first_source),
        "s": _session(profile.session),
        "v": profile.visits,
        "p": profile.pages,
        "l": _seconds(profile.previous_visit),
        "r": profile.recent_visits,
        "b": [purchases.count, purchases.total, _seconds(purchases.last), purchases.products] if purchases.count else 0,
        "w": profile.preferences,
    }
    kept = {name: value for name, value in written.items() if value}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def decode(body: bytes) -> Profile:
    """The profile that was kept; UnreadableProfileError where the bytes are none."""
    try:
        written: dict[str, Any] = json.loads(body)
        return Profile(
            seen=_required(written["t"]),
            first_visit=_moment(written.get("f")),
            first_source=_read_source(written.get("o")),
            session=_read_session(written.get("s")),
            visits=written.get("v", 0),
            pages=written.get("p", 0),
            previous_visit=_moment(written.get("l")),
            recent_visits=tuple(written.get("r", ())),
            purchases=_read_purchases(written.get("b")),
            preferences=written.get("w", {}),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError, RecursionError) as error:
        raise UnreadableProfileError(type(error).__name__) from error


def _seconds(moment: datetime | None) -> int:
    return int(moment.timestamp()) if moment is not None else 0


def _required(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _moment(seconds: int | None) -> datetime | None:
    return _required(seconds) if seconds else None


def _source(source: Source | None) -> list[str] | None:
    if source is None:
        return None
    texts = [source.medium, source.name, source.campaign, source.term, source.content, source.referrer]
    while len(texts) > 1 and not texts[-1]:
        texts.pop()
    return texts


def _read_source(written: list[str] | None) -> Source | None:
    if written is None:
        return None
    return _DIRECT if written == [_DIRECT.medium] else Source(*written)


def _session(session: Session | None) -> list[Any] | None:
    if session is None:
        return None
    started = _seconds(session.started)
    # The end as seconds from the start: most visits are short.
    length = _seconds(session.last) - started
    return [started, length, session.landing, session.pages, session.searches, _source(session.source)]


def _read_session(written: list[Any] | None) -> Session | None:
    if written is None:
        return None
    started, length, landing, pages, searches, source = written
    return Session(
        _required(started), _required(started + length), landing, _read_source(source) or _DIRECT, pages, searches
    )


def _read_purchases(written: list[Any] | None) -> Purchases:
    if not written:
        return Purchases()
    count, total, last, products = written
    return Purchases(count, total, _moment(last), tuple(products))
