"""Asks as a CDN would: many visitors over a few connections, in herds, in pairs, again with a tag, and leaving early.

Owns the connections and the order of things. Who asks for what is `visitors`', and what comes back is `checker`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from cachetools import LRUCache

from tests.isolation.checker import Checker
from tests.isolation.pace import Number, Pace
from tests.isolation.pages import BROKEN
from tests.isolation.visitors import Ask, Asker, Visitor, crowd
from tests.isolation.wire import BROKEN_OFF, Got, read_response

PATIENCE_SECONDS = 60.0
VISITORS = 1_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is made of. Every `disturb_every` requests `disturb` is called, as by an operator beside the traffic.

    `excluded` are rooms and kinds that are not asked for. With `closes_idle` a connection may be closed between two
    requests, as a browser has to expect (RFC 9112 §9.5), and what was just sent on it is left.
    """

    connections: int = 32
    herd: int = 24
    keeps_alive: bool = True
    disturb_every: int = 500
    excluded: frozenset[tuple[str, str]] = frozenset()
    closes_idle: bool = False


Disturb = Callable[[int], Awaitable[None]]


async def leave_alone(number: int) -> None:
    """No operator beside the traffic."""


class Driver:
    """Sends requests to `port` on 127.0.0.1 and has each answer judged. The same `seed` sends the same requests."""

    def __init__(self, port: int, checker: Checker, plan: Plan, *, seed: int, disturb: Disturb = leave_alone) -> None:
        self._port = port
        self._checker = checker
        self._plan = plan
        self._disturb = disturb
        self._chance = random.Random(seed)
        self._visitors = crowd(VISITORS, self._chance)
        self._held: LRUCache[str, tuple[Ask, str]] = LRUCache(1_000)
        self._pace: Pace = Number(0)
        self._sent = 0
        self._is_time = asyncio.Event()

    async def run(self, pace: Pace) -> None:
        """All requests that are due; it may be called again, with another pace."""
        self._pace = pace
        async with asyncio.TaskGroup() as tasks:
            disturbing = tasks.create_task(self._disturb_at_times())
            async with asyncio.TaskGroup() as visits:
                for _ in range(self._plan.connections):
                    visits.create_task(self._visit_in_turn())
                visits.create_task(self._in_herds())
            disturbing.cancel()

    async def _take(self, count: int = 1) -> bool:
        """Whether so many requests more are to be sent, once they are due."""
        if not await self._pace.take(count):
            return False
        before, self._sent = self._sent, self._sent + count
        if before // self._plan.disturb_every != self._sent // self._plan.disturb_every:
            self._is_time.set()
        return True

    async def _disturb_at_times(self) -> None:
        for number in itertools.count(1):
            await self._is_time.wait()
            self._is_time.clear()
            await self._disturb(number)

    async def _in_herds(self) -> None:
        """Many at once who want one page, time and again."""
        plan = self._plan
        asker = self._asker()
        while await self._take(plan.herd):
            first = asker.ask(plan.excluded)
            asks = [asker.as_someone(first.room, first.kind, first.number) for _ in range(plan.herd)]
            async with asyncio.TaskGroup() as tasks:
                for ask in asks:
                    tasks.create_task(self._visit_once(ask))

    async def _visit_once(self, ask: Ask) -> None:
        async with Line(self._port) as line:
            await self._exchange(line, ask)

    async def _visit_in_turn(self) -> None:
        """One connection after another, with whatever visitors come."""
        asker = self._asker()
        while not self._pace.is_over:
            async with Line(self._port) as line:
                while line.is_open and await self._take():
                    await self._step(line, asker)

    async def _step(self, line: Line, asker: Asker) -> None:
        """One visit: a page, a page and the same again, two at once, or one that is left before it comes."""
        ask = asker.ask(self._plan.excluded)
        how = self._chance.random()
        if how < 0.03:
            await self._leave(line, ask)
            return
        if how < 0.08 and self._plan.keeps_alive and ask.kind not in BROKEN:
            await self._exchange(line, ask, asker.ask(self._plan.excluded))
            return
        if how < 0.25 and (held := self._held.get(ask.path)):
            self._checker.tally.foreign_tags += 1
            ask = asker.instead_of(*held)
        (got,) = await self._exchange(line, ask)
        own_tag = got.field("etag")
        if own_tag and how > 0.6 and await self._take():
            again = asker.again(ask, own_tag)
            await (self._exchange(line, again) if line.is_open else self._visit_once(again))

    async def _exchange(self, line: Line, *asks: Ask) -> list[Got]:
        """The answers to requests that are sent at once."""
        answers = await line.ask(*asks)
        for ask, got in zip(asks, answers, strict=True):
            if got is BROKEN_OFF and self._is_excused(line, answers):
                self._checker.tally.unanswered += 1
                continue
            self._checker.check(ask, got)
            keep_cookies(ask.visitor, got)
            if (tag := got.field("etag")) and got.status == 200:
                self._held[ask.path] = (ask, tag)
        return answers

    def _is_excused(self, line: Line, answers: list[Got]) -> bool:
        """Whether there is no answer for a reason: one before it ended the connection, by its word or by breaking."""
        if answers[0] is not BROKEN_OFF:
            return answers[0].ends_connection
        return self._plan.closes_idle and line.answered > 0

    async def _leave(self, line: Line, ask: Ask) -> None:
        self._checker.tally.unanswered += 1
        await line.leave(ask, after_bytes=self._chance.choice((0, 200)))

    def _asker(self) -> Asker:
        chance = random.Random(self._chance.getrandbits(64))
        return Asker(self._visitors, chance, keeps_alive=self._plan.keeps_alive)


class Line:
    """One connection to the proxy."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.is_open = False
        self.answered = 0

    async def __aenter__(self) -> Line:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self.is_open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    def send(self, message: bytes) -> None:
        """Bytes, whose answers are then to be read in their order."""
        self._writer.write(message)

    async def read(self, method: str) -> Got:
        """The next answer; where none comes, or it has no end, one with that fault."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await read_response(self._reader, method)
        except TimeoutError:
            return replace(BROKEN_OFF, fault=f"no answer, or no end of it, within {PATIENCE_SECONDS:.0f} seconds")

    async def ask(self, *asks: Ask) -> list[Got]:
        """The answers, in order; where the connection ended before, BROKEN_OFF."""
        self.send(b"".join(ask.encode() for ask in asks))
        answers: list[Got] = []
        for ask in asks:
            got = await self.read(ask.method) if self.is_open else BROKEN_OFF
            self.is_open = self.is_open and ask.keeps_alive and not got.ends_connection
            answers.append(got)
        self.answered += sum(got is not BROKEN_OFF for got in answers)
        return answers

    async def leave(self, ask: Ask, *, after_bytes: int) -> None:
        """Asks, and resets the connection once something of the answer came, or at once."""
        self.send(ask.encode())
        with contextlib.suppress(ConnectionError):
            await self._reader.read(after_bytes)
        self._writer.transport.abort()
        self.is_open = False


def keep_cookies(visitor: Visitor, got: Got) -> None:
    """What a browser would do with Tailor's own cookies."""
    for name, value in got.fields:
        if name == "set-cookie" and value.startswith(("tailor_id=", "tailor_vouched=")):
            cookie, _, attributes = value.partition(";")
            own_name, _, own_value = cookie.partition("=")
            if own_value and "max-age=0" not in attributes.lower():
                visitor.jar[own_name] = own_value
            else:
                visitor.jar.pop(own_name, None)
