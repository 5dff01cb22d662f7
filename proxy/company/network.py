"""Whose network an address is in, by a database of autonomous systems that the operator has.

Owns the layouts of such databases, which differ. The file is read into a copy (a mapped file that somebody overwrites
would kill the process); what a name tells is `proxy.company.organization`'s.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NamedTuple

import maxminddb
from cachetools import LRUCache

from proxy.company.organization import Organization, judge
from proxy.wire import Address

_REMEMBERED = 10_000

# In the order in which they count. What an ISP calls its customer is nearer to the truth than the ISP's own name.
_NUMBERS = ("autonomous_system_number", "asn", "as_number")
_NAMES = (
    "organization",
    "autonomous_system_organization",
    "as_organization",
    "as_name",
    "as_org",
    "org",
    "as",
    "name",
)
_KINDS = ("user_type", "usage_type", "as_type", "company_type", "type")
_NESTED = ("traits", "asn", "as", "company")
_NUMBER = re.compile(r"(?:AS)?(\d{1,10})", re.IGNORECASE)


class NetworkError(Exception):
    """A file that is no such database: one line, with what to do."""


class Network(NamedTuple):
    """A network's number, if the database tells one, and who runs it."""

    asn: int | None
    organization: Organization


class Networks:
    """Finds the network of an address. For one thread."""

    def __init__(self, reader: maxminddb.Reader) -> None:
        self._reader = reader
        self._ip_version = reader.metadata().ip_version
        self._found: LRUCache[Address, Network | None] = LRUCache(_REMEMBERED)

    def find(self, address: Address) -> Network | None:
        """The network of an address; None where it is in none, or the database is broken there."""
        try:
            return self._found[address]
        except KeyError:
            network = self._found[address] = self._look_up(address)
            return network

    def _look_up(self, address: Address) -> Network | None:
        if address.version > self._ip_version:
            return None
        try:
            record = self._reader.get(address)
        except (maxminddb.InvalidDatabaseError, ValueError):
            return None
        return read_record(record) if isinstance(record, dict) else None


def load_networks(path: Path) -> Networks:
    """The networks of a database file. Raise NetworkError or OSError."""
    with path.open("rb") as original, NamedTemporaryFile(prefix="tailor-", suffix=".mmdb") as copy:
        shutil.copyfileobj(original, copy, 1 << 20)
        copy.flush()
        try:
            return Networks(maxminddb.open_database(copy.name))
        except maxminddb.InvalidDatabaseError:
            raise NetworkError("is not a MaxMind DB file (such as GeoLite2-ASN.mmdb, unpacked)") from None


def read_record(record: Mapping[str, object]) -> Network:
    """What a record of any known layout says.

    >>> read_record({"asn": "AS64496", "as_name": "Nordea Bank Abp"}).asn
    64496
    """
    nested = (inner for key in _NESTED if isinstance(inner := record.get(key), dict))
    levels = (record, *nested)
    number = _NUMBER.fullmatch(str(_first(levels, _NUMBERS)))
    name, kind = (_first(levels, keys) for keys in (_NAMES, _KINDS))
    return Network(int(number[1]) if number else None, judge(str(name), str(kind)))


def _first(levels: Iterable[Mapping[str, object]], keys: Iterable[str]) -> str | int:
    levels = tuple(levels)
    found = (level[key] for key in keys for level in levels if key in level)
    return next((value for value in found if isinstance(value, str | int) and value), "")
