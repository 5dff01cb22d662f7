"""Ranges of addresses -> what belongs to them, by the longest prefix.

Owns the reading of a range as people write it, and the lookup. The ranges are cut into segments that don't overlap, so
a lookup is one binary search in a tuple that nobody changes: 1 to 2 µs, from any thread.
"""

from __future__ import annotations

import socket
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
    summarize_address_range,
)
from typing import NamedTuple

from proxy.wire import Address
from rules.errors import MistakeError

WIDEST_PREFIX = {4: 8, 6: 16}
"""Whole registries have shorter ones; a company with one would be the company of half the world."""
_BITS = {4: 32, 6: 128}
_NOBODY = -1


class AddressRange(NamedTuple):
    """A CIDR block, as numbers: the first and the last address in it."""

    version: int
    first: int
    last: int

    def __str__(self) -> str:
        bits = _BITS[self.version]
        prefix = bits - (self.last - self.first).bit_length()
        address = IPv4Address(self.first) if self.version == 4 else IPv6Address(self.first)
        return f"{address}/{prefix}"


def read_ranges(word: str) -> tuple[AddressRange, ...]:
    """The blocks that a word names: `203.0.113.0/24`, one address, or `first-last`. Raise MistakeError.

    >>> [str(block) for block in read_ranges("203.0.113.0-203.0.113.5")]
    ['203.0.113.0/30', '203.0.113.4/31']
    """
    if (block := _plain_block(word)) is not None:
        return (block,)
    first, dash, last = word.partition("-")
    blocks = _span(word, first, last) if dash else (_block(word),)
    for block in blocks:
        _refuse_half_the_world(block)
    return blocks


def _plain_block(word: str) -> AddressRange | None:
    """The usual case, ten times as fast as `ipaddress`; None where anything is unusual or wrong."""
    address, slash, prefix = word.partition("/")
    version = 6 if ":" in address else 4
    try:
        packed = socket.inet_pton(socket.AF_INET6 if version == 6 else socket.AF_INET, address)
    except (OSError, ValueError):
        return None
    if slash and not (prefix.isascii() and prefix.isdigit() and len(prefix) <= 3):
        return None
    length = int(prefix) if slash else _BITS[version]
    if not WIDEST_PREFIX[version] <= length <= _BITS[version]:
        return None
    first, host_bits = int.from_bytes(packed), (1 << (_BITS[version] - length)) - 1
    return None if first & host_bits else AddressRange(version, first, first | host_bits)


def _block(word: str) -> AddressRange:
    try:
        network = ip_network(word)
    except ValueError:
        raise MistakeError(f"`{word}` is not a range of addresses", hint=_range_hint(word)) from None
    return _of_network(network)


def _span(word: str, first: str, last: str) -> tuple[AddressRange, ...]:
    try:
        start, end = ip_address(first.strip()), ip_address(last.strip())
        networks = summarize_address_range(start, end)
        return tuple(map(_of_network, networks))
    except (TypeError, ValueError):
        hint = "write two full addresses, such as 203.0.113.0-203.0.113.63"
        raise MistakeError(f"`{word}` is not a range of addresses", hint=hint) from None


def _of_network(network: IPv4Network | IPv6Network) -> AddressRange:
    return AddressRange(network.version, int(network.network_address), int(network.broadcast_address))


def _range_hint(word: str) -> str:
    try:
        return f"did you mean {ip_network(word, strict=False)}?"
    except ValueError:
        return "write a network such as 203.0.113.0/24, or an address"


def _refuse_half_the_world(block: AddressRange) -> None:
    widest = WIDEST_PREFIX[block.version]
    if block.last - block.first >= 1 << (_BITS[block.version] - widest):
        raise MistakeError(f"`{block}` is too wide for a company", hint=f"/{widest} is the widest that is taken")


@dataclass(frozen=True, slots=True)
class _Segments:
    """Addresses from `starts[i]` on belong to `owners[i]`, until the next start."""

    starts: tuple[int, ...]
    owners: tuple[int, ...]

    def owner(self, address: int) -> int:
        index = bisect_right(self.starts, address)
        return self.owners[index - 1] if index else _NOBODY


class RangeTable:
    """Looks addresses up among ranges, each with the number of its owner; of equal ranges the first one counts."""

    def __init__(self, owned: Iterable[tuple[AddressRange, int]]) -> None:
        ranges: dict[int, list[tuple[AddressRange, int]]] = {4: [], 6: []}
        for block, owner in owned:
            ranges[block.version].append((block, owner))
        self._segments = {version: _segments(each) for version, each in ranges.items()}

    def owner(self, address: Address) -> int | None:
        """The owner of the narrowest range that holds the address, if any does."""
        owner = self._segments[address.version].owner(int(address))
        return None if owner == _NOBODY else owner


def _segments(ranges: list[tuple[AddressRange, int]]) -> _Segments:
    """Blocks lie within each other or apart, so those that are open at an address are a stack."""
    starts: list[int] = []
    owners: list[int] = []

    def begin(start: int, owner: int) -> None:
        if starts and starts[-1] == start:
            owners[-1] = owner
        else:
            starts.append(start)
            owners.append(owner)

    open_blocks: list[tuple[int, int]] = []

    def close_before(start: int | None) -> None:
        while open_blocks and (start is None or open_blocks[-1][0] < start):
            last, _ = open_blocks.pop()
            begin(last + 1, open_blocks[-1][1] if open_blocks else _NOBODY)

    previous: AddressRange | None = None
    for block, owner in _by_place(ranges):
        if block == previous:
            continue
        close_before(block.first)
        begin(block.first, owner)
        open_blocks.append((block.last, owner))
        previous = block
    close_before(None)
    return _Segments(tuple(starts), tuple(owners))


def overlaps(owned: Iterable[tuple[AddressRange, int]]) -> Iterator[tuple[tuple[AddressRange, int], ...]]:
    """Each range that lies in one of another owner, after the nearest such: (outer, inner). In linear time."""
    open_blocks: list[tuple[AddressRange, int]] = []
    for block, owner in _by_place(list(owned)):
        while open_blocks and not _holds(open_blocks[-1][0], block):
            open_blocks.pop()
        if open_blocks and open_blocks[-1][1] != owner:
            yield open_blocks[-1], (block, owner)
        open_blocks.append((block, owner))


def _holds(outer: AddressRange, inner: AddressRange) -> bool:
    return outer.version == inner.version and outer.first <= inner.first and inner.last <= outer.last


def _by_place(ranges: list[tuple[AddressRange, int]]) -> list[tuple[AddressRange, int]]:
    """By their first addresses, of those the wider first; equal ones in the order in which they came."""
    return sorted(ranges, key=lambda owned: ((owned[0].version << 128 | owned[0].first) << 128) - owned[0].last)
