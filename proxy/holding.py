"""Holding bodies until they are whole, within bounds of bytes and time; and how much is held of all at one moment.

What is kept of pages for others to share is another bound's (`proxy.ledger`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Protocol


class Body(Protocol):
    """A body that is read piece by piece; after one that broke off, the next reading breaks off too."""

    @property
    def at_end(self) -> bool: ...
    async def read_chunk(self) -> bytes: ...


class End(Enum):
    """How the holding of a body ended; but for the first it can be read on, from there."""

    WHOLE = auto()
    TOO_LARGE = auto()
    TOO_SLOW = auto()
    BROKEN = auto()
    CROWDED = auto()


async def hold(
    body: Body, *, limit: int, seconds: float, failures: tuple[type[Exception], ...], has_room: Callable[[int], bool]
) -> tuple[bytes, End]:
    """Read a body until it ends, grows over `limit` bytes, takes longer than `seconds`, breaks off, or finds no room.

    `has_room` is told of each piece that came, and says whether more may be held; `failures` is what breaking off
    raises.
    """
    chunks: list[bytes] = []
    size = 0
    end = End.WHOLE
    try:
        async with asyncio.timeout(seconds):
            while end is End.WHOLE and not body.at_end and size <= limit:
                chunks.append(await body.read_chunk())
                size += len(chunks[-1])
                if not has_room(len(chunks[-1])):
                    end = End.CROWDED
    except TimeoutError:
        end = End.TOO_SLOW
    except failures:
        end = End.BROKEN
    if end is End.WHOLE and size > limit:
        end = End.TOO_LARGE
    return b"".join(chunks), end


class Holding:
    """Room for `most` bytes. What finds none is not held, but goes out as it comes."""

    def __init__(self, most: int = 128 << 20) -> None:
        self.most = most
        self.bytes = 0

    @contextmanager
    def one(self) -> Iterator[Share]:
        """One page's share, given back at the end."""
        share = Share(self)
        try:
            yield share
        finally:
            self.bytes -= share.bytes


class Share:
    """What is held of one page."""

    __slots__ = ("_holding", "bytes", "is_refused")

    def __init__(self, holding: Holding) -> None:
        self._holding = holding
        self.bytes = 0
        self.is_refused = False
        """Whether it found no room, and so should not be held."""

    def take(self, size: int) -> bool:
        """Count bytes that have come, room or not; whether more of them may be held."""
        self.bytes += size
        self._holding.bytes += size
        self.is_refused = self.is_refused or self._holding.bytes > self._holding.most
        return not self.is_refused
