"""Threads for what would hold up the event loop, and what keeps work that never ends from taking all of them.

A thread can't be ended from outside. So there are few, nothing waits behind them without bound, and the process doesn't
wait for them at its end (as it would for those of `asyncio.to_thread`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

_T = TypeVar("_T")


class CrowdedError(Exception):
    """All threads are at work, and enough waits for them."""


class Threads:
    """At most `most` threads, which begin when they are needed; no more than `waiting` pieces of work wait for one.

    To be used in one event loop at a time.
    """

    def __init__(self, most: int = 4, waiting: int = 16) -> None:
        self._most = most
        self._waiting = waiting
        self._orders: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._started = 0
        self.under_way = 0
        """How many pieces of work are done, or wait."""

    async def run(self, work: Callable[[], _T]) -> _T:
        """What the work gives or raises. Raises CrowdedError at once where there is no place for it.

        Work whose waiter was cancelled is done all the same, and takes its place until then.
        """
        if self.under_way >= self._most + self._waiting:
            raise CrowdedError("all threads are at work")
        loop = asyncio.get_running_loop()
        result: asyncio.Future[_T] = loop.create_future()
        self.under_way += 1
        self._orders.put(partial(self._work, partial(copy_context().run, work), result, loop))
        if self._started < min(self._most, self.under_way):
            self._started += 1
            Thread(target=self._run, name="pages", daemon=True).start()
        return await result

    def _run(self) -> None:
        while True:
            self._orders.get()()

    def _work(self, work: Callable[[], _T], result: asyncio.Future[_T], loop: asyncio.AbstractEventLoop) -> None:
        try:
            done = partial(_set_result, result, work())
        except BaseException as error:
            done = partial(_set_exception, result, error)
        # By now the loop may be closed, and then nobody waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._end, done)

    def _end(self, done: Callable[[], None]) -> None:
        self.under_way -= 1
        done()


def _set_result(future: asyncio.Future[_T], value: _T) -> None:
    if not future.done():
        future.set_result(value)


def _set_exception(future: asyncio.Future[_T], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
