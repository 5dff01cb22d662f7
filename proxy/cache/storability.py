"""Which responses are stored, and why others are not (RFC 9111 §3). Pure.

Stricter than the RFC where a mistake of an origin's would show one visitor's page to another, and never looser: no
`Set-Cookie`, nothing in a session, no nonce of a Content Security Policy, no error but one that is explicitly fresh.
"""

from __future__ import annotations

from enum import StrEnum

from proxy.cache.directives import RequestDirectives, ResponseDirectives, UnreadableDirectivesError
from proxy.cache.entity_tags import entity_tag_of
from proxy.cache.freshness import HEURISTICALLY_CACHEABLE, initial_age, lifetime_of, never_stale
from proxy.cache.messages import Request, Response, lines
from proxy.cache.vary import vary_names
from proxy.wire import Headers

UNDERSTOOD = frozenset(
    {200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 414, 451, 500, 501, 502, 503, 504}
)
"""Statuses whose rules for caches we keep. 206 and 304 are parts of others; 429 may not be stored (RFC 6585 §4)."""

_POLICIES = frozenset({b"content-security-policy", b"content-security-policy-report-only"})


class NotStored(StrEnum):
    """Why a response is not stored, in a word that `Cache-Status` can bear."""

    METHOD = "method"
    STATUS = "status"
    INCOMPLETE = "incomplete"
    SESSION = "session"
    UNREADABLE = "unreadable-directives"
    REQUEST_NO_STORE = "request-no-store"
    NO_STORE = "no-store"
    PRIVATE = "private"
    SET_COOKIE = "set-cookie"
    VARY = "vary"
    NONCE = "nonce"
    AUTHORIZATION = "authorization"
    ERROR = "error"
    NO_FRESHNESS = "no-freshness"


def why_not_stored(request: Request, response: Response, *, assigned: int | None = None) -> NotStored | None:
    """What keeps a response from being shared by all visitors, None where nothing does.

    `assigned` is the lifetime that the operator gives this URL, in seconds (`proxy.cache.freshness.lifetime_of`). A
    response that a 304 updated is asked about again: the origin may have thought better of it.
    """
    # HEAD is answered from what GET stored, and stores nothing: it has no body.
    if request.method != "GET":
        return NotStored.METHOD
    if response.status not in UNDERSTOOD:
        return NotStored.STATUS
    if not response.is_complete:
        return NotStored.INCOMPLETE
    if request.bears_session:
        return NotStored.SESSION
    if RequestDirectives.of(request.headers).no_store:
        return NotStored.REQUEST_NO_STORE
    try:
        directives = ResponseDirectives.of(response.headers)
    except UnreadableDirectivesError:
        return NotStored.UNREADABLE
    return _personal(request, response, directives) or _useless(response, directives, assigned)


def _personal(request: Request, response: Response, directives: ResponseDirectives) -> NotStored | None:
    """What is, or could be, meant for one visitor."""
    if directives.no_store:
        return NotStored.NO_STORE
    if directives.private:
        return NotStored.PRIVATE
    if any(name == b"set-cookie" for name, _ in response.headers):
        return NotStored.SET_COOKIE
    if vary_names(response.headers) is None:
        return NotStored.VARY
    if any(name in _POLICIES and b"'nonce-" in value.lower() for name, value in response.headers):
        return NotStored.NONCE
    if any(name == b"authorization" for name, _ in request.headers) and not shares_authorized(directives):
        return NotStored.AUTHORIZATION
    return None


def _useless(response: Response, directives: ResponseDirectives, assigned: int | None) -> NotStored | None:
    """What no request could be answered with, or only an error that its origin didn't say could be repeated."""
    lifetime = lifetime_of(response, directives, assigned=assigned)
    is_fresh = lifetime is not None and lifetime > initial_age(response) and not directives.no_cache
    if response.status >= 400 and not is_fresh:
        return NotStored.ERROR
    may_be_stored = lifetime is not None or directives.public or response.status in HEURISTICALLY_CACHEABLE
    may_be_stale = lifetime is not None and not never_stale(directives) and not directives.no_cache
    windows = directives.stale_while_revalidate or directives.stale_if_error
    can_be_used = is_fresh or (may_be_stale and windows) or has_validator(response.headers)
    return None if may_be_stored and can_be_used else NotStored.NO_FRESHNESS


def shares_authorized(directives: ResponseDirectives) -> bool:
    """Whether a response to a request with `Authorization` is for others, too (RFC 9111 §3.5)."""
    return directives.public or directives.must_revalidate or directives.s_maxage is not None


def has_validator(headers: Headers) -> bool:
    """Whether the origin can be asked if the response still holds (RFC 9110 §8.8)."""
    return entity_tag_of(headers) is not None or bool(lines(headers, b"last-modified"))
