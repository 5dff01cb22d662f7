from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from proxy.page.threads import CrowdedError, Threads
from tests.proxy.origins import PATIENCE_SECONDS


def hung(threads: Threads, times: int, then: Callable[[], Awaitable[None]]) -> None:
    """Something is done while so many pieces of work hang; at its end all of them go on."""

    async def run() -> None:
        blocked = threading.Event()
        hanging = [asyncio.create_task(threads.run(lambda: blocked.wait(PATIENCE_SECONDS))) for _ in range(times)]
        await asyncio.sleep(0)
        try:
            await then()
        finally:
            blocked.set()
            await asyncio.gather(*hanging)

    asyncio.run(run())


def test_work_is_done_beside_the_event_loop_and_its_result_given_back() -> None:
    name = asyncio.run(Threads().run(lambda: threading.current_thread().name))

    assert name == "pages"


def test_what_work_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(Threads().run(lambda: 1 // 0))


def test_work_goes_on_beside_work_that_hangs() -> None:
    threads = Threads(most=2)

    async def more() -> None:
        assert await threads.run(lambda: 1) == 1

    hung(threads, 1, more)


def test_where_too_much_hangs_or_waits_more_is_refused_at_once() -> None:
    threads = Threads(most=2, waiting=1)

    async def more() -> None:
        with pytest.raises(CrowdedError):
            await threads.run(lambda: 1)

    hung(threads, 3, more)
    assert asyncio.run(threads.run(lambda: 1)) == 1


def test_work_whose_waiter_left_keeps_its_place_until_it_is_done() -> None:
    threads = Threads(most=1, waiting=0)

    async def leave() -> None:
        blocked = threading.Event()
        left = asyncio.create_task(threads.run(lambda: blocked.wait(PATIENCE_SECONDS)))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        with pytest.raises(CrowdedError):
            await threads.run(lambda: 1)
        blocked.set()
        while threads.under_way:  # noqa: ASYNC110 - nobody waits for it any more
            await asyncio.sleep(0.01)
        assert await threads.run(lambda: 2) == 2

    asyncio.run(leave())


def test_a_loop_that_ends_meanwhile_leaves_the_threads_usable() -> None:
    threads, blocked, done = Threads(most=1), threading.Event(), threading.Event()

    def work() -> None:
        blocked.wait(PATIENCE_SECONDS)
        done.set()

    async def leave() -> None:
        asyncio.create_task(threads.run(work)).add_done_callback(lambda _: None)
        await asyncio.sleep(0)

    asyncio.run(leave())
    blocked.set()
    assert done.wait(PATIENCE_SECONDS)
    assert asyncio.run(threads.run(lambda: 1)) == 1
