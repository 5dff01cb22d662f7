"""Asking the origin, and what becomes of its answer: stored and shared, or passed on.

Owns one fetch: its conditions, and that nothing is kept or shared which `proxy.cache.storability` forbids. Whether the
origin is asked, and who else waits for its answer, is `proxy.cache.page_cache`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from proxy.cache.answers import Answer, Fetch, OriginAnswer, Passed, answer, completed, told_headers
from proxy.cache.cache_status import CacheStatus, Forward
from proxy.cache.flight import Flight, Flights, Landing
from proxy.cache.freshness import Freshness, freshness_of
from proxy.cache.held import Holder, NotHeld
from proxy.cache.messages import Response
from proxy.cache.notes import Notes
from proxy.cache.policy import Errand, Policy
from proxy.cache.reuse import outlasts_error
from proxy.cache.storability import why_not_stored
from proxy.cache.store import PageStore, Stored
from proxy.cache.validation import conditional_headers, confirmed, freshened
from proxy.cache.vary import Selector, selector_of
from proxy.holding import Holding
from proxy.wire import Headers

ERRORS = frozenset({500, 502, 503, 504})
"""Statuses in whose place a stale response may go out (RFC 5861 §4)."""


class _Question(NamedTuple):
    """One fetch: `stored` is what is asked about, `why` why at all, `since` the store's `serial` from before it."""

    errand: Errand
    fetch: Fetch
    headers: Headers
    stored: Stored | None
    why: Forward
    flight: Flight
    since: int


class Forwarder:
    """Asks the origin, and keeps what it may.

    `failures` are what a fetch raises where the origin gives no answer, or breaks off. A body of more than `page_bytes`
    bytes, that takes longer than `page_seconds`, or for which there is no room in `holding`, is passed on.
    """

    def __init__(
        self,
        store: PageStore,
        flights: Flights,
        policy: Policy,
        *,
        now: Callable[[], float],
        failures: tuple[type[Exception], ...],
        page_bytes: int,
        page_seconds: float,
        holding: Holding,
    ) -> None:
        self._store = store
        self._flights = flights
        self._policy = policy
        self._now = now
        self._failures = failures
        self._holder = Holder(page_bytes, page_seconds, failures, holding)
        self._unheld: Notes[NotHeld] = Notes(now)

    async def pass_on(self, errand: Errand, fetch: Fetch, status: CacheStatus) -> Passed:
        """The origin's answer to the request as it is, of which nothing is kept."""
        response = await fetch(errand.asked.method, errand.target, errand.asked.headers)
        return self._passed(errand, response, status)

    async def lead(
        self, errand: Errand, fetch: Fetch, stored: Stored | None, why: Forward, flight: Flight
    ) -> Answer | Passed:
        """The origin's answer, for whoever follows the flight, too; they hear of it if they may share it.

        `stored` is asked about. Without it the whole response is asked for, whatever part of it the visitor wants, or
        has already.
        """
        headers = conditional_headers(errand.asked.headers, [stored.response.headers] if stored else [])
        return await self._ask(_Question(errand, fetch, headers, stored, why, flight, self._store.serial))

    async def ask_alone(self, errand: Errand, fetch: Fetch, stored: Stored | None, why: Forward) -> Answer | Passed:
        """The origin's answer to this request, kept where it may be; without `stored`, to its own conditions."""
        headers = errand.asked.headers
        if stored is not None:
            headers = conditional_headers(headers, [stored.response.headers])
        since = self._store.serial
        return await self._ask(_Question(errand, fetch, headers, stored, why, Flight(since), since))

    def stale_instead(self, errand: Errand, status: int | None = None) -> Answer | None:
        """What is stored by now, in place of an error of the origin's; None where it may not be used (RFC 5861 §4)."""
        now = self._now()
        stored = self._store.find(errand.key, errand.asked.headers, is_authorized=errand.is_authorized)
        if stored is None or not outlasts_error(errand.directives, stored.freshness, now):
            return None
        self._store.counts.stale += 1
        remaining = stored.freshness.remaining(now)
        told = CacheStatus(Forward.STALE, remaining, forward_status=status, detail="stale-if-error")
        return answer(errand.asked, stored, told, self._policy.tracking, age=stored.freshness.age(now))

    async def _ask(self, question: _Question) -> Answer | Passed:
        errand, requested_at = question.errand, self._now()
        try:
            response = await question.fetch("GET", errand.target, question.headers)
        except self._failures:
            instead = self._instead_of_error(question)
            if instead is None:
                raise
            return instead
        head = Response(response.status, response.headers, requested_at, self._now())
        try:
            outcome = await self._outcome(question, response, head)
        except BaseException:
            await response.close()
            raise
        if isinstance(outcome, Passed) and not errand.is_head:
            return outcome
        await response.close()
        if outcome is not None:
            return Answer(head.status, outcome.headers, b"") if isinstance(outcome, Passed) else outcome
        # It was a 304 about something else.
        return await self.lead(errand, question.fetch, None, question.why, question.flight)

    async def _outcome(self, question: _Question, response: OriginAnswer, head: Response) -> Answer | Passed | None:
        if question.stored is not None and head.status == 304:
            return await self._confirm(question, question.stored, response, head)
        if head.status in ERRORS and (instead := self._instead_of_error(question, head.status)):
            return instead
        return await self._take(question, response, head)

    def _instead_of_error(self, question: _Question, status: int | None = None) -> Answer | None:
        instead = self.stale_instead(question.errand, status)
        if instead is not None or status is None:
            question.flight.land(Landing.FAILED)
        return instead

    async def _confirm(
        self, question: _Question, stored: Stored, response: OriginAnswer, head: Response
    ) -> Answer | None:
        """The stored response as a 304 updates it; None where the 304 isn't about it (RFC 9111 §4.3.4)."""
        errand, assigned = question.errand, self._policy.assigned(question.errand)
        if not confirmed([stored.response.headers], head.headers):
            return None
        while not response.at_end:
            # Nothing is to come, and a connection that is read to its end serves again.
            await response.read_chunk()
        response_now = freshened(stored.response, head)
        why_not = why_not_stored(errand.request, response_now, assigned=assigned)
        selector = selector_of(response_now.headers, errand.request.headers)
        if why_not or selector is None:
            self._turn_away(question, head.status)
            told = CacheStatus(question.why, forward_status=304, detail=why_not or "")
            now_its_own = replace(stored, response=response_now)
            return answer(errand.asked, now_its_own, told, self._policy.tracking, is_kept=False)
        if selector != stored.selector:
            self._store.drop(errand.key, stored)
        return self._keep(question, Stored.of(response_now, stored.body, selector, assigned=assigned), confirmed=True)

    async def _take(self, question: _Question, response: OriginAnswer, head: Response) -> Answer | Passed:
        """A response that is not about what is stored: kept, or passed on."""
        errand, assigned = question.errand, self._policy.assigned(question.errand)
        why_not = why_not_stored(errand.request, head, assigned=assigned) or self._why_not_held(errand, head)
        selector = None if why_not else selector_of(head.headers, errand.request.headers)
        if selector is None:
            self._turn_away(question, head.status)
            return self._passed(errand, response, CacheStatus(question.why, detail=why_not or ""))
        self._announce(question, selector, freshness_of(head, assigned=assigned))
        held = await self._holder.hold(response)
        if held.why_not is not None:
            if isinstance(held.why_not, NotHeld) and held.why_not is not NotHeld.CROWDED:
                self._unheld.put(errand.key, held.why_not)
            return self._passed(errand, response, CacheStatus(question.why, detail=held.why_not), held.body)
        whole = completed(head, held.body)
        return self._keep(question, Stored.of(whole, held.body, selector, assigned=assigned))

    def _announce(self, question: _Question, selector: Selector, freshness: Freshness) -> None:
        """Tell the followers whom the response will be for, as soon as that is known."""
        is_shared = not freshness.always_validate and freshness.remaining(self._now()) > 0
        self._flights.note(question.errand.key, is_shared=is_shared)
        if is_shared:
            question.flight.narrow(selector)
        else:
            question.flight.land(Landing.ALONE)

    def _keep(self, question: _Question, stored: Stored, *, confirmed: bool = False) -> Answer:
        errand = question.errand
        if confirmed:
            self._announce(question, stored.selector, stored.freshness)
        is_kept = self._store.put(errand.key, stored, since=question.since)
        question.flight.land(stored)
        told = CacheStatus(question.why, forward_status=304 if confirmed else None, stored=is_kept)
        return answer(errand.asked, stored, told, self._policy.tracking)

    def _turn_away(self, question: _Question, status: int) -> None:
        """Note that the answer is this visitor's alone, where others may expect as much."""
        errand, stored = question.errand, question.stored
        if errand.is_authorized or errand.directives.no_store:
            return
        if status >= 500 or (status == 304 and stored is None):
            # It tells of a moment, or of what this one browser has.
            return
        self._flights.note(errand.key, is_shared=False)
        if stored is not None and (status == 304 or question.why is Forward.STALE):
            # Its origin has something else to say of it by now.
            self._store.drop(errand.key, stored)

    def _why_not_held(self, errand: Errand, head: Response) -> NotHeld | None:
        return self._holder.why_not(head.headers) or self._unheld.get(errand.key)

    def _passed(self, errand: Errand, response: OriginAnswer, status: CacheStatus, held: bytes = b"") -> Passed:
        headers = told_headers(errand.asked, response.status, response.headers, status, self._policy.tracking)
        return Passed(response, headers, held)
