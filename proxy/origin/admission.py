"""How many requests are with the origin at one time, and how many wait for their turn.

What a slow origin holds up is memory: a request with its head, a body under way, a connection's buffers. So both
numbers are bounded, and who finds no place is told so at once (Envoy's `max_connections` and `max_pending_requests`,
1,024 each by default).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from proxy.origin.errors import OriginCrowdedError


class Admission:
    """Places for `most` requests; as many may wait for one, each for `wait_seconds` at most. For one event loop."""

    def __init__(self, most: int, *, wait_seconds: float) -> None:
        self._most = most
        self._wait_seconds = wait_seconds
        self._queue: deque[asyncio.Future[None]] = deque()
        self.open = 0
        """How many places are taken."""
        self.refused = 0
        """How many requests got none."""

    @property
    def waiting(self) -> int:
        """How many requests wait for one."""
        return len(self._queue)

    async def enter(self) -> None:
        """Take a place, in the order of asking, to be left once. Raises OriginCrowdedError."""
        # Nobody waits while a place is free.
        if self.open < self._most:
            self.open += 1
        else:
            await self._wait()

    def leave(self) -> None:
        """Give a place back, to the one who waits longest."""
        self.open -= 1
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                self.open += 1
                turn.set_result(None)
                break

    async def _wait(self) -> None:
        if self.waiting >= self._most:
            self.refused += 1
            raise OriginCrowdedError(f"{self.open} requests are with the origin and {self.waiting} wait")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await turn
        except BaseException as error:
            if turn.cancelled():
                with contextlib.suppress(ValueError):  # who left may have passed it over meanwhile
                    self._queue.remove(turn)
            else:
                # Its turn came at the moment at which it gave up.
                self.leave()
            if not isinstance(error, TimeoutError):
                raise
            self.refused += 1
            raise OriginCrowdedError(f"{self.open} requests are with the origin, and none ended in time") from error
