"""What takes long to make and nobody waits for, made beside the event loop: one thing at a time, in order.

Who asks goes on meanwhile, and takes what is ready the next time: so nothing here needs an event loop, and all but the
work itself is done in the asker's thread.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

logger = logging.getLogger(__name__)

_MAX_WAITING = 16

_T = TypeVar("_T")


class Compressor:
    """Works in a thread of its own, which begins with the first work; no more than sixteen pieces wait for it."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="compressor")
        self._is_closed = False
        # Whether it is done, and what takes its result.
        self._asked: deque[tuple[Callable[[], bool], Callable[[], None]]] = deque()

    def ask(self, work: Callable[[], _T], take: Callable[[_T], None]) -> Callable[[], bool] | None:
        """Have work done, and its result taken by a later `collect`; None where too much waits, or all is over.

        What is given back cancels work that has not begun.
        """
        self.collect()
        if self._is_closed or len(self._asked) >= _MAX_WAITING:
            return None
        future = self._thread.submit(work)
        self._asked.append((future.done, partial(_take_result, future, take)))
        return future.cancel

    def collect(self) -> None:
        """Have all results taken that are there."""
        while self._asked and self._asked[0][0]():
            self._asked.popleft()[1]()

    def finish(self) -> None:
        """Wait for all that was asked for, and have it taken."""
        self._thread.submit(int).result()
        self.collect()

    def close(self) -> None:
        """Drop what waits, and wait for the piece of work that is under way; its result is dropped, too."""
        self._is_closed = True
        self._thread.shutdown(cancel_futures=True)
        self._asked.clear()


def _take_result(future: Future[_T], take: Callable[[_T], None]) -> None:
    if future.cancelled():
        return
    error = future.exception()
    if error is None:
        take(future.result())
    else:
        logger.error("a page could not be compressed: it goes out as it is", exc_info=error)
