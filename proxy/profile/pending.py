"""What was remembered and is not on disk yet, so that whoever reads meanwhile sees it.

A visitor's steps wait, are then being written, and at the commit have become a profile. While they wait, a reader puts
them on top of what the disk holds; from when the writer has worked out the profile until the commit is done, that
profile stands for the disk. So no step is ever missed or seen twice, and nobody waits for a commit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from proxy.profile.model import Event, Profile
from proxy.profile.observe import observe

MAX_STEPS_OF_ONE = 100
"""Of one visitor: each read goes through all of them, at some 25 µs a step."""


class Step(NamedTuple):
    """An event and its moment; without an event the profile is erased."""

    event: Event | None
    at: datetime


def follow(profile: Profile | None, steps: Iterable[Step]) -> Profile | None:
    """The profile after these steps."""
    for step in steps:
        profile = observe(profile, step.event, step.at) if step.event is not None else None
    return profile


class Pending:
    """Steps by the visitor's key, at most `limit` of them, and of one visitor at most MAX_STEPS_OF_ONE.

    One thread may add and read while another writes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._waiting: dict[bytes, list[Step]] = {}
        self._batch: dict[bytes, list[Step]] = {}
        self._settled: dict[bytes, Profile | None] = {}
        self._size = 0
        self._batches_done = 0

    def __len__(self) -> int:
        return self._size

    def add(self, key: bytes, step: Step) -> bool:
        """Let a step wait; False where there is no room. There always is for an erasure."""
        with self._lock:
            if step.event is not None and not self._has_room(key):
                return False
            self._waiting.setdefault(key, []).append(step)
            self._size += 1
            return True

    def erase_before(self, key: bytes, at: datetime) -> None:
        """Erase what is on disk of a visitor, and nothing of what waits."""
        with self._lock:
            self._waiting.setdefault(key, []).insert(0, Step(None, at))
            self._size += 1

    def _has_room(self, key: bytes) -> bool:
        own = len(self._batch.get(key, ())) + len(self._waiting.get(key, ()))
        return self._size < self._limit and own < MAX_STEPS_OF_ONE

    def read(self, key: bytes, load: Callable[[bytes], Profile | None]) -> Profile | None:
        """The visitor's profile with all pending steps; `load` reads the disk.

        Only the thread that adds steps may read.
        """
        while True:
            with self._lock:
                batches = self._batches_done
                if key in self._settled:
                    return follow(self._settled[key], self._waiting.get(key, ()))
                steps = (*self._batch.get(key, ()), *self._waiting.get(key, ()))
            # Without the lock, since a disk may hang; if these steps are committed under our hands, they may be in it.
            profile = load(key)
            with self._lock:
                if batches == self._batches_done and key not in self._settled:
                    return follow(profile, steps)

    def take(self) -> Mapping[bytes, list[Step]]:
        """All that waits, to be written; ends with `done`, `drop` or `put_back`."""
        with self._lock:
            self._batch, self._waiting = self._waiting, {}
            return self._batch

    def settle(self, key: bytes, profile: Profile | None) -> None:
        """What the visitor's steps came to, before it is committed."""
        with self._lock:
            self._settled[key] = profile

    def done(self) -> None:
        """The batch is on disk."""
        self.drop()

    def drop(self) -> int:
        """The batch is nothing to wait for any more; how many steps it had."""
        with self._lock:
            size = sum(map(len, self._batch.values()))
            self._size -= size
            self._batch, self._settled = {}, {}
            self._batches_done += 1
            return size

    def put_back(self) -> None:
        """The batch could not be written: it waits again, before all that came since."""
        with self._lock:
            for key, steps in self._waiting.items():
                self._batch.setdefault(key, []).extend(steps)
            self._waiting, self._batch, self._settled = self._batch, {}, {}
