"""One run: a stage, a driver and a checker put together, and the operator who reloads and purges meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.isolation.checker import Checker, Tally
from tests.isolation.driver import Driver, Plan
from tests.isolation.pace import Number
from tests.isolation.pages import KINDS
from tests.isolation.stage import PATIENCE_SECONDS, Tailor, running_origin, running_tailor, running_varnish

PURGES: tuple[dict[str, object], ...] = (
    {"url": "http://shop.example/touched/fresh/0"},
    {"url": "http://shop.example/plain/lasting/0", "soft": True},
    {"tag": "fresh", "soft": True},
    {"prefix": "http://shop.example/touched/"},
    {"tag": ["fresh", "all"]},
    {"all": True, "soft": True},
    {"all": True},
)


@dataclass(frozen=True, slots=True)
class Run:
    """How the proxy is run and asked. `seed` makes the visitors and their requests."""

    requests: int
    workers: int = 1
    keeps_alive: bool = True
    has_varnish: bool = False
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run: the tally, and what the proxy says went wrong inside of it."""

    tally: Tally
    troubles: list[str]


class Operator:
    """Whoever edits rules and purges pages while visitors come."""

    def __init__(self, tailor: Tailor, client: httpx.AsyncClient) -> None:
        self._tailor = tailor
        self._client = client

    async def disturb(self, number: int) -> None:
        """A purge, each time of something else, and a new rulebook now and then."""
        await self._order("purge", PURGES[number % len(PURGES)])
        if number % 3 == 1:
            self._tailor.edit(number)
            await self._order("reload", {})

    async def _order(self, what: str, said: dict[str, object]) -> None:
        response = await self._client.post(f"{self._tailor.admin}/{what}", json=said)
        assert response.status_code == 200, (what, said, response.status_code, response.text)


def play(run: Run, folder: Path) -> Outcome:
    """Start all of it, ask, and end all of it."""
    with running_origin() as origin_port, contextlib.ExitStack() as opened:
        tailor = opened.enter_context(running_tailor(origin_port, folder, "--workers", str(run.workers)))
        port = tailor.port
        gateway_errors, excluded = {502}, set[tuple[str, str]]()
        if run.has_varnish:
            (folder / "varnish").mkdir()
            port = opened.enter_context(running_varnish(tailor.port, folder / "varnish"))
            # Its own word for an origin that breaks off. And what tells no lifetime it keeps for two minutes.
            gateway_errors |= {503}
            excluded |= {("plain", name) for name, kind in KINDS.items() if kind.guessed}
        plan = Plan(
            keeps_alive=run.keeps_alive,
            disturb_every=min(500, max(50, run.requests // 10)),
            excluded=frozenset(excluded),
            closes_idle=run.has_varnish,
        )
        checker = Checker(gateway_errors=frozenset(gateway_errors))
        asyncio.run(_drive(tailor, port, checker, plan, run))
        return Outcome(checker.tally, tailor.troubles())


async def _drive(tailor: Tailor, port: int, checker: Checker, plan: Plan, run: Run) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client:
        operator = Operator(tailor, client)
        await Driver(port, checker, plan, seed=run.seed, disturb=operator.disturb).run(Number(run.requests))
