"""Holding a body until it is whole, so that it can be stored; or saying why it is passed on instead.

Owns the bounds in bytes and in time, and what is never held.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from proxy.cache.answers import OriginAnswer
from proxy.cache.messages import lines
from proxy.cache.storability import NotStored
from proxy.holding import Holding
from proxy.wire import Headers

_ENDLESS = b"text/event-stream"


class NotHeld(StrEnum):
    """Why a response that could be stored is not held for that, in a word that `Cache-Status` can bear."""

    SIZE = "size"
    STREAM = "stream"
    SLOW = "slow"
    CROWDED = "crowded"
    """it might be another time: too much is held already"""


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
        chunks: list[bytes] = []
        size = 0
        try:
            with self.holding.one() as share:
                async with asyncio.timeout(self.seconds):
                    while not response.at_end and size <= self.limit:
                        chunks.append(await response.read_chunk())
                        size += len(chunks[-1])
                        if not share.take(len(chunks[-1])):
                            return Held(b"".join(chunks), NotHeld.CROWDED)
        except TimeoutError:
            return Held(b"".join(chunks), NotHeld.SLOW)
        except self.failures:
            return Held(b"".join(chunks), NotStored.INCOMPLETE)
        if size > self.limit:
            return Held(b"".join(chunks), NotHeld.SIZE)
        is_short = _declared_length(response.headers) not in (None, size)
        return Held(b"".join(chunks), NotStored.INCOMPLETE if is_short else None)


def _declared_length(headers: Headers) -> int | None:
    """The body's length by `Content-Length`; None where that is absent, or no number."""
    found = lines(headers, b"content-length")
    return int(found[0]) if len(found) == 1 and found[0].isdigit() and len(found[0]) < 20 else None
