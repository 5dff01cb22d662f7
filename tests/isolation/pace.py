"""When requests are due: as fast as they are answered, up to a number or for some time, or by a schedule.

Owns the times. Who asks for what then is `driver`'s.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Protocol


class Pace(Protocol):
    """Hands requests out to whoever is free to send them."""

    @property
    def is_over(self) -> bool:
        """Whether no more are due, ever."""

    async def take(self, count: int) -> bool:
        """Wait until so many requests more are due; False where none are any more."""


class Number:
    """So many requests, as fast as they are answered."""

    def __init__(self, requests: int) -> None:
        self._left = requests

    @property
    def is_over(self) -> bool:
        return self._left <= 0

    async def take(self, count: int) -> bool:
        before, self._left = self._left, self._left - count
        return before > 0


class Schedule:
    """`rate` requests a second for some seconds, each due at its time, however long others take.

    Where all who could send one wait for answers, it is sent late, and those after it are not put off for that. Left
    out, the rate is as fast as they are answered.
    """

    def __init__(
        self,
        seconds: float,
        rate: float = math.inf,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._due = clock()
        self._end = self._due + seconds

    @property
    def is_over(self) -> bool:
        return max(self._due, self._clock()) >= self._end

    async def take(self, count: int) -> bool:
        if self.is_over:
            return False
        due, self._due = self._due, self._due + count / self._rate
        await self._sleep(due - self._clock())
        return True
