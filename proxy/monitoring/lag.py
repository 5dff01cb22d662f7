"""How late the event loop is: what a request waits for others, whatever else is measured of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from proxy.monitoring.tally import SLOW_SECONDS, Histogram

LOOK_SECONDS = 1.0


class LoopLag:
    """Asks to be woken again and again, and counts how much later than that it was."""

    def __init__(self, look_seconds: float = LOOK_SECONDS) -> None:
        self._look_seconds = look_seconds
        self.seconds = Histogram(SLOW_SECONDS)

    async def watch(self, stop: asyncio.Event) -> None:
        """Look until `stop` is set."""
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            due = loop.time() + self._look_seconds
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._look_seconds)
                return
            self.seconds.observe(max(0.0, loop.time() - due))
