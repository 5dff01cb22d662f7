"""Several processes behind the same sockets: started, replaced when one dies, told what all shall do, ended together.

Knows nothing of what they do. Processes are spawned and not forked: a fork would share the parent's threads' locks.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import signal
import socket
import time
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from typing import Any

from proxy.fleet.dispatch import Dispatch
from proxy.fleet.hangup import Hangup
from proxy.fleet.parent import Line

END_SECONDS = 20.0
"""How long they may take to end, unless something else is said."""

SPARE_SECONDS = 10.0
"""How much longer that has to be than a listener drains."""

EARLY_DEATH_SECONDS = 1.0
"""One that dies sooner than this after its start is replaced only then, lest a fault becomes a storm of starts."""

# A Ctrl-C reaches the whole group, and so does the end of a terminal: both are for the parent to hear.
_FOR_THE_PARENT = (signal.SIGINT, signal.SIGHUP)

logger = logging.getLogger(__name__)


def run_workers(
    count: int,
    target: Callable[..., None],
    arguments: tuple[Any, ...],
    *,
    release: Callable[[], None],
    on_hangup: Any,
    end_seconds: float = END_SECONDS,
) -> None:
    """Keep `count` processes of `target(*arguments, end)` alive until SIGTERM or SIGINT, then end them.

    `end` is the worker's end of its line (`proxy.fleet.parent`). `on_hangup` is the order that each gets at a SIGHUP.
    `release` lets go of what the parent holds for them (sockets) when the end begins. One that has not ended after
    `end_seconds` is killed.
    """
    asyncio.run(_Workers(target, arguments, on_hangup, end_seconds).run(count, release))


class _Workers:
    def __init__(
        self, target: Callable[..., None], arguments: tuple[Any, ...], on_hangup: Any, end_seconds: float
    ) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._target = target
        self._arguments = arguments
        self._on_hangup = on_hangup
        self._end_seconds = end_seconds
        self._hangup = Hangup()
        self._dispatch = Dispatch()
        self._stop = asyncio.Event()
        self._running: set[SpawnProcess] = set()

    async def run(self, count: int, release: Callable[[], None]) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                self._listen_to_signals(tasks)
                running = [tasks.create_task(self._keep_one()) for _ in range(count)]
                await self._stop.wait()
                for task in running:
                    task.cancel()
        finally:
            release()
            # The loop goes on, so that workers hear at once that nobody passes on what they ask.
            await asyncio.to_thread(self._end)

    def _listen_to_signals(self, tasks: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: tasks.create_task(self._hang_up()))

    async def _hang_up(self) -> None:
        if self._hangup.means_end():
            self._stop.set()
            return
        reports = await self._dispatch.ask(self._on_hangup)
        if reports.missing:
            logger.error("Workers that did not answer to SIGHUP: %s", ", ".join(map(str, reports.missing)))

    async def _keep_one(self) -> None:
        """A process, and the next one when it dies, until this is cancelled."""
        while True:
            started = time.monotonic()
            process, line = await self._start()
            attending = asyncio.create_task(self._dispatch.attend(process.pid or 0, line))
            try:
                await _ended(process)
            finally:
                attending.cancel()
            process.join()
            logger.error("Worker %s died (exit code %s) and is replaced", process.pid, process.exitcode)
            self._running.discard(process)
            process.close()
            await asyncio.sleep(EARLY_DEATH_SECONDS - (time.monotonic() - started))

    async def _start(self) -> tuple[SpawnProcess, Line]:
        ours, theirs = socket.socketpair()
        with theirs:
            process = self._context.Process(target=self._target, args=(*self._arguments, theirs), daemon=True)
            # One that has not come up yet inherits this, and is ended by the parent.
            handlers = {number: signal.signal(number, signal.SIG_IGN) for number in _FOR_THE_PARENT}
            try:
                process.start()
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)
        self._running.add(process)
        return process, await Line.open(ours)

    def _end(self) -> None:
        for process in self._running:
            process.terminate()
        deadline = time.monotonic() + self._end_seconds
        for process in self._running:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                logger.error("Worker %s did not end in time and is killed", process.pid)
                process.kill()
                process.join()


async def _ended(process: SpawnProcess) -> None:
    """Wait until a process has died."""
    loop, died = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(process.sentinel, died.set)
    try:
        await died.wait()
    finally:
        loop.remove_reader(process.sentinel)
