"""The outbox: what one turn of the event loop answers from memory, written once all that came in that turn is read.

To write wakes the reader, and a reader on the same machine (a proxy in front, a sidecar) that has to be woken takes
more of this process' time than the answer did: measured, a fifth of a hit. Who writes several at a time wakes it once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Outbox:
    """Of one listener. What is put in is called before the loop looks for what came next."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []

    def put(self, send: Callable[[], None], loop: asyncio.AbstractEventLoop) -> None:
        """Have `send` called at the end of this turn."""
        if not self._waiting:
            loop.call_soon(self._send_all)
        self._waiting.append(send)

    def _send_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        for send in waiting:
            try:
                send()
            except Exception:
                # The others are strangers to it, and have nobody else to send for them.
                logger.exception("an answer could not be written")
