"""The page cache at work: what is stored answers, what isn't is asked for, once for all who want it at the same time.

Owns the order: look up, answer, wait, ask. What may be stored and reused is decided by the pure modules beside it, and
what becomes of the origin's answer is `proxy.cache.forward`'s. Not for use by several threads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from proxy.cache.answers import Answer, Fetch, Passed, answer, unavailable
from proxy.cache.cache_status import CacheStatus, Forward
from proxy.cache.flight import Flights, Landing, OtherVariant
from proxy.cache.forward import Forwarder
from proxy.cache.invalidation import invalidated
from proxy.cache.keys import primary_key, shared_target
from proxy.cache.policy import Asked, Errand, Policy
from proxy.cache.reuse import Use, decide_reuse
from proxy.cache.store import PageStore, Stored
from proxy.cache.vary import Selector
from proxy.holding import Holding
from proxy.names import SiteName
from proxy.wire import Headers

logger = logging.getLogger(__name__)

_ANSWERED = frozenset({Use.FRESH, Use.STALE, Use.STALE_WHILE_REVALIDATE})
# Neither an origin that fails nor one that names other fields in `Vary` each time holds anybody for long.
_MAX_FLIGHTS = 3


@dataclass(frozen=True, slots=True)
class _Found:
    """What is stored for a request, and what becomes of it: an answer, or why the origin is asked."""

    stored: Stored | None
    why: Forward
    answer: Answer | None = None


_NOTHING = _Found(None, Forward.URI_MISS)


class PageCache:
    """Answers requests from `store`, or by a fetch from the origin.

    `now` is in seconds since the epoch, `failures` are what a fetch raises where the origin gives no answer or breaks
    off. A body of more than `page_bytes` bytes, that takes longer than `page_seconds`, or for which there is no room in
    `holding`, passes through. A request waits `wait_seconds` at most for another one's answer. No more than
    `max_refreshes` stale responses are asked about at one time while they go out. To be used in one event loop, and
    closed there.
    """

    def __init__(
        self,
        store: PageStore,
        policy: Policy,
        *,
        now: Callable[[], float],
        failures: tuple[type[Exception], ...],
        page_bytes: int = 4 << 20,
        page_seconds: float = 10.0,
        wait_seconds: float = 10.0,
        max_refreshes: int = 32,
        holding: Holding | None = None,
    ) -> None:
        self._store = store
        self.policy = policy
        self._now = now
        self._failures = failures
        self._wait_seconds = wait_seconds
        self._max_refreshes = max_refreshes
        self._flights = Flights(now)
        self._forwarder = Forwarder(
            store,
            self._flights,
            policy,
            now=now,
            failures=failures,
            page_bytes=page_bytes,
            page_seconds=page_seconds,
            holding=holding or Holding(),
        )
        self._refreshes: dict[tuple[bytes, Selector], asyncio.Task[None]] = {}
        self.counts = store.counts

    def told(self) -> dict[str, int]:
        """What was counted, how many responses are kept, and the bytes of memory that they take, about."""
        return {**asdict(self.counts), "kept": len(self._store), "bytes": self._store.bytes}

    async def get(self, asked: Asked, fetch: Fetch) -> Answer | Passed:
        """What a request gets; a Passed is its receiver's to close. It raises what `fetch` raises."""
        errand = self.policy.read(asked)
        status = errand.bypass()
        if status is not None:
            self.counts.bypasses += 1
            passed = await self._forwarder.pass_on(errand, fetch, status)
            self._invalidate(asked, passed.response.status, passed.response.headers)
            return passed
        found = self._look_up(errand, fetch)
        if found.answer is not None:
            return found.answer
        if found.stored is None and (errand.is_head or errand.has(b"range")):
            # What is asked for is less than what could be stored.
            self.counts.misses += 1
            return await self._forwarder.pass_on(errand, fetch, CacheStatus(found.why))
        if self._may_share(errand, found):
            return await self._ask_or_wait(errand, fetch, found)
        return await self._ask_alone(errand, fetch, found)

    def fresh(self, key: bytes, headers: Headers, names: frozenset[bytes], now: float) -> tuple[Stored, float] | None:
        """The response that answers a plain GET for a `primary_key` now, and for how many seconds it will.

        Plain is a request without a session, a body, `Authorization`, `Range`, and directives. None, too, where what is
        stored of the URL varies by fields other than `names`. Whoever uses it counts the hit.
        """
        stored = self._store.find(key, headers, within=names)
        if stored is None or stored.response.status != 200 or stored.freshness.always_validate:
            return None
        remaining = stored.freshness.remaining(now)
        return (stored, remaining) if remaining > 0 else None

    def purge_url(self, site: SiteName, target: bytes, *, soft: bool = False) -> int:
        """Drop what is stored of one URL, and say how many responses that were; `soft` keeps them as stale ones."""
        return self._store.purge(self._key(site, target), stale_from=self._stale_from(soft=soft))

    def purge_prefix(self, site: SiteName, path: bytes, *, soft: bool = False) -> int:
        """The same for all URLs of a site that begin so."""
        return self._store.purge_prefix(primary_key(site, path), stale_from=self._stale_from(soft=soft))

    def purge_tag(self, tag: bytes, *, soft: bool = False) -> int:
        """The same for all responses with a tag (`Surrogate-Key`, `Cache-Tag`)."""
        return self._store.purge_tag(tag, stale_from=self._stale_from(soft=soft))

    def purge_all(self, *, soft: bool = False) -> int:
        """The same for all that is stored."""
        return self._store.purge_all(stale_from=self._stale_from(soft=soft))

    async def close(self) -> None:
        """End what is asked behind answers that went out already."""
        tasks = list(self._refreshes.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _look_up(self, errand: Errand, fetch: Fetch) -> _Found:
        """What is stored for a request; a stale response that goes out is asked about behind it."""
        now = self._now()
        stored = self._store.find(errand.key, errand.asked.headers, is_authorized=errand.is_authorized)
        reuse = decide_reuse(errand.directives, stored.freshness if stored else None, now)
        if reuse.use is Use.UNAVAILABLE:
            return _Found(stored, Forward.MISS, unavailable(errand.asked))
        if stored is None:
            return _Found(None, Forward.VARY_MISS) if self._store.has(errand.key) else _NOTHING
        if reuse.use not in _ANSWERED:
            return _Found(stored, reuse.forward or Forward.MISS)
        if reuse.use is Use.STALE_WHILE_REVALIDATE:
            self._refresh(errand, fetch, stored)
        self.counts.hits += 1
        self.counts.stale += reuse.use is not Use.FRESH
        return _Found(
            stored, Forward.MISS, self._answer(errand, stored, CacheStatus(ttl=stored.freshness.remaining(now)))
        )

    async def _ask_or_wait(self, errand: Errand, fetch: Fetch, found: _Found) -> Answer | Passed:
        """The origin's answer, by way of whoever asks for the same already, if it may be shared."""
        deadline = asyncio.get_running_loop().time() + self._wait_seconds
        selector = self._store.expected_selector(errand.key, errand.asked.headers)
        flights = 0
        while flights < _MAX_FLIGHTS and self._may_share(errand, found):
            flight = self._flights.find(errand.key, selector)
            if flight is None or not self._store.is_current(errand.key, flight.since):
                self._count_asked(found)
                with self._flights.lead(errand.key, selector, self._store.serial) as own:
                    return await self._forwarder.lead(errand, fetch, found.stored, found.why, own)
            landed = await flight.follow(errand.asked.headers, deadline)
            if isinstance(landed, Stored) and (shared := self._shared(errand, landed, found.why)):
                return shared
            if landed is Landing.FAILED and (instead := self._forwarder.stale_instead(errand)):
                return instead
            # It may have been stored meanwhile, or be no longer.
            found = self._look_up(errand, fetch)
            if found.answer is not None:
                return found.answer
            if isinstance(landed, OtherVariant):
                selector = Selector(landed.names).for_request(errand.asked.headers)
            elif landed not in (Landing.AGAIN, Landing.FAILED):
                break
            flights += landed is not Landing.AGAIN
        return await self._ask_alone(errand, fetch, found)

    def _ask_alone(self, errand: Errand, fetch: Fetch, found: _Found) -> Awaitable[Answer | Passed]:
        self._count_asked(found)
        return self._forwarder.ask_alone(errand, fetch, found.stored, found.why)

    def _may_share(self, errand: Errand, found: _Found) -> bool:
        """Whether another request's answer could do for this one, and this one's for others."""
        return not (
            found.why is Forward.REQUEST
            or errand.is_authorized
            or errand.directives.no_store
            or errand.directives.no_cache
            or not self._flights.are_shared(errand.key)
        )

    def _shared(self, errand: Errand, stored: Stored, why: Forward) -> Answer | None:
        """The answer that a leader got, for one who waited for it, unless they want a fresher one."""
        now = self._now()
        if decide_reuse(errand.directives, stored.freshness, now).use is not Use.FRESH:
            return None
        self.counts.collapsed += 1
        return self._answer(errand, stored, CacheStatus(why, stored.freshness.remaining(now), collapsed=True))

    def _answer(self, errand: Errand, stored: Stored, status: CacheStatus) -> Answer:
        age = stored.freshness.age(self._now())
        return answer(errand.asked, stored, status, self.policy.tracking, age=age)

    def _refresh(self, errand: Errand, fetch: Fetch, stored: Stored) -> None:
        """Ask about a stale response that goes out, once for all who get it."""
        place = (errand.key, stored.selector)
        if place in self._refreshes or len(self._refreshes) >= self._max_refreshes:
            return
        task = asyncio.create_task(self._ask_behind(errand, fetch, stored))
        self._refreshes[place] = task
        task.add_done_callback(lambda _: self._refreshes.pop(place, None))

    async def _ask_behind(self, errand: Errand, fetch: Fetch, stored: Stored) -> None:
        try:
            if self._flights.find(errand.key, stored.selector) is not None:
                return
            with self._flights.lead(errand.key, stored.selector, self._store.serial) as flight:
                outcome = await self._forwarder.lead(errand, fetch, stored, Forward.STALE, flight)
            if isinstance(outcome, Passed):
                await outcome.response.close()
        except self._failures as error:
            logger.debug("a stale response stays: %s", error)
        except Exception:
            # Nobody waits for this task, so nobody else would tell.
            logger.exception("asking about a stale response failed")

    def _invalidate(self, asked: Asked, status: int, headers: Headers) -> None:
        for target in invalidated(asked.method, status, asked.site, asked.target, headers):
            self._store.purge(self._key(asked.site, target))

    def _count_asked(self, found: _Found) -> None:
        if found.stored is None:
            self.counts.misses += 1
        else:
            self.counts.validations += 1

    def _key(self, site: SiteName, target: bytes) -> bytes:
        return primary_key(site, shared_target(target, self.policy.tracking))

    def _stale_from(self, *, soft: bool) -> float | None:
        return self._now() if soft else None
