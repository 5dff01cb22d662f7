"""A file whose content is kept, and looked at again while requests run.

Owns when it is read anew. What is read stays until a whole new one was read: it is swapped in one step, and a file that
is wrong changes nothing and is told once.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")
Identity = tuple[int, int, int]
"""Modification, size and inode of a file: what a new one does not share with the old one."""


class WatchedFile(Generic[T]):
    """What `load` makes of a file. `current` is read in the event loop, `refresh` may run in a thread."""

    def __init__(self, path: Path, load: Callable[[Path], T], current: T) -> None:
        self.path = path
        self.current = current
        self._load = load
        self._seen: Identity | None = None

    def open(self) -> None:
        """Read it for the first time; raises what `load` raises, since there is nothing yet that could stay."""
        self._seen = identity_of(self.path)
        self.current = self._load(self.path)

    def refresh(self) -> bool:
        """Read it anew if it is another one than last time; returns whether it was swapped."""
        identity = identity_of(self.path)
        if identity == self._seen:
            return False
        self._seen = identity
        try:
            self.current = self._load(self.path)
        except Exception as error:
            # A fault of the reader's own must not end the watch: the next file may be the cure.
            logger.error("%s can't be used, and what was read before stays: %s", self.path, error)
            return False
        logger.info("%s was read", self.path)
        return True

    async def watch(self, stop: asyncio.Event, *, look_seconds: float = 5.0) -> None:
        """Refresh again and again, off the event loop, until `stop` is set."""
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), look_seconds)
                return
            await asyncio.to_thread(self.refresh)


def identity_of(path: Path) -> Identity | None:
    """The identity of a file; None where there is none."""
    try:
        return identity_in(path.stat())
    except OSError:
        return None


def identity_in(status: os.stat_result) -> Identity:
    """The identity of a file, from what the system tells of it."""
    return status.st_mtime_ns, status.st_size, status.st_ino
