"""The file of profiles: SQLite, with a row for each visitor, and nothing left of a row that was erased.

Rows lie in 256 tables, by the first byte of their key. `secure_delete` alone does not wipe a row: when SQLite shares a
full page's rows out to its neighbours, it leaves copies in what it then counts as free. So what is erased takes its
whole table along: the other rows are read, all of its pages are freed (and by that wiped), and the rows written anew.
With a million profiles a table is 4,000 rows.

Owns the schema, its versions, and what is done about a file that is broken. When to write is `proxy.profile.writer`'s.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from proxy.profile.encoding import UnreadableProfileError, decode, encode
from proxy.profile.model import Profile
from proxy.profile.pending import Step, follow
from proxy.profile.store import StoreError

PARTITIONS = 256
BUSY_SECONDS = 5.0
"""How long a writer waits for another process's."""

APPLICATION_ID = 0x7461696C  # "tail"

_VACUUM_PAGES = 2_000
_EVICTED_SHARE = 16
_SIDE_FILES = ("-wal", "-shm")


def _first_schema() -> Iterable[str]:
    for partition in range(PARTITIONS):
        # Without a rowid: a rowid would stay in the tree's inner pages when its row is gone.
        columns = "visitor BLOB PRIMARY KEY, day INTEGER NOT NULL, body BLOB NOT NULL"
        yield f"CREATE TABLE {_table(partition)} ({columns}) STRICT, WITHOUT ROWID"
    yield "CREATE TABLE total (rows INTEGER NOT NULL) STRICT"
    yield "INSERT INTO total VALUES (0)"


def _table(partition: int) -> str:
    return f"profile_{partition:02x}"


MIGRATIONS: Sequence[Callable[[], Iterable[str]]] = (_first_schema,)
"""What makes each version of the schema of the one before; `PRAGMA user_version` is how many a file has had."""

_SELECT = tuple(f"SELECT day, body FROM {_table(each)} WHERE visitor = ?" for each in range(PARTITIONS))  # noqa: S608
_UPSERT = tuple(
    f"INSERT INTO {_table(each)} VALUES (?, ?, ?) "  # noqa: S608
    "ON CONFLICT (visitor) DO UPDATE SET day = excluded.day, body = excluded.body"
    for each in range(PARTITIONS)
)


def prepare(path: Path, now: datetime) -> tuple[str, ...]:
    """Make the file ready for this version, and tell what there is to warn of.

    A file that is broken is moved aside and a new one begun, since a site must not stay down for it. Raises StoreError
    for one that a later version wrote, that holds something else, or that can't be had.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        marker = damage_marker(path)
        if not marker.exists() and _is_sound(path):
            return ()
        aside = _move_aside(path, now)
        marker.unlink(missing_ok=True)
        _is_sound(path)
    except OSError as error:
        raise StoreError(f"{path}: can't be used: {error.strerror} (choose another --profile-db)") from error
    except sqlite3.Error as error:
        raise StoreError(f"{path}: can't be opened: {error} (choose another --profile-db)") from error
    return (f"{path}: the profiles could not be read and begin anew (the old file is {aside})",)


def damage_marker(path: Path) -> Path:
    """The file that says, where it is there, that the one at `path` turned out to be damaged while it was used."""
    return path.with_name(path.name + ".damaged")


def _is_sound(path: Path) -> bool:
    """Whether the file can be used, brought to the schema of this version; a missing one is made."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = None
    try:
        connection = connect_to_write(path)
        _migrate(connection, path)
        connection.execute(_SELECT[0], (b"",)).fetchall()
    except sqlite3.Error as error:
        if is_damage(error):
            return False
        raise
    finally:
        if connection is not None:
            connection.close()
    return True


def _move_aside(path: Path, now: datetime) -> Path:
    moment = now.astimezone(UTC)
    aside = path.with_name(f"{path.name}.corrupt-{moment:%Y%m%dT%H%M%S}")
    path.rename(aside)
    for suffix in _SIDE_FILES:
        # A log that is left would be played into the new file.
        side = path.with_name(path.name + suffix)
        if side.exists():
            side.rename(aside.with_name(aside.name + suffix))
    return aside


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that waits for nobody's lock; in WAL mode a reader meets none but for moments."""
    # With `mode=rw` a file that is gone is not made again, empty.
    return _connect(path.absolute().as_uri() + "?mode=rw", busy_seconds=0)


def _connect(uri: str, *, busy_seconds: float) -> sqlite3.Connection:
    """A connection that may wander between threads; whoever holds it keeps them apart."""
    return sqlite3.connect(
        uri,
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=4 * PARTITIONS,
    )


def connect_to_write(path: Path) -> sqlite3.Connection:
    """A connection under which what is deleted is wiped; makes the file where there is none."""
    connection = _connect(path.absolute().as_uri(), busy_seconds=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # counts before the first table only
        connection.execute("PRAGMA journal_mode = WAL")
        # Survives a crash of the process; of the machine, all but the last seconds.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        application, version = _number(connection, "application_id"), _number(connection, "user_version")
        is_new = not version and not connection.execute("SELECT 1 FROM sqlite_schema").fetchall()
        if application != APPLICATION_ID and not is_new:
            raise StoreError(f"{path}: is another program's database (choose another --profile-db)")
        if version > len(MIGRATIONS):
            raise StoreError(
                f"{path}: was written by a later version of Tailor (schema {version}; this one knows "
                f"{len(MIGRATIONS)}: install the later version, or choose another --profile-db)"
            )
        for migration in MIGRATIONS[version:]:
            for statement in migration():
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def is_damage(error: Exception) -> bool:
    """Whether it says that the file's content is broken, which no waiting mends."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest tells kinds of the same error apart
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def day_of(moment: datetime) -> int:
    """The day that a row was last written on, by which it ages."""
    return (moment.astimezone(UTC).date() - date(1970, 1, 1)).days


def load(connection: sqlite3.Connection, key: bytes, *, oldest_day: int) -> Profile | None:
    """One visitor's profile, unless it is older; raises sqlite3.Error and UnreadableProfileError."""
    # All rows are fetched, since a statement that has not ended would hold the log's truncation up.
    for day, body in connection.execute(_SELECT[key[0]], (key,)).fetchall():
        return decode(body) if day >= oldest_day else None
    return None


class Database:
    """The writing side of a file; every method may raise sqlite3.Error, and then leaves the file as it was.

    Opening it raises StoreError too, where another file took its place.
    """

    def __init__(self, path: Path) -> None:
        self._connection = connect_to_write(path)
        try:
            _migrate(self._connection, path)
        except BaseException:
            self._connection.close()
            raise
        self.unreadable = 0
        """How many rows were no profile, and begun anew."""
        self._is_wiped = True

    @property
    def is_wiped(self) -> bool:
        """Whether the files hold nothing of what was erased."""
        return self._is_wiped

    def write(
        self, batch: Mapping[bytes, Sequence[Step]], settle: Callable[[bytes, Profile | None], None], *, oldest_day: int
    ) -> None:
        """Put a batch of steps on what the file holds; `settle` is told each result before any of it is committed."""
        with _Transaction(self._connection):
            touched: set[int] = set()
            grown = 0
            for key, steps in batch.items():
                before, is_there = self._load(key, oldest_day)
                profile = follow(before, steps)
                settle(key, profile)
                grown += (profile is not None) - is_there
                if is_there and (profile is None or any(step.event is None for step in steps)):
                    touched.add(key[0])
                if profile is not None:
                    self._connection.execute(_UPSERT[key[0]], (key, day_of(profile.seen), encode(profile)))
                elif is_there:
                    self._connection.execute(f"DELETE FROM {_table(key[0])} WHERE visitor = ?", (key,))  # noqa: S608
            self._add_to_total(grown)
            for partition in touched:
                self._write_anew(partition)
        self._is_wiped = self._is_wiped and not touched

    def _load(self, key: bytes, oldest_day: int) -> tuple[Profile | None, bool]:
        """A profile, and whether there is a row, which may be too old or no profile."""
        for day, body in self._connection.execute(_SELECT[key[0]], (key,)).fetchall():
            try:
                return decode(body) if day >= oldest_day else None, True
            except UnreadableProfileError:
                self.unreadable += 1
                return None, True
        return None, False

    def age(self, partition: int, *, oldest_day: int, max_bytes: int) -> None:
        """Let go of what is too old in one partition, and while the file is too large, of its oldest rows."""
        table = _table(partition)
        with _Transaction(self._connection):
            gone = self._connection.execute(f"DELETE FROM {table} WHERE day < ?", (oldest_day,)).rowcount  # noqa: S608
            if self.used_bytes() > max_bytes:
                rows: int = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
                oldest = f"SELECT visitor FROM {table} ORDER BY day LIMIT {-(-rows // _EVICTED_SHARE)}"  # noqa: S608
                gone += self._connection.execute(f"DELETE FROM {table} WHERE visitor IN ({oldest})").rowcount  # noqa: S608
            if gone:
                self._add_to_total(-gone)
                self._write_anew(partition)
        self._is_wiped = self._is_wiped and not gone

    def wipe(self) -> None:
        """Move the log into the file and empty it, give free pages back; does what it can while others read."""
        self._connection.execute(f"PRAGMA incremental_vacuum({_VACUUM_PAGES})").fetchall()
        ((is_busy, *_),) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._is_wiped = not is_busy

    def used_bytes(self) -> int:
        """How much of the file is in use."""
        pages = _number(self._connection, "page_count") - _number(self._connection, "freelist_count")
        return pages * _number(self._connection, "page_size")

    def close(self) -> None:
        self._connection.close()

    def _write_anew(self, partition: int) -> None:
        table = _table(partition)
        rows = self._connection.execute(f"SELECT visitor, day, body FROM {table}").fetchall()  # noqa: S608
        self._connection.execute(f"DELETE FROM {table}")  # noqa: S608
        self._connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)  # noqa: S608

    def _add_to_total(self, rows: int) -> None:
        if rows:
            self._connection.execute("UPDATE total SET rows = rows + ?", (rows,))


def total_rows(connection: sqlite3.Connection) -> int:
    """How many profiles the file holds."""
    return int(connection.execute("SELECT rows FROM total").fetchall()[0][0])


class _Transaction:
    """Commits what is done inside, or none of it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
