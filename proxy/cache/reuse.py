"""Whether a stored response answers a request, now, and whether it may once the origin fails (RFC 9111 §4). Pure.

The stored response is one that `proxy.cache.vary` chose for the request; asking the origin is for whoever holds the
store. What a visitor asks for can only narrow what the origin permits, but for `max-stale` and `stale-if-error`, by
which visitors take a stale response for themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from proxy.cache.cache_status import Forward
from proxy.cache.directives import RequestDirectives
from proxy.cache.freshness import Freshness


class Use(StrEnum):
    """What becomes of a request for which something is stored, or nothing."""

    FRESH = "fresh"
    """answered with the stored response"""
    STALE = "stale"
    """the same, as the visitor takes a stale one (`max-stale`)"""
    STALE_WHILE_REVALIDATE = "stale-while-revalidate"
    """the same, and the origin is asked behind it (RFC 5861 §3)"""
    REVALIDATE = "revalidate"
    """the origin is asked whether it still holds"""
    MISS = "miss"
    """the origin is asked"""
    UNAVAILABLE = "unavailable"
    """504: the visitor wants none but a stored response (`only-if-cached`)"""


@dataclass(frozen=True, slots=True)
class Reuse:
    """What is done, and where the origin is asked, why. Nothing but the store tells one kind of miss from another."""

    use: Use
    forward: Forward | None = None


_MISS = Reuse(Use.MISS, Forward.MISS)


def decide_reuse(request: RequestDirectives, stored: Freshness | None, now: float) -> Reuse:
    """What becomes of a request; `stored` is None where no stored response fits."""
    reuse = _MISS if stored is None else _reuse(request, stored, now)
    if reuse.forward is not None and request.only_if_cached:
        return Reuse(Use.UNAVAILABLE)
    return reuse


def outlasts_error(request: RequestDirectives, stored: Freshness, now: float) -> bool:
    """Whether the stored response may go out in place of an error (RFC 5861 §4).

    Errors are 500, 502, 503, 504, and no answer. A visitor's `stale-if-error` counts before the origin's; its `max-age`
    and `min-fresh` count for nothing now.
    """
    if stored.always_validate or request.no_cache:
        return False
    staleness = -stored.remaining(now)
    if staleness < 0:
        return True
    window = stored.stale_if_error if request.stale_if_error is None else request.stale_if_error
    return not stored.never_stale and staleness < window


def _reuse(request: RequestDirectives, stored: Freshness, now: float) -> Reuse:
    if stored.always_validate:
        return Reuse(Use.REVALIDATE, Forward.STALE)
    if request.no_cache:
        return Reuse(Use.REVALIDATE, Forward.REQUEST)
    remaining = stored.remaining(now)
    is_fresh = remaining > 0
    why = Forward.REQUEST if is_fresh else Forward.STALE
    if request.max_age is not None and stored.age(now) > request.max_age:
        return Reuse(Use.REVALIDATE, why)
    if is_fresh and remaining >= request.min_fresh:
        return Reuse(Use.FRESH)
    if is_fresh or stored.never_stale:
        return Reuse(Use.REVALIDATE, why)
    return _stale(request, stored, -remaining)


def _stale(request: RequestDirectives, stored: Freshness, staleness: float) -> Reuse:
    """What becomes of a request where the stored response is stale, and the origin doesn't forbid that outright."""
    if request.max_stale is not None:
        # With a number it is a limit, whatever the origin permits.
        if staleness <= request.max_stale:
            return Reuse(Use.STALE)
        return Reuse(Use.REVALIDATE, Forward.STALE)
    # Whoever limits age or freshness doesn't wish for a stale response (RFC 9111 §5.2.1.1, §5.2.1.3).
    is_choosy = request.max_age is not None or request.min_fresh > 0
    if staleness < stored.stale_while_revalidate and not is_choosy:
        return Reuse(Use.STALE_WHILE_REVALIDATE)
    return Reuse(Use.REVALIDATE, Forward.STALE)
