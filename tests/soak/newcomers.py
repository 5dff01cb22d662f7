"""Visitors who come for the first time, each to a page that nobody asked for: after them what is remembered is full.

So what memory does afterwards is no longer that something is filled.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

from tests.isolation.checker import Checker
from tests.isolation.driver import Line, keep_cookies
from tests.isolation.visitors import Ask, Visitor, crowd

_CONNECTIONS = 32


async def welcome(port: int, count: int, checker: Checker, chance: random.Random) -> None:
    """Each of so many visitors agrees to be known, and comes again with the cookie that they were given."""
    coming = iter(list(enumerate(crowd(count, chance))))
    async with asyncio.TaskGroup() as tasks:
        for _ in range(min(count, _CONNECTIONS)):
            tasks.create_task(_visit_twice(port, coming, checker))


async def _visit_twice(port: int, coming: Iterator[tuple[int, Visitor]], checker: Checker) -> None:
    async with Line(port) as line:
        for number, visitor in coming:
            consent = frozenset({"consent"})
            for nonce in (f"{number}-new", f"{number}-known"):
                cookies = tuple(visitor.jar.items())
                ask = Ask(
                    visitor, "touched", "lasting", number, nonce, credentials=consent, cookies=cookies, country="SE"
                )
                (got,) = await line.ask(ask)
                checker.check(ask, got)
                keep_cookies(visitor, got)
