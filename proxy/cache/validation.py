"""Asking the origin whether a stored response still holds, and the browser's asking us (RFC 9111 §4.3). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proxy.cache.dates import parse_date
from proxy.cache.entity_tags import entity_tag_of, none_match
from proxy.cache.freshness import generated_at
from proxy.cache.messages import Response, lines
from proxy.wire import Headers

_CONDITIONS_AND_RANGES = frozenset(
    {b"if-match", b"if-modified-since", b"if-none-match", b"if-range", b"if-unmodified-since", b"range"}
)

NOT_UPDATED = frozenset({b"content-encoding", b"content-length", b"content-range", b"content-type"})
"""Fields of a 304 that change nothing (RFC 9111 §3.2).

The length is named there. The rest is what a page was decoded, read and cut by: new words wouldn't fit the old bytes.
"""

# What a 304 leaves out of these is as new as itself: kept, they would make the response as old as it was.
_OF_THE_MOMENT = frozenset({b"age", b"date"})


def conditional_headers(request_headers: Headers, stored: Sequence[Headers]) -> Headers:
    """A request's headers with conditions for the stored responses' (RFC 9111 §4.3.1), in place of a browser's own.

    The tags of all are named, and where there is but one, the date of its last change.
    """
    kept = tuple(field for field in request_headers if field[0] not in _CONDITIONS_AND_RANGES)
    tags = dict.fromkeys(tag.encode() for headers in stored if (tag := entity_tag_of(headers)) is not None)
    if tags:
        kept = (*kept, (b"if-none-match", b", ".join(tags)))
    changed = lines(stored[0], b"last-modified") if len(stored) == 1 else []
    return (*kept, (b"if-modified-since", changed[0])) if changed else kept


def confirmed(stored: Sequence[Headers], not_modified: Headers) -> tuple[int, ...]:
    """Which of the stored responses that were asked about, the latest first, a 304 confirms (RFC 9111 §4.3.4).

    All that bear its strong tag; else the latest with its weak tag, or its `Last-Modified`. Where only one response was
    asked about, two more of them mean that one: a 304 that names neither, since origins owe the tag (RFC 9110 §15.4.5)
    and many forget it; and the strong form of its weak tag, since nginx weakens the tag of what it compresses, and no
    304 is compressed.
    """
    tag = entity_tag_of(not_modified)
    changed = lines(not_modified, b"last-modified")
    if tag is None and not changed:
        return (0,) if len(stored) == 1 else ()
    if tag is None:
        return _first(lines(headers, b"last-modified") == changed for headers in stored)
    tags = [entity_tag_of(headers) for headers in stored]
    if tag.is_weak or len(stored) == 1:
        return _first(own is not None and own.matches_weakly(tag) for own in tags)
    return tuple(number for number, own in enumerate(tags) if own is not None and own.matches_strongly(tag))


def freshened(stored: Response, not_modified: Response) -> Response:
    """The stored response as a 304 updates it (RFC 9111 §3.2): every field that it brings replaces the old ones.

    That goes for what forbids storing, too: ask `why_not_stored` about the result, and `selector_of` again.
    """
    brought = tuple(field for field in not_modified.headers if field[0] not in NOT_UPDATED)
    replaced = {name for name, _ in brought} | _OF_THE_MOMENT
    kept = tuple(field for field in stored.headers if field[0] not in replaced)
    return stored._replace(
        headers=(*kept, *brought),
        requested_at=not_modified.requested_at,
        received_at=not_modified.received_at,
    )


def is_not_modified(request_headers: Headers, stored: Response) -> bool:
    """Whether a browser that asks conditionally has the stored response already, and gets a 304 (RFC 9111 §4.3.2).

    Only where a 200 is stored. `If-None-Match` counts before `If-Modified-Since` (RFC 9110 §13.2.2), and the latter is
    put to the response's `Date` where it has no `Last-Modified`.
    """
    if stored.status != 200:
        return False
    holds = none_match(request_headers, entity_tag_of(stored.headers))
    if holds is not None:
        return not holds
    since = lines(request_headers, b"if-modified-since")
    limit = parse_date(since[0], stored.received_at) if len(since) == 1 else None
    if limit is None:
        return False
    changed = lines(stored.headers, b"last-modified")
    moment = parse_date(changed[0], stored.received_at) if changed else generated_at(stored)
    return moment is not None and moment <= limit


def _first(fits: Iterable[bool]) -> tuple[int, ...]:
    return next(((number,) for number, fit in enumerate(fits) if fit), ())
