"""One soak: what full load is here, then a share of it for a while, with all that a day brings beside it.

Owns the order of things. Who asks, what may come, and what it is played on are the isolation's (`tests.isolation`).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.isolation.checker import Checker, Tally
from tests.isolation.driver import Driver, Plan
from tests.isolation.pace import Schedule
from tests.isolation.run import Operator
from tests.isolation.stage import PATIENCE_SECONDS, Tailor, running_origin, running_tailor
from tests.isolation.visitors import Asker, crowd
from tests.soak.newcomers import welcome
from tests.soak.unusual import Unusual
from tests.soak.usage import Observer, Usage

MEMORY_BYTES = 4 << 20
"""Less than what is asked for takes, so that what is kept is at its bound."""
ORDER_SECONDS = 5.0
"""Between two things that the operator does, on average."""
SAMPLE_SECONDS = 10.0
REST_SECONDS = 60.0
"""How long it may take until all is at rest: an idle connection to the origin is closed after a while."""
LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Soak:
    """So many newcomers, full load for some seconds, then a share of it for others; `seed` makes who asks for what."""

    seconds: float
    load: float
    full_seconds: float
    newcomers: int
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Sample:
    """What is used at a moment of the load, in seconds since it began, and how many answers had come by then."""

    seconds: float
    answers: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a soak. `rested` was looked at before the load, `ended` after it, both when all was at rest.

    `full_rate` is full load in answers a second, `full_busy` the share of a core that it took. `unusual` are the visits
    of other sorts than the crowd's, `troubles` what Tailor says went wrong inside of it.
    """

    full_rate: float
    full_busy: float
    rested: Usage
    samples: tuple[Sample, ...]
    ended: Usage
    unusual: Mapping[str, int]
    tally: Tally
    troubles: tuple[str, ...]


def play(soak: Soak, folder: Path) -> Outcome:
    """Start all of it, ask, and end all of it."""
    flags = ("--workers", "1", "--memory-bytes", f"{MEMORY_BYTES}")
    with running_origin() as origin_port, running_tailor(origin_port, folder, *flags) as tailor:
        return asyncio.run(Player(soak, tailor, origin_port).play())


class Player:
    """Whoever comes, and whoever looks on."""

    def __init__(self, soak: Soak, tailor: Tailor, origin_port: int) -> None:
        self._soak = soak
        self._tailor = tailor
        self._chance = random.Random(soak.seed)
        self._checker = Checker()
        self._driver = Driver(tailor.port, self._checker, Plan(), seed=soak.seed)
        (process,) = tailor.status()["processes"]
        self._observer = Observer(process["process"], tailor.admin, origin_port)
        asker = Asker(crowd(100, self._chance), self._chance, keeps_alive=True)
        self._unusual = Unusual(tailor.port, asker, self._checker, self._chance)

    async def play(self) -> Outcome:
        """All of it, in its order."""
        soak = self._soak
        await welcome(self._tailor.port, soak.newcomers, self._checker, self._chance)
        before, answers = await self._observer.look(), self._answers
        async with self._day():
            await self._driver.run(Schedule(soak.full_seconds))
        full_rate = (self._answers - answers) / soak.full_seconds
        after = await self._observer.look()
        rested = await self._rest(lambda usage: usage.is_idle)
        async with self._day(), asyncio.TaskGroup() as tasks:
            sampling = tasks.create_task(self._samples())
            tasks.create_task(self._driver.run(Schedule(soak.seconds, soak.load * full_rate)))
        ended = await self._rest(lambda usage: not usage.beyond(rested))
        return Outcome(
            full_rate,
            (after.busy_seconds - before.busy_seconds) / soak.full_seconds,
            rested,
            sampling.result(),
            ended,
            self._unusual.visits,
            self._checker.tally,
            tuple(self._tailor.troubles()),
        )

    @property
    def _answers(self) -> int:
        return self._checker.tally.kinds.total()

    @asynccontextmanager
    async def _day(self) -> AsyncIterator[None]:
        """Whoever is there beside the crowd, as long as it is."""
        async with (
            httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client,
            asyncio.TaskGroup() as tasks,
        ):
            operating = tasks.create_task(self._operate(Operator(self._tailor, client)))
            coming = tasks.create_task(self._unusual.come())
            yield
            operating.cancel()
            coming.cancel()

    async def _operate(self, operator: Operator) -> None:
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / ORDER_SECONDS))
            await operator.disturb(self._chance.randrange(1 << 16))

    async def _samples(self) -> tuple[Sample, ...]:
        """One at once, and then one each time."""
        loop = asyncio.get_running_loop()
        began, answers = loop.time(), self._answers
        samples: list[Sample] = []
        for number in range(1 + int(self._soak.seconds / SAMPLE_SECONDS)):
            await asyncio.sleep(began + number * SAMPLE_SECONDS - loop.time())
            usage = await self._observer.look()
            samples.append(Sample(loop.time() - began, self._answers - answers, usage))
        return tuple(samples)

    async def _rest(self, is_at_rest: Callable[[Usage], bool]) -> Usage:
        """What is used once all is at rest, or has had its time to be."""
        usage = await self._observer.look()
        with suppress(TimeoutError):
            async with asyncio.timeout(REST_SECONDS):
                while not is_at_rest(usage):
                    await asyncio.sleep(LOOK_SECONDS)
                    usage = await self._observer.look()
        return usage
