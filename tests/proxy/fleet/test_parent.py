"""A worker's side of a fleet, before a parent that a test plays."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from proxy.fleet.parent import Alone, Ask, Do, Done, Line, Member, Report, Reports, Told, in_fleet

ME = os.getpid()


async def double(order: Any) -> Any:
    return order * 2


async def fail(order: Any) -> Any:
    raise ValueError(order)


def with_parent(play: Callable[[Member, Line], Awaitable[None]], do: Callable[[Any], Awaitable[Any]] = double) -> None:
    """Runs a member whose parent is `play`, which has the other end of its line."""

    async def run() -> None:
        ours, theirs = socket.socketpair()
        parent = await Line.open(ours)
        async with in_fleet(theirs, do) as member:
            assert isinstance(member, Member)
            await play(member, parent)
        parent.close()

    asyncio.run(run())


def test_a_process_alone_asks_itself() -> None:
    async def run() -> None:
        async with in_fleet(None, double) as fleet:
            assert await fleet.ask(2) == Reports((Report(ME, 4),))

    asyncio.run(run())


def test_an_order_that_fails_is_logged_and_missing(caplog: pytest.LogCaptureFixture) -> None:
    assert asyncio.run(Alone(fail).ask("x")) == Reports(missing=(ME,))
    assert "str failed" in caplog.text


def test_a_member_does_what_it_is_told_and_reports() -> None:
    async def play(member: Member, parent: Line) -> None:
        parent.say(Do(7, "ab"))
        assert await parent.hear() == Done(7, Report(ME, "abab"))

    with_parent(play)


def test_a_member_that_fails_reports_so_and_does_the_next(caplog: pytest.LogCaptureFixture) -> None:
    async def play(member: Member, parent: Line) -> None:
        for number in (1, 2):
            parent.say(Do(number, "x"))
            assert await parent.hear() == Done(number, None)

    with_parent(play, fail)
    assert caplog.text.count("str failed") == 2


def test_what_a_member_asks_is_answered_by_the_parent_to_whom_asked() -> None:
    async def play(member: Member, parent: Line) -> None:
        first, second = (asyncio.create_task(member.ask(order)) for order in ("a", "b"))
        asks = [await parent.hear(), await parent.hear()]
        for ask in reversed(asks):
            assert isinstance(ask, Ask)
            parent.say(Told(ask.number, Reports((Report(1, ask.order),))))
        assert (await first).results == ("a",)
        assert (await second).results == ("b",)

    with_parent(play)


def test_a_message_may_be_larger_than_a_socket_holds() -> None:
    async def play(member: Member, parent: Line) -> None:
        parent.say(Do(1, "x" * 3_000_000))
        done = await parent.hear()
        assert isinstance(done, Done)
        assert done.report is not None
        assert len(done.report.result) == 6_000_000

    with_parent(play)


def test_a_parent_that_goes_leaves_nobody_waiting() -> None:
    async def play(member: Member, parent: Line) -> None:
        asking = asyncio.create_task(member.ask("a"))
        await parent.hear()
        parent.close()
        assert await asking == Reports(missing=(ME,))
        assert await member.ask("b") == Reports(missing=(ME,))

    with_parent(play)


def test_an_answer_that_comes_too_late_hurts_nobody() -> None:
    async def play(member: Member, parent: Line) -> None:
        asking = asyncio.create_task(member.ask("a"))
        ask = await parent.hear()
        assert isinstance(ask, Ask)
        asking.cancel()
        await asyncio.wait([asking])
        parent.say(Told(ask.number, Reports()))
        parent.say(Do(1, "b"))
        assert await parent.hear() == Done(1, Report(ME, "bb"))

    with_parent(play)


def test_a_parent_that_says_nothing_is_waited_for_no_longer_than_patience_has_it() -> None:
    async def run() -> None:
        ours, theirs = socket.socketpair()
        with ours:
            member = Member(await Line.open(theirs), double, patience_seconds=-1.0)
            assert await member.ask("a") == Reports(missing=(ME,))
            member.close()

    asyncio.run(run())


def test_nobody_waits_for_a_side_that_does_not_read() -> None:
    async def run() -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            line = await Line.open(ours)
            said = [line.say(Do(number, "x" * 500_000)) for number in range(10)]
            assert said[0]
            assert not said[-1]
            line.close()

    asyncio.run(run())
