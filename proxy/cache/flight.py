"""One fetch for many requests: the first that finds nothing leads, and those that come meanwhile wait for its answer.

Waiting must cost no one more than the wait. So a follower hears at the head of the leader's response whether it may
share it at all, never waits beyond its deadline, and where leaders' answers can't be shared, requests stop to wait for
them. Owns the waiting alone: who may lead and who may share is `proxy.cache.page_cache`'s to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

from proxy.cache.notes import Notes
from proxy.cache.store import Stored
from proxy.cache.vary import Selector
from proxy.wire import Headers


class Landing(Enum):
    """How a flight ended for those who were not given its response."""

    ALONE = auto()
    """it may not be shared, or took too long: each asks for itself"""
    AGAIN = auto()
    """the leader left: another one leads"""
    FAILED = auto()
    """the origin gave the leader an error or no answer, and may give another one more"""


@dataclass(frozen=True, slots=True)
class OtherVariant:
    """`Vary` names these fields, and the leader's are not the follower's: there may be another flight to wait for."""

    names: tuple[bytes, ...]


Landed = Stored | Landing | OtherVariant


class Flight:
    """One fetch. `since` is the store's `serial` from before it began."""

    def __init__(self, since: int) -> None:
        self.since = since
        self._selector: Selector | None = None
        self._landed: Landed | None = None
        self._followers: dict[asyncio.Future[Landed], Headers] = {}

    async def follow(self, request_headers: Headers, deadline: float) -> Landed:
        """How it ends for a request; ALONE where it hasn't by the deadline, a moment of the loop's clock."""
        if self._selector is not None and not self._selector.selects(request_headers):
            return OtherVariant(self._selector.names)
        if self._landed is not None:
            return self._landed
        future: asyncio.Future[Landed] = asyncio.get_running_loop().create_future()
        self._followers[future] = request_headers
        try:
            async with asyncio.timeout_at(deadline):
                return await future
        except TimeoutError:
            return Landing.ALONE
        finally:
            self._followers.pop(future, None)

    def narrow(self, selector: Selector) -> None:
        """The head is here, and this is whom the response is for: the others need not wait for its body."""
        self._selector = selector
        for future, request_headers in list(self._followers.items()):
            if not selector.selects(request_headers):
                self._tell(future, OtherVariant(selector.names))

    def land(self, landed: Landed) -> None:
        """Tell all that still wait; only the first call counts."""
        if self._landed is not None:
            return
        self._landed = landed
        for future in list(self._followers):
            self._tell(future, landed)

    def _tell(self, future: asyncio.Future[Landed], landed: Landed) -> None:
        self._followers.pop(future, None)
        if not future.done():
            future.set_result(landed)


class Flights:
    """The fetches that are under way, and the URLs for which waiting was in vain; `now` is in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._under_way: dict[tuple[bytes, Selector], Flight] = {}
        self._unshared: Notes[bool] = Notes(now)

    def find(self, key: bytes, selector: Selector) -> Flight | None:
        """The flight whose answer may be one for these requests."""
        return self._under_way.get((key, selector))

    @contextmanager
    def lead(self, key: bytes, selector: Selector, since: int) -> Iterator[Flight]:
        """A new flight, in place of one that others no longer join. It ends with the block, however that ends."""
        place, flight = (key, selector), Flight(since)
        self._under_way[place] = flight
        try:
            yield flight
        except asyncio.CancelledError:
            flight.land(Landing.AGAIN)
            raise
        finally:
            if self._under_way.get(place) is flight:
                del self._under_way[place]
            flight.land(Landing.ALONE)

    def are_shared(self, key: bytes) -> bool:
        """Whether it may pay to wait for another's answer: the last one of this URL could be shared, or none is known.

        That it could not is forgotten after a minute.
        """
        return self._unshared.get(key) is None

    def note(self, key: bytes, *, is_shared: bool) -> None:
        """Whether an answer to a request like all others could be shared."""
        if is_shared:
            self._unshared.forget(key)
        else:
            self._unshared.put(key, True)
