"""Several processes behind the same sockets: started, replaced when one dies, and ended together.

Knows nothing of what they do. Processes are spawned and not forked: a fork would share the parent's threads' locks.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import Any

END_SECONDS = 20.0
"""How long they may take to end; longer than a listener drains."""

EARLY_DEATH_SECONDS = 1.0
"""One that dies sooner than this after its start is replaced only then, lest a fault becomes a storm of starts."""

logger = logging.getLogger(__name__)


def run_workers(
    count: int, target: Callable[..., None], arguments: tuple[Any, ...], *, release: Callable[[], None]
) -> None:
    """Keep `count` processes of `target(*arguments)` alive until SIGTERM or SIGINT, then end them.

    `release` lets go of what the parent holds for them (sockets) when the end begins.
    """
    workers = _Workers(target, arguments)
    with _stop_descriptor() as stop:
        try:
            for _ in range(count):
                workers.start()
            while stop not in wait([stop, *workers.sentinels]):
                workers.replace_dead(stop)
        finally:
            release()
            workers.end()


class _Workers:
    def __init__(self, target: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._target = target
        self._arguments = arguments
        self._started: dict[SpawnProcess, float] = {}

    @property
    def sentinels(self) -> list[int]:
        return [process.sentinel for process in self._started]

    def start(self) -> None:
        process = self._context.Process(target=self._target, args=self._arguments, daemon=True)
        # A Ctrl-C reaches the whole group. One that has not come up yet inherits this, and is ended by the parent.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            process.start()
        finally:
            signal.signal(signal.SIGINT, handler)
        self._started[process] = time.monotonic()

    def replace_dead(self, stop: int) -> None:
        for process, started in [*self._started.items()]:
            if process.is_alive():
                continue
            process.join()
            logger.error("Worker %s died (exit code %s) and is replaced", process.pid, process.exitcode)
            del self._started[process]
            process.close()
            early = EARLY_DEATH_SECONDS - (time.monotonic() - started)
            if early > 0 and wait([stop], early):
                return
            self.start()

    def end(self) -> None:
        for process in self._started:
            process.terminate()
        deadline = time.monotonic() + END_SECONDS
        for process in self._started:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                logger.error("Worker %s did not end in time and is killed", process.pid)
                process.kill()
                process.join()


@contextmanager
def _stop_descriptor() -> Iterator[int]:
    """A descriptor that becomes readable when a signal says to stop."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: os.write(writing, b".")) for number in numbers}
    try:
        yield reading
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)
