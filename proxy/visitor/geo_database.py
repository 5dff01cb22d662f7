"""Geo databases: .mmdb files that the operator has, and what they tell of an address.

Owns the files: opened, looked at again, replaced while requests run. What a record means is
`proxy.visitor.geo_record`'s. Addresses are kept in memory only, for those that asked last.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

import maxminddb
from cachetools import LRUCache

from proxy.visitor.geo_record import facts_of
from proxy.visitor.place import NOWHERE, Place, PlaceReader, joined
from proxy.watched import Identity, identity_in, identity_of
from proxy.wire import Address

logger = logging.getLogger(__name__)

_REMEMBERED = 10_000
_PACKED = frozenset({".gz", ".tgz", ".zip", ".tar", ".zst", ".bz2", ".xz"})


@dataclass(frozen=True, slots=True)
class _Database:
    """One open database, and the file that it was made of."""

    file: Path
    identity: Identity
    reader: maxminddb.Reader
    ip_version: int


@dataclass(frozen=True, slots=True)
class _Generation:
    """The databases of one moment, and what was found in them: swapped together, so an answer is never stale."""

    databases: tuple[_Database, ...] = ()
    found: LRUCache[Address, Place] = field(default_factory=lambda: LRUCache(_REMEMBERED))
    broken: set[Path] = field(default_factory=set)


class GeoDatabases:
    """Finds places by address in several databases; of each thing the first that tells it counts.

    Empty until `refresh`. `find` is for one thread, and `refresh` may run in another.
    """

    def __init__(self, files: Iterable[Path] = (), places: PlaceReader | None = None) -> None:
        self._files = tuple(dict.fromkeys(files))
        self._places = places or PlaceReader()
        self._current = _Generation()
        self._refused: dict[Path, Identity | None] = {}

    @property
    def is_there(self) -> bool:
        """Whether there are files at all, also such as could not be read so far."""
        return bool(self._files)

    def find(self, address: Address | None) -> Place:
        """The `geo.` signals of an address."""
        generation = self._current
        if address is None or not generation.databases:
            return NOWHERE
        found = generation.found.get(address)
        if found is None:
            places = (self._look_up(database, address, generation) for database in generation.databases)
            found = generation.found[address] = joined(places)
        return found

    def refresh(self) -> None:
        """Read what files have changed; one that can't be read is told once, and what was read before stays."""
        known = {database.file: database for database in self._current.databases}
        fresh = [self._renewed(file, known.get(file)) for file in self._files]
        databases = tuple(database for database in fresh if database is not None)
        if databases != self._current.databases:
            self._current = _Generation(databases)

    async def watch(self, stop: asyncio.Event, *, look_seconds: float = 30.0) -> None:
        """Refresh again and again, off the event loop, until `stop` is set."""
        while self._files and not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), look_seconds)
                return
            try:
                await asyncio.to_thread(self.refresh)
            except Exception:
                # A fault here must not end the process: the next file may be the cure.
                logger.exception("Looking at the geo databases failed")

    def _look_up(self, database: _Database, address: Address, generation: _Generation) -> Place:
        if address.version > database.ip_version:
            return NOWHERE
        try:
            return self._places.read(facts_of(database.reader.get(address)))
        except (maxminddb.InvalidDatabaseError, ValueError):
            if database.file not in generation.broken:
                generation.broken.add(database.file)
                # Without the library's words, which hold the address.
                logger.error("%s: broken inside, so some addresses are not found", database.file)
            return NOWHERE

    def _renewed(self, file: Path, known: _Database | None) -> _Database | None:
        """The database of a file as it is now, or `known` where that did not change or can't be read."""
        identity = identity_of(file)
        if known is not None and identity == known.identity:
            self._refused.pop(file, None)
            return known
        if file in self._refused and identity == self._refused[file]:
            return known
        try:
            database = _opened(file)
        except (OSError, maxminddb.InvalidDatabaseError) as error:
            self._refused[file] = identity
            stays = "is not read" if known is None else "the one that was read before stays"
            logger.error("%s; %s", _complaint(file, error), stays)
            return known
        self._refused.pop(file, None)
        if known is not None:
            logger.info("%s was read anew", file)
        return database


def unreadable(files: Iterable[Path]) -> tuple[str, ...]:
    """A line for each file that is no database, or can't be read."""
    lines = []
    for file in files:
        try:
            file.open("rb").close()
            maxminddb.open_database(file).close()
        except (OSError, maxminddb.InvalidDatabaseError) as error:
            lines.append(_complaint(file, error))
    return tuple(lines)


def _opened(file: Path) -> _Database:
    """The database in a copy of the file, which is in no folder and goes when it is closed.

    A mapped file that somebody overwrites or shortens, as `cp` does, would kill the process.
    """
    with file.open("rb") as original, NamedTemporaryFile(prefix="tailor-", suffix=".mmdb") as copy:
        # Before it is read: what is written meanwhile is another file at the next look.
        identity = identity_in(os.fstat(original.fileno()))
        shutil.copyfileobj(original, copy, 1 << 20)
        copy.flush()
        reader = maxminddb.open_database(copy.name)
    return _Database(file, identity, reader, reader.metadata().ip_version)


def _complaint(file: Path, error: OSError | maxminddb.InvalidDatabaseError) -> str:
    if isinstance(error, OSError):
        return f"{file}: can't be read: {error.strerror or error} (check --geo-db)"
    hint = "unpack it first" if file.suffix.lower() in _PACKED else "such as GeoLite2-City.mmdb"
    return f"{file}: is not a MaxMind DB file ({hint})"
