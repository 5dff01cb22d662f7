"""How many bytes of pages are held at one moment, over all requests: pages that are not whole yet, or being changed.

What is kept of pages for others to share is another bound's (`proxy.ledger`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


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
