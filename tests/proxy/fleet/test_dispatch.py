"""The parent of a fleet whose workers a test plays."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from proxy.fleet.dispatch import Dispatch
from proxy.fleet.parent import Ask, Do, Done, Line, Report, Reports, Told

PATIENCE_SECONDS = 30.0


async def turns(number: int = 20) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def attended(dispatch: Dispatch, process: int) -> AsyncIterator[Line]:
    """The end of the line that a worker of the dispatch would have."""
    ours, theirs = socket.socketpair()
    task = asyncio.create_task(dispatch.attend(process, await Line.open(ours)))
    worker = await Line.open(theirs)
    await turns()
    yield worker
    worker.close()
    await task


def run(play: Callable[[Dispatch, Line, Line], Awaitable[None]], patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Runs a dispatch with the workers 1 and 2."""

    async def whole() -> None:
        dispatch = Dispatch(patience_seconds=patience_seconds)
        async with attended(dispatch, 1) as first, attended(dispatch, 2) as second:
            await play(dispatch, first, second)

    asyncio.run(whole())


async def do(worker: Line, process: int, expected: Any = "order") -> None:
    told = await worker.hear()
    assert isinstance(told, Do)
    assert told.order == expected
    worker.say(Done(told.number, Report(process, process * 10)))


def test_what_a_worker_asks_is_done_by_all_and_answered_to_it_alone() -> None:
    async def play(dispatch: Dispatch, first: Line, second: Line) -> None:
        first.say(Ask(5, "order"))
        await do(second, 2)
        await do(first, 1)
        assert await first.hear() == Told(5, Reports((Report(2, 20), Report(1, 10))))

    run(play)


def test_several_orders_may_be_on_their_way() -> None:
    async def play(dispatch: Dispatch, first: Line, second: Line) -> None:
        first.say(Ask(1, "a"))
        second.say(Ask(1, "b"))
        orders = [told for worker in (first, second) for told in [await worker.hear(), await worker.hear()]]
        for told, (worker, process) in zip(orders, [(first, 1)] * 2 + [(second, 2)] * 2, strict=True):
            assert isinstance(told, Do)
            worker.say(Done(told.number, Report(process, told.order)))
        for worker, order in ((first, "a"), (second, "b")):
            answer = await worker.hear()
            assert isinstance(answer, Told)
            assert answer.reports.results == (order, order)

    run(play)


def test_a_worker_that_dies_is_waited_for_no_longer() -> None:
    async def play(dispatch: Dispatch, first: Line, second: Line) -> None:
        asking = asyncio.create_task(dispatch.ask("order"))
        await do(first, 1)
        second.close()
        assert await asking == Reports((Report(1, 10),))

    run(play)


def test_one_that_takes_the_place_of_a_dead_one_takes_part() -> None:
    async def play(dispatch: Dispatch, first: Line, second: Line) -> None:
        second.close()
        await turns()
        async with attended(dispatch, 3) as third:
            asking = asyncio.create_task(dispatch.ask("order"))
            await asyncio.gather(do(first, 1), do(third, 3))
            assert sorted((await asking).results) == [10, 30]

    run(play)


def test_one_that_does_not_answer_in_time_is_named() -> None:
    async def play(dispatch: Dispatch, first: Line, second: Line) -> None:
        assert await dispatch.ask("order") == Reports(missing=(1, 2))
        # Both hear of it all the same, and what they say of it now counts for nothing.
        await asyncio.gather(do(first, 1), do(second, 2))

    run(play, patience_seconds=0.0)


def test_one_that_fails_is_named() -> None:
    async def play(dispatch: Dispatch, first: Line, second: Line) -> None:
        asking = asyncio.create_task(dispatch.ask("order"))
        told = await second.hear()
        assert isinstance(told, Do)
        second.say(Done(told.number, None))
        await do(first, 1)
        assert await asking == Reports((Report(1, 10),), (2,))

    run(play)


def test_one_that_does_not_read_holds_nobody_up() -> None:
    async def play(dispatch: Dispatch, first: Line, second: Line) -> None:
        large = "x" * 900_000
        asked = []
        for _ in range(10):
            asked.append(asyncio.create_task(dispatch.ask(large)))
            await do(first, 1, large)
        second.close()
        reports = await asyncio.gather(*asked)
        assert {report.results for report in reports} == {(10,)}
        assert (reports[0].missing, reports[-1].missing) == ((), (2,))

    run(play)


def test_where_nobody_is_nobody_is_waited_for() -> None:
    assert asyncio.run(Dispatch().ask("order")) == Reports()


def test_an_asker_that_dies_leaves_nothing_behind() -> None:
    async def play(dispatch: Dispatch, first: Line, second: Line) -> None:
        first.say(Ask(1, "order"))
        assert isinstance(await second.hear(), Do)
        first.close()
        await turns()
        asking = asyncio.create_task(dispatch.ask("order"))
        await do(second, 2)
        assert await asking == Reports((Report(2, 20),))

    run(play)
