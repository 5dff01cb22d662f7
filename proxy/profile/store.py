"""Where profiles are kept, as the rest of Tailor sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Protocol

from proxy.profile.model import Event, Profile


class StoreError(Exception):
    """A store that can't be opened: one line for the operator, with what to do."""


class UnavailableError(Exception):
    """The store can't tell at the moment; it is counted, and in the log."""


class ProfileStore(Protocol):
    """Keeps profiles by visitor id. Reading and remembering wait for no other writer, and never longer than a moment.

    A read sees all that was remembered before it in this process, also what is not on disk yet.
    """

    def read(self, visitor_id: str) -> Profile | None:
        """The visitor's profile; None where nothing is known. Raises UnavailableError where that can't be told."""

    def remember(self, visitor_id: str, event: Event, at: datetime) -> None:
        """Note an event, to be written soon; `at` is aware. What there is no room for is lost, and counted."""

    def erase(self, visitor_id: str) -> None:
        """Forget all of it, soon; what still comes for this id in the next minute is not remembered."""

    def flush(self, seconds: float) -> bool:
        """Wait until all that came before is written and erased; False where that took longer. Blocks its thread."""

    def counts(self) -> Mapping[str, int]:
        """How it fares, for the operator."""

    def close(self) -> None:
        """Write what is left, and end."""


def key_of(visitor_id: str) -> bytes:
    """What a profile is kept under: 16 bytes that can't be turned back into the id, and so not into a cookie."""
    return blake2b(visitor_id.encode(), digest_size=16, person=b"tailor.profile").digest()
