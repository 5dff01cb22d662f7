"""Edge mode: which pages the cache in front may keep, one copy for each decision, and under which key.

Owns the key, each thing that keeps a page from being shared, and how the permission is said. Nothing here is asked of
anybody: who may be believed, and who asks, was settled before. What the cache in front does is `examples/edge`'s.

The permission is a field that nothing but the front in question reads, while `Cache-Control` stays what it is without
edge mode. So whoever was not told of keys, such as another cache before that one, keeps nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from math import floor

from proxy.cache.messages import lines
from proxy.cache.patterns import CookiePatterns
from proxy.cache.vary import vary_names
from proxy.origin.headers import VARIANT_FIELD, asks_for_page
from proxy.request import Request
from proxy.routing import can_lead_away
from proxy.visitor.identity import Visitor
from proxy.wire import Headers
from rules.decision import Decision
from rules.plan import Plan
from rules.turns import next_turn_anywhere

PLAIN = b"plain"
"""The key of a URL that no experience touches: the origin's own caching headers say what may be kept."""
PERMISSION_FIELD = b"x-accel-expires"
"""For how many seconds. nginx reads it, and takes it off the response; Varnish is told to by its VCL."""

_KEY_BYTES = 16
_SALT = b"tailor.edge"  # a purpose of its own for the secret (blake2b's `person`)
_NO_DECISION = b""
_SHARED_VARIES = frozenset({b"accept-encoding"})
_WAY_SECONDS = 1.0  # that a response may take to the front, whose seconds begin there


@dataclass(frozen=True, slots=True)
class Permission:
    """What may be kept under `key`, if nothing in it turns out to be one visitor's: until `until`, seen from `now`."""

    key: bytes
    now: float
    until: float

    def granted(self, headers: Headers, fresh_until: float, *, has_values: bool) -> Headers:
        """A page's headers with the permission, or without where the page itself forbids it.

        `fresh_until` is the moment up to which the page cache would give it to anybody, 0 where it would not.
        `has_values` is whether a visitor's values are in it.
        """
        varies = vary_names(headers)
        seconds = floor(min(self.until, fresh_until) - self.now)
        if has_values or seconds <= 0 or varies is None or not _SHARED_VARIES.issuperset(varies):
            return headers
        if lines(headers, b"set-cookie"):
            return headers
        # nginx up to 1.22 lets the first of it and `Cache-Control` count, and reads one line of `Vary` alone.
        return (
            (PERMISSION_FIELD, b"%d" % seconds),
            (VARIANT_FIELD, self.key),
            *(field for field in headers if field[0] not in (b"vary", PERMISSION_FIELD)),
            (b"vary", b"accept-encoding, tailor-variant"),
        )


@dataclass(frozen=True, slots=True)
class Edge:
    """The operator's word on edge mode: a secret for the keys, and for how many seconds a copy is kept at most.

    Visitors with one of the cookies in `sessions` get their pages from the origin alone.
    """

    secret: bytes
    seconds: int
    sessions: CookiePatterns

    def key(
        self, request: Request, plan: Plan, visitor: Visitor, decision: Decision | None, *, is_remembered: bool
    ) -> bytes:
        """What tells apart the pages that visitors get at one URL; empty where nobody else may get this one's.

        It is made of the URL and of what was decided, under a secret: from it nobody learns either. What was decided
        may hang on what is remembered of visitors (`is_remembered`): that changes with each page they see.
        """
        if self.keeps_to_itself(request) or can_lead_away(plan) or not asks_for_page(request.headers):
            return b""
        # A cookie has to reach the one browser that it is for.
        if visitor.cookies or (is_remembered and visitor.id is not None):
            return b""
        if decision is not None and any(said.values for each in decision.choices for said in each.renderings.values()):
            return b""
        chosen = _NO_DECISION if decision is None else decision.fingerprint
        told = repr((request.scheme, request.authority, request.target, chosen)).encode()
        return blake2b(told, digest_size=_KEY_BYTES, key=self.secret[:64], person=_SALT).hexdigest().encode()

    def keeps_to_itself(self, request: Request) -> bool:
        """Whether nobody may get what this request gets, whatever is decided."""
        if request.method not in ("GET", "HEAD") or request.has_body or request.own:
            return True
        if request.header(b"authorization") is not None:
            return True
        return any(self.sessions.are_in(value) for name, value in request.headers if name == b"cookie")

    def permission(
        self,
        request: Request,
        plan: Plan,
        visitor: Visitor,
        decision: Decision | None,
        *,
        is_remembered: bool,
        now: datetime,
    ) -> Permission | None:
        """What a front may do that has asked for this visitor's key and was told the same; None where it has not."""
        claimed = claimed_key(request)
        if not claimed or claimed != self.key(request, plan, visitor, decision, is_remembered=is_remembered):
            return None
        turn = next_turn_anywhere(plan, now)
        until = now.timestamp() + self.seconds
        if turn is not None:
            until = min(until, turn.timestamp() - _WAY_SECONDS)
        return Permission(claimed, now.timestamp(), until)


def claimed_key(request: Request) -> bytes:
    """The key under which a trusted front keeps what it gets; empty where it says none, or a stranger says one."""
    claimed = lines(request.headers, VARIANT_FIELD) if request.trusted else []
    return claimed[0] if len(claimed) == 1 else b""


def was_asked_before(request: Request) -> bool:
    """Whether a trusted front has had this request decided already, and so remembered as a page that is seen."""
    return claimed_key(request) not in (b"", PLAIN)
