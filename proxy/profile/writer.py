"""The thread that writes profiles: in batches, and between them it ages rows and wipes what was erased.

Owns when all of that is done, and what becomes of a batch that can't be written: while the file is locked or the disk
full it waits, and what finds no room behind it is lost; a damaged file costs the batch.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from proxy.profile.database import PARTITIONS, Database, damage_marker, day_of, is_damage
from proxy.profile.pending import Pending
from proxy.profile.store import StoreError

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
IDLE_SECONDS = 10.0
_AGED_WHEN_FULL = 8
_MAX_ERASED = 100_000


class Writer:
    """Writes what is `pending`; `days` is how long a profile is kept, `max_bytes` how much of the file is used."""

    def __init__(
        self,
        path: Path,
        pending: Pending,
        *,
        now: Callable[[], datetime],
        days: int,
        max_bytes: int,
        batch_seconds: float,
    ) -> None:
        self._path = path
        self._pending = pending
        self._now = now
        self._days = days
        self._max_bytes = max_bytes
        self._batch_seconds = batch_seconds
        self._database: Database | None = None
        self._partition = 0
        self._age_at = now()
        self._erased: deque[tuple[datetime, bytes]] = deque(maxlen=_MAX_ERASED)
        self._work = threading.Event()
        self._hurry = threading.Event()
        self._turned = threading.Condition()
        self._turns_begun = self._turns_done = self._turns_failed = 0
        self._is_failing = False
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name="profiles", daemon=True)
        self.errors = 0
        """How often the file could not be written."""
        self.lost = 0
        """How many steps were given up with it."""

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to write."""
        if not self._work.is_set():
            self._work.set()

    def erase_again(self, key: bytes, at: datetime) -> None:
        """Erase a visitor once more soon after `at`, or at the end: what another process had under way, and wrote."""
        self._erased.append((at, key))

    def flush(self, seconds: float) -> bool:
        """Wait until a turn that begins from now on has written and wiped all; False where it fails or takes longer."""
        with self._turned:
            wanted = self._turns_begun + 1
            self._hurry.set()
            self._work.set()
            self._turned.wait_for(lambda: max(self._turns_done, self._turns_failed) >= wanted, seconds)
            return self._turns_done >= wanted

    def close(self, seconds: float) -> None:
        """Write what is left, and end the thread."""
        self._is_ending = True
        self._hurry.set()
        self._work.set()
        self._thread.join(seconds)

    def oldest_day(self) -> int:
        """The day of the oldest profiles that still count."""
        return day_of(self._now() - timedelta(days=self._days))

    def _run(self) -> None:
        is_done = True
        while not self._is_ending:
            self._work.wait(IDLE_SECONDS if is_done else RETRY_SECONDS)
            # Steps gather, so that a batch pays once for its transaction.
            self._hurry.wait(self._batch_seconds)
            is_done = self._turn()
        if not self._turn():
            self.lost += len(self._pending)
        self._close_database()

    def _turn(self) -> bool:
        """Write, wipe and age; whether all that was pending is on disk, and what was erased is nowhere."""
        self._work.clear()
        self._hurry.clear()
        with self._turned:
            self._turns_begun += 1
            turn = self._turns_begun
        try:
            is_done = self._write()
        except (sqlite3.Error, StoreError) as error:
            self._note(error)
            with self._turned:
                self._turns_failed = turn
                self._turned.notify_all()
            return False
        if self._is_failing:
            logger.info("%s: profiles are written again", self._path)
            self._is_failing = False
        if is_done:
            with self._turned:
                self._turns_done = turn
                self._turned.notify_all()
        return is_done

    def _write(self) -> bool:
        if self._database is None:
            self._database = Database(self._path)
        database, oldest_day = self._database, self.oldest_day()
        while self._erased and (self._is_ending or self._erased[0][0] <= self._now()):
            self._pending.erase_before(self._erased.popleft()[1], self._now())
        if batch := self._pending.take():
            database.write(batch, self._pending.settle, oldest_day=oldest_day)
        self._pending.done()
        for _ in range(self._partitions_to_age(database)):
            database.age(self._partition, oldest_day=oldest_day, max_bytes=self._max_bytes)
            self._partition = (self._partition + 1) % PARTITIONS
        if not database.is_wiped:
            database.wipe()
        return database.is_wiped

    def _partitions_to_age(self, database: Database) -> int:
        if database.used_bytes() > self._max_bytes:
            return _AGED_WHEN_FULL
        if self._now() < self._age_at:
            return 0
        self._age_at = self._now() + timedelta(seconds=IDLE_SECONDS)
        return 1

    def _note(self, error: Exception) -> None:
        """Give the batch up if it can never be written, else let it wait."""
        self.errors += 1
        self._close_database()
        consequence = "what is remembered waits"
        if is_damage(error):
            self._pending.put_back()
            self._pending.take()
            self.lost += self._pending.drop()
            consequence = "the file is damaged, and the next start begins a new one"
            with contextlib.suppress(OSError):
                damage_marker(self._path).touch()
        else:
            self._pending.put_back()
        if not self._is_failing:
            logger.error("%s: profiles can't be written: %s; %s", self._path, error, consequence)
        self._is_failing = True

    def _close_database(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
