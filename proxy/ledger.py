"""The ledger: what several caches hold together, within one bound of bytes.

Owns the order in which things go: the least recently used of all of them first. What an entry is, what it takes, and
how it is dropped is its cache's to say. Not for use by several threads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

ENTRY_BYTES = 480
"""What an entry takes here, beside what it is of: measured on CPython 3.11, a partial to drop it by among it."""


class _Entry:
    """`size` is what the entry has for itself, `body` what it may have in common with others."""

    __slots__ = ("body", "drop", "size")

    def __init__(self, size: int, drop: Callable[[], object], body: bytes) -> None:
        self.size = size
        self.drop = drop
        self.body = body


class Ledger:
    """Entries within `max_bytes`, whoever holds them.

    A `body` that is the same object in several entries is counted once, for as long as one of them is left. An entry
    that has to go is taken out first and then told by its `drop`, which may call any of these methods.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self.evictions = 0
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        # By identity: an entry keeps its body, so no other object can come to have the number.
        self._holders: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def enter(self, key: Hashable, size: int, drop: Callable[[], object], *, body: bytes = b"") -> bool:
        """Enter what was used just now, in place of what has its key; False where it alone is over the bound.

        `size` is in bytes, without the `body`.
        """
        if ENTRY_BYTES + size + len(body) > self.max_bytes:
            return False
        self.forget(key)
        self._entries[key] = _Entry(size, drop, body)
        self._charge(size, body)
        self._make_room()
        return key in self._entries

    def touch(self, key: Hashable) -> None:
        """Note that an entry is used; one that is gone stays so."""
        if key in self._entries:
            self._entries.move_to_end(key)

    def resize(self, key: Hashable, size: int) -> None:
        """Note what an entry takes by now, which may be more than there is room for, of all or of this one."""
        entry = self._entries.get(key)
        if entry is None:
            return
        self.bytes += size - entry.size
        entry.size = size
        if ENTRY_BYTES + size + len(entry.body) > self.max_bytes:
            # It has to go, and nothing else has to go before it.
            self._entries.move_to_end(key, last=False)
        self._make_room()

    def forget(self, key: Hashable) -> None:
        """Take out an entry that its cache dropped, if it is still there."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._discharge(entry)

    def _make_room(self) -> None:
        while self.bytes > self.max_bytes:
            _, entry = self._entries.popitem(last=False)
            self._discharge(entry)
            self.evictions += 1
            entry.drop()

    def _charge(self, size: int, body: bytes) -> None:
        self.bytes += ENTRY_BYTES + size
        if body:
            holders = self._holders.get(id(body), 0)
            self._holders[id(body)] = holders + 1
            self.bytes += 0 if holders else len(body)

    def _discharge(self, entry: _Entry) -> None:
        self.bytes -= ENTRY_BYTES + entry.size
        if entry.body:
            holders = self._holders.pop(id(entry.body)) - 1
            if holders:
                self._holders[id(entry.body)] = holders
            else:
                self.bytes -= len(entry.body)
