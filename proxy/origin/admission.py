"""How many requests are with the origin at one time, and how many wait for their turn.

What a slow origin holds up is memory: a request with its head, a body under way, a connection's buffers. So both
numbers are bounded, and who finds no place is told so at once (Envoy's `max_connections` and `max_pending_requests`,
1,024 each by default).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack

from proxy.origin.errors import OriginCrowdedError


class Admission:
    """Places for `most` requests; as many may wait for one, each for `wait_seconds` at most. For one event loop."""

    def __init__(self, most: int, *, wait_seconds: float) -> None:
        self._most = most
        self._wait_seconds = wait_seconds
        self._free = asyncio.Semaphore(most)
        self.open = 0
        """How many places are taken."""
        self.waiting = 0
        self.refused = 0
        """How many requests got none."""

    async def enter(self) -> Callable[[], None]:
        """A place, in the order of asking; what is given back leaves it, the first time that it is called.

        Raises OriginCrowdedError.
        """
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        self.open += 1
        place = ExitStack()
        place.callback(self._leave)
        return place.close

    async def _wait(self) -> None:
        if self.waiting >= self._most:
            self.refused += 1
            raise OriginCrowdedError(f"{self.open} requests are with the origin and {self.waiting} wait")
        self.waiting += 1
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        except TimeoutError as error:
            self.refused += 1
            raise OriginCrowdedError(f"{self.open} requests are with the origin, and none ended in time") from error
        finally:
            self.waiting -= 1

    def _leave(self) -> None:
        self.open -= 1
        self._free.release()
