"""Holding a body until it is whole, so that it can be stored; or saying why it is passed on instead.

Owns what is never held, and what it is called in `Cache-Status`. How a body is held is `proxy.holding`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from proxy.cache.answers import OriginAnswer
from proxy.cache.messages import lines
from proxy.cache.storability import NotStored
from proxy.holding import End, Holding, hold
from proxy.wire import Headers

_ENDLESS = b"text/event-stream"


class NotHeld(StrEnum):
    """Why a response that could be stored is not held for that, in a word that `Cache-Status` can bear."""

    SIZE = "size"
    STREAM = "stream"
    SLOW = "slow"
    CROWDED = "crowded"
    """it might be another time: too much is held already"""


_WHY_NOT: dict[End, NotHeld | NotStored] = {
    End.TOO_LARGE: NotHeld.SIZE,
    End.TOO_SLOW: NotHeld.SLOW,
    End.CROWDED: NotHeld.CROWDED,
    End.BROKEN: NotStored.INCOMPLETE,
}


@dataclass(frozen=True, slots=True)
class Held:
    """What came of a body, and what keeps it from being stored, if anything does."""

    body: bytes
    why_not: NotHeld | NotStored | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """Holds bodies of up to `limit` bytes for up to `seconds`, and all of them within `holding`; `failures` is what a
    body that breaks off raises.
    """

    limit: int
    seconds: float
    failures: tuple[type[Exception], ...]
    holding: Holding

    def why_not(self, headers: Headers) -> NotHeld | None:
        """What a response's head tells against it already."""
        if any(kind.lower().startswith(_ENDLESS) for kind in lines(headers, b"content-type")):
            return NotHeld.STREAM
        return NotHeld.SIZE if (_declared_length(headers) or 0) > self.limit else None

    async def hold(self, response: OriginAnswer) -> Held:
        """Read a body until it ends, or can't be stored any more. Whoever sends the rest on reads on, and finds a
        break again.
        """
        with self.holding.one() as share:
            body, end = await hold(
                response, limit=self.limit, seconds=self.seconds, failures=self.failures, has_room=share.take
            )
        if end is not End.WHOLE:
            return Held(body, _WHY_NOT[end])
        is_short = _declared_length(response.headers) not in (None, len(body))
        return Held(body, NotStored.INCOMPLETE if is_short else None)


def _declared_length(headers: Headers) -> int | None:
    """The body's length by `Content-Length`; None where that is absent, or no number."""
    found = lines(headers, b"content-length")
    return int(found[0]) if len(found) == 1 and found[0].isdigit() and len(found[0]) < 20 else None
