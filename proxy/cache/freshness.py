"""How long a response is fresh, and how old it is (RFC 9111 §4.2). Pure: the clock is handed in.

Nothing is guessed: no heuristics (§4.2.2), and no field of a CDN's. Where a response says nothing about freshness, the
operator may. What freshness permits a request is `proxy.cache.reuse`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from proxy.cache.dates import parse_date
from proxy.cache.directives import ResponseDirectives, parse_seconds
from proxy.cache.messages import Response, lines
from proxy.wire import Headers

HEURISTICALLY_CACHEABLE = frozenset({200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501})
"""What may be stored though it doesn't say so (RFC 9110 §15.1), but 206, of which we keep no parts."""

# A response with one of these speaks to caches, if not to this one: the operator doesn't speak for it.
_SPEAKS_OF_FRESHNESS = frozenset(
    {b"cdn-cache-control", b"edge-control", b"expires", b"pragma", b"surrogate-control", b"x-accel-expires"}
)


@dataclass(frozen=True, slots=True)
class Freshness:
    """What a stored response's head says about its reuse, worked out once, when it is stored or validated.

    `lifetime` is negative where the response had expired before it was sent. `always_validate` forbids any use without
    the origin's word, `never_stale` any once it is stale.
    """

    lifetime: int
    initial_age: float
    received_at: float
    always_validate: bool = False
    never_stale: bool = False
    stale_while_revalidate: int = 0
    stale_if_error: int = 0

    def age(self, now: float) -> float:
        """`current_age` (RFC 9111 §4.2.3), in seconds."""
        return self.initial_age + max(0.0, now - self.received_at)

    @property
    def ends_at(self) -> float:
        """The moment from which it is stale; 0 where it is validated before each use."""
        return 0.0 if self.always_validate else self.received_at + self.lifetime - self.initial_age

    def remaining(self, now: float) -> float:
        """The seconds for which it is still fresh; none or fewer where it is stale."""
        return self.lifetime - self.age(now)


def freshness_of(response: Response, *, assigned: int | None = None) -> Freshness:
    """The freshness of a response that `why_not_stored` has nothing against, under the same `assigned` seconds.

    One that says nothing, where the operator doesn't either, is validated before each use.
    """
    directives = ResponseDirectives.of(response.headers)
    lifetime = lifetime_of(response, directives, assigned=assigned)
    return Freshness(
        lifetime=lifetime or 0,
        initial_age=initial_age(response),
        received_at=response.received_at,
        always_validate=directives.no_cache or lifetime is None,
        never_stale=never_stale(directives),
        stale_while_revalidate=directives.stale_while_revalidate,
        stale_if_error=directives.stale_if_error,
    )


def lifetime_of(response: Response, directives: ResponseDirectives, *, assigned: int | None = None) -> int | None:
    """`freshness_lifetime` (RFC 9111 §4.2.1), in seconds; None where nobody says one.

    `assigned` is what the operator gives this URL. It counts where the response says nothing about freshness, and is
    no error.
    """
    if directives.s_maxage is not None:
        return directives.s_maxage
    if directives.max_age is not None:
        return directives.max_age
    if expires := lines(response.headers, b"expires"):
        return min(_until(each, response) for each in expires)
    if assigned is None or response.status not in HEURISTICALLY_CACHEABLE or response.status >= 400:
        return None
    if directives.no_cache or any(name in _SPEAKS_OF_FRESHNESS for name, _ in response.headers):
        return None
    return assigned


def never_stale(directives: ResponseDirectives) -> bool:
    """Whether a shared cache may not use the response once it is stale (RFC 9111 §5.2.2.2, §5.2.2.8, §5.2.2.10)."""
    return directives.must_revalidate or directives.proxy_revalidate or directives.s_maxage is not None


def initial_age(response: Response) -> float:
    """`corrected_initial_age` (RFC 9111 §4.2.3): the more cautious of what the dates and what the caches say."""
    apparent = max(0.0, response.received_at - generated_at(response))
    delay = max(0.0, response.received_at - response.requested_at)
    return max(apparent, age_value(response.headers) + delay)


def generated_at(response: Response) -> float:
    """The response's `Date`; the moment it was received where it has none that can be read (RFC 9110 §6.6.1)."""
    dates = lines(response.headers, b"date")
    date = parse_date(dates[0], response.received_at) if dates else None
    return response.received_at if date is None else date


def age_value(headers: Headers) -> int:
    """`Age`: of several members the first; 0 where that is no number, so is ignored (RFC 9111 §5.1)."""
    found = lines(headers, b"age")
    return (parse_seconds(found[0].partition(b",")[0].strip(b" \t")) if found else 0) or 0


def _until(expires: bytes, response: Response) -> int:
    """Seconds from a response's `Date` to its `Expires`; what can't be read, `0` most of all, is past (§5.3)."""
    moment = parse_date(expires, response.received_at)
    return 0 if moment is None else int(moment - generated_at(response))
