"""What was learned of URLs, for a minute: so that what could not be done for one is not tried at each request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from proxy.recent import Recent

Note = TypeVar("Note")

KEPT_SECONDS = 60.0
_SIZE = 10_000


class Notes(Generic[Note]):
    """One note for each URL's key, which is forgotten after a minute; `now` is in seconds.

    A look costs a visitor's request next to nothing, which one at a cache that orders its entries by age would not.
    """

    __slots__ = ("_noted", "_now")

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        # By hash: a URL can be long, and a collision costs no more than a response that is not kept, or not shared.
        self._noted: Recent[int, tuple[Note | None, float]] = Recent(_SIZE)

    def get(self, key: bytes) -> Note | None:
        """What is noted of a URL."""
        noted = self._noted.get(hash(key))
        return noted[0] if noted is not None and self._now() < noted[1] else None

    def put(self, key: bytes, note: Note) -> None:
        """Note something for the next minute."""
        self._noted.put(hash(key), (note, self._now() + KEPT_SECONDS))

    def forget(self, key: bytes) -> None:
        """That it is no longer so."""
        if self.get(key) is not None:
            self._noted.put(hash(key), (None, 0.0))
