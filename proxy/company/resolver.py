"""Asks a service on the network which company an address belongs to, and never longer than a page can wait.

Owns what keeps a slow or broken service from hurting pages: answers are kept, a question that is on its way is not
asked twice, only so many are on their way at once, and a service that keeps failing is left alone for a while. What a
question and an answer look like is `proxy.company.resolver_http`'s.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

from cachetools import TTLCache

from proxy.wire import Address
from rules.context import Value

logger = logging.getLogger(__name__)

Columns = Mapping[str, Value]
"""What is told of a company, by column: `name`, `domain`, `employees` …"""


class CompanyResolver(Protocol):
    """Whatever can tell a company by an address."""

    async def resolve(self, address: Address) -> Columns | None:
        """The company's columns, None where there is none; raises ResolverError where it can't be told."""


class PatientResolver(CompanyResolver, Protocol):
    """One that keeps what it was told, and knows when there is nothing to wait for."""

    def resolve_now(self, address: Address) -> Columns | None:
        """What can be said without asking: the columns, NOBODY's where none can be had; None where `resolve` has to."""


NOBODY: Columns = {}
"""The columns of no company."""


class ResolverError(Exception):
    """The service could not answer; `str` says why, without the address and without what it said."""


class SparingResolver:
    """A resolver that answers within `wait_seconds` or with nothing. `clock` counts seconds, never backwards.

    A question that takes longer goes on, up to the resolver's own limit: its answer is there at the next page.
    """

    def __init__(
        self,
        resolver: CompanyResolver,
        *,
        clock: Callable[[], float],
        wait_seconds: float = 0.3,
        known_seconds: float = 24 * 3600.0,
        unknown_seconds: float = 3600.0,
        failed_seconds: float = 30.0,
        most_kept: int = 50_000,
        most_at_once: int = 16,
        failures_until_rest: int = 5,
        rest_seconds: float = 30.0,
    ) -> None:
        self._resolver = resolver
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._known: TTLCache[Address, Columns] = TTLCache(most_kept, known_seconds, timer=clock)
        self._unknown: TTLCache[Address, None] = TTLCache(most_kept, unknown_seconds, timer=clock)
        self._failed: TTLCache[Address, None] = TTLCache(most_kept, failed_seconds, timer=clock)
        self._asked: dict[Address, asyncio.Task[Columns | None]] = {}
        self._most_at_once = most_at_once
        self._failures_until_rest = failures_until_rest
        self._rest_seconds = rest_seconds
        self._failures_in_a_row = 0
        self._rests_until = 0.0
        self.counts: Counter[str] = Counter()

    def resolve_now(self, address: Address) -> Columns | None:
        """What was told before; NOBODY's where there is none, or the service can't be asked now; else None."""
        if (known := self._known.get(address)) is not None:
            return known
        if address in self._unknown or address in self._failed:
            return NOBODY
        return None if address in self._asked or self._can_ask() else NOBODY

    async def resolve(self, address: Address) -> Columns | None:
        """The company's columns, as far as they can be had in time. Never raises but for cancellation."""
        if (said := self.resolve_now(address)) is not None:
            return said or None
        asked = self._asked.get(address) or self._ask(address)
        done, _ = await asyncio.wait((asked,), timeout=self._wait_seconds)
        if not done:
            self.counts["late"] += 1
            return None
        return None if asked.cancelled() else asked.result()

    async def close(self) -> None:
        """End what is on its way."""
        asked = tuple(self._asked.values())
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    def _can_ask(self) -> bool:
        """Whether one more question may go out: not where there are too many, or the service is left alone."""
        if self._clock() < self._rests_until:
            self.counts["rested"] += 1
            return False
        if len(self._asked) >= self._most_at_once:
            self.counts["crowded"] += 1
            return False
        return True

    def _ask(self, address: Address) -> asyncio.Task[Columns | None]:
        """A question on its way."""
        if self._failures_in_a_row >= self._failures_until_rest:
            # One question tries it; the others wait for how that one ends.
            self._rests_until = self._clock() + self._rest_seconds
        task = self._asked[address] = asyncio.create_task(self._answer(address))
        task.add_done_callback(lambda _: self._asked.pop(address, None))
        return task

    async def _answer(self, address: Address) -> Columns | None:
        self.counts["asked"] += 1
        try:
            found = await self._resolver.resolve(address)
        except ResolverError as error:
            self._note_failure(address, str(error))
            return None
        except Exception as error:
            logger.exception("Asking for a company failed")
            self._note_failure(address, type(error).__name__)
            return None
        if self._failures_in_a_row >= self._failures_until_rest:
            logger.info("The company resolver answers again")
        self._failures_in_a_row, self._rests_until = 0, 0.0
        if found is None:
            self._unknown[address] = None
        else:
            self._known[address] = found
        return found

    def _note_failure(self, address: Address, why: str) -> None:
        self.counts["failed"] += 1
        self._failed[address] = None
        self._failures_in_a_row += 1
        if self._failures_in_a_row == self._failures_until_rest:
            message = "The company resolver failed %d times in a row and is left alone for %g s at a time; last: %s"
            logger.warning(message, self._failures_in_a_row, self._rest_seconds, why)
        if self._failures_in_a_row >= self._failures_until_rest:
            self._rests_until = self._clock() + self._rest_seconds
