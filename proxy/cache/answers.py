"""What the page cache gives: a stored response as this visitor gets it, or the origin's, to be passed on.

Owns the fields that are told of an answer: `Age`, `Cache-Status`, and the tracking parameters that a redirect gives
back. Pure, but for the types that stand for the origin.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from email.utils import formatdate
from typing import NamedTuple, Protocol

from proxy.cache.cache_status import CacheStatus, Forward, with_cache_status
from proxy.cache.invalidation import target_on_site
from proxy.cache.keys import only_parameters
from proxy.cache.messages import Response, lines
from proxy.cache.patterns import NamePatterns
from proxy.cache.policy import Asked
from proxy.cache.store import Stored
from proxy.cache.validation import NOT_UPDATED, is_not_modified
from proxy.wire import Headers

_REDIRECTIONS = frozenset({301, 302, 303, 307, 308})


class OriginAnswer(Protocol):
    """An origin's response whose head is here; whoever has it closes it.

    Hop-by-hop fields are gone from its headers.
    """

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def at_end(self) -> bool:
        """Whether the last piece of the body was read."""

    @property
    def is_at_hand(self) -> bool:
        """Whether reading the next piece waits for nothing."""

    async def read_chunk(self) -> bytes:
        """The next piece of the body; it raises where that breaks off, and does so again."""

    async def close(self) -> None:
        """End what was not read of it."""


class Fetch(Protocol):
    """Asks the origin. It may be called never, once or twice, also after the visitor was answered."""

    def __call__(self, method: str, target: bytes, headers: Headers, /) -> Awaitable[OriginAnswer]: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A response to be sent as it is. A stored body is the same object each time, also after a 304.

    `fresh_until` is the moment up to which anybody may get it; 0 for what is not kept.
    """

    status: int
    headers: Headers
    body: bytes
    fresh_until: float = 0.0


class Passed(NamedTuple):
    """The origin's own response, for this visitor alone: to be streamed under `headers`, and closed.

    `held` is what was read of its body before.
    """

    response: OriginAnswer
    headers: Headers
    held: bytes = b""


def unavailable(asked: Asked) -> Answer:
    """For who wants none but a stored response: 504 (RFC 9111 §5.2.1.7), without `Cache-Status` (RFC 9211 §2)."""
    body = b"no response is kept\n"
    headers = (
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    )
    return Answer(504, headers, b"" if asked.method == "HEAD" else body)


def answer(
    asked: Asked,
    stored: Stored,
    status: CacheStatus,
    tracking: NamePatterns,
    *,
    age: float | None = None,
    is_kept: bool = True,
) -> Answer:
    """The stored response for one visitor: whole, its head for a HEAD, or a 304 for who has it already.

    `age`, in seconds, is told where the origin wasn't asked just now (RFC 9111 §5.1). One that `is_kept` no longer is
    for this visitor alone.
    """
    fresh_until = stored.freshness.ends_at if is_kept else 0.0
    headers = stored.response.headers
    if age is not None:
        headers = (*(field for field in headers if field[0] != b"age"), (b"age", b"%d" % age))
    headers = told_headers(asked, stored.response.status, headers, status, tracking)
    if is_not_modified(asked.headers, stored.response):
        # What describes the body is the 200's alone (RFC 9110 §15.4.5).
        return Answer(304, tuple(field for field in headers if field[0] not in NOT_UPDATED), b"", fresh_until)
    return Answer(stored.response.status, headers, b"" if asked.method == "HEAD" else stored.body, fresh_until)


def told_headers(
    asked: Asked, status: int, headers: Headers, cache_status: CacheStatus, tracking: NamePatterns
) -> Headers:
    """A response's headers as the visitor gets them: with our word on the cache, and a redirect's parameters."""
    # What goes past the cache had them.
    was_taken = status in _REDIRECTIONS and cache_status.forward not in (Forward.BYPASS, Forward.METHOD)
    if was_taken and (taken := only_parameters(asked.target.partition(b"?")[2], tracking)):
        headers = tuple((name, _given_back(asked, name, value, taken)) for name, value in headers)
    return with_cache_status(headers, cache_status)


def completed(head: Response, body: bytes) -> Response:
    """A response with what it has to say once it is whole: when it came, and how long it is (RFC 9110 §6.6.1)."""
    headers = head.headers
    if not lines(headers, b"date"):
        headers = (*headers, (b"date", formatdate(head.received_at, usegmt=True).encode()))
    # An empty body too: what is sent from memory is framed by nothing else.
    if head.status not in (204, 304) and not lines(headers, b"content-length"):
        headers = (*headers, (b"content-length", b"%d" % len(body)))
    return head._replace(headers=headers)


def _given_back(asked: Asked, name: bytes, value: bytes, taken: bytes) -> bytes:
    """A `Location` within the site with the parameters that the origin didn't see."""
    if name != b"location" or target_on_site(value, asked.site, asked.target) is None:
        return value
    url, mark, fragment = value.partition(b"#")
    return url + (b"&" if b"?" in url else b"?") + taken + mark + fragment
