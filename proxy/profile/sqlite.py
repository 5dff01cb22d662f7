"""The store of profiles that is there by default: one SQLite file, which several processes of a machine may share.

Reading takes microseconds, and is waited for in `proxy.profile.reading`; writing is `proxy.profile.writer`'s. Whatever
is wrong with the file is counted and logged once, and its visitors count as not known.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from cachetools import TTLCache

from proxy.profile.database import connect_to_read, load, total_rows
from proxy.profile.encoding import UnreadableProfileError
from proxy.profile.model import Event, Profile
from proxy.profile.pending import Pending, Step
from proxy.profile.reading import READ_SECONDS, ReadingThread
from proxy.profile.store import UnavailableError, key_of
from proxy.profile.writer import Writer
from proxy.settings.model import Settings

logger = logging.getLogger(__name__)

CLOSE_SECONDS = 10.0
REOPEN_AFTER = timedelta(seconds=5)
ERASED_SECONDS = 60.0
_MAX_ERASED = 100_000


def open_store(settings: Settings, now: Callable[[], datetime]) -> SqliteProfileStore | None:
    """The store that the settings ask for; None where nobody can consent to be remembered."""
    path = settings.profiles
    if path is None:
        return None
    return SqliteProfileStore(path, now=now, days=settings.profile_days, max_bytes=settings.profile_bytes)


class SqliteProfileStore:
    """Profiles in a file that `proxy.profile.database.prepare` has made ready.

    `now` is the clock; `days` is how long a profile is kept after the last visit, `max_bytes` how much of the file is
    used before the oldest go. One thread may read and remember; flush from any.
    """

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], datetime],
        days: int = 180,
        max_bytes: int = 1 << 30,
        batch_seconds: float = 0.2,
        queue_size: int = 10_000,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._path = path
        self._now = now
        self._pending = Pending(queue_size)
        self._writer = Writer(path, self._pending, now=now, days=days, max_bytes=max_bytes, batch_seconds=batch_seconds)
        self._reading: sqlite3.Connection | None = None
        self._reopen_at = now()
        self._is_failing = False
        self._erased: TTLCache[bytes, bool] = TTLCache(_MAX_ERASED, ERASED_SECONDS, timer=lambda: now().timestamp())
        self._read_errors = 0
        self._thread = ReadingThread(read_seconds)
        self._refused = 0
        self._writer.start()

    def read(self, visitor_id: str) -> Profile | None:
        """See ProfileStore."""
        late = self._thread.late
        try:
            return self._pending.read(key_of(visitor_id), lambda key: self._thread.call(partial(self._load, key)))
        finally:
            if self._thread.late > late:
                logger.warning("%s: can't be read in time; visitors count as not known until it answers", self._path)

    def remember(self, visitor_id: str, event: Event, at: datetime) -> None:
        """See ProfileStore. What finds no room is counted and lost."""
        key = key_of(visitor_id)
        # A page that was under way when its visitor was erased must not bring them back.
        if key in self._erased:
            return
        if not self._pending.add(key, Step(event, at)):
            self._refused += 1
        self._writer.wake()

    def erase(self, visitor_id: str) -> None:
        """See ProfileStore."""
        key = key_of(visitor_id)
        if key in self._erased:
            return
        self._erased[key] = True
        self._pending.add(key, Step(None, self._now()))
        self._writer.erase_again(key, self._now() + timedelta(seconds=ERASED_SECONDS))
        self._writer.wake()

    def flush(self, seconds: float) -> bool:
        """See ProfileStore."""
        return self._writer.flush(seconds)

    def counts(self) -> Mapping[str, int]:
        """Rows in the file (-1 where it can't be read), steps that wait, errors, and steps that were lost."""
        return {
            "rows": self._rows(),
            "waiting": len(self._pending),
            "errors": self._read_errors + self._thread.late + self._writer.errors,
            "lost": self._refused + self._writer.lost,
        }

    def close(self) -> None:
        """See ProfileStore."""
        self._writer.close(CLOSE_SECONDS)
        with contextlib.suppress(UnavailableError):
            self._thread.call(self._close_reading)
        self._thread.close()

    def _load(self, key: bytes) -> Profile | None:
        try:
            profile = load(self._connection(), key, oldest_day=self._writer.oldest_day())
        except UnreadableProfileError:
            # As the writer has it: the visitor begins anew.
            self._read_errors += 1
            profile = None
        except sqlite3.Error as error:
            self._note(error)
            raise UnavailableError from error
        self._is_failing = False
        return profile

    def _rows(self) -> int:
        try:
            return self._thread.call(self._count_rows)
        except UnavailableError:
            return -1

    def _count_rows(self) -> int:
        try:
            return total_rows(self._connection())
        except sqlite3.Error as error:
            self._note(error)
            return -1

    def _connection(self) -> sqlite3.Connection:
        """The connection to read with; after one failed, there is none for a moment."""
        if self._reading is None:
            if self._now() < self._reopen_at:
                raise UnavailableError
            self._reading = connect_to_read(self._path)
        return self._reading

    def _note(self, error: sqlite3.Error) -> None:
        self._read_errors += 1
        # The lowest byte is the primary code (https://www.sqlite.org/rescode.html); the others say who is in the way.
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            return
        self._close_reading()
        self._reopen_at = self._now() + REOPEN_AFTER
        if not self._is_failing:
            logger.error("%s: profiles can't be read: %s; visitors count as not known", self._path, error)
        self._is_failing = True

    def _close_reading(self) -> None:
        if self._reading is not None:
            self._reading.close()
            self._reading = None
