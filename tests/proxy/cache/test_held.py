from __future__ import annotations

import asyncio

import pytest

from proxy.cache.held import Held, Holder, NotHeld
from proxy.cache.storability import NotStored
from proxy.holding import Holding
from tests.proxy.cache.scripted import PATIENCE_SECONDS, OriginFailedError, Reply, reply

LIMIT, ROOM = 10, 100


def holder(seconds: float = PATIENCE_SECONDS) -> Holder:
    return Holder(LIMIT, seconds, (OriginFailedError,), Holding(ROOM))


def hold(response: Reply, seconds: float = PATIENCE_SECONDS) -> Held:
    async def run() -> Held:
        return await holder(seconds).hold(response)

    return asyncio.run(run())


def breaking() -> Reply:
    response = reply(chunks=[b"1234", b"5"])
    response.breaks = True
    return response


@pytest.mark.parametrize(
    ("response", "held"),
    [
        (reply(chunks=[b"1234", b"", b"5"]), Held(b"12345")),
        (reply(b""), Held(b"")),
        (reply(b"x" * LIMIT), Held(b"x" * LIMIT)),
        (reply(b"x" * LIMIT + b"y"), Held(b"x" * LIMIT + b"y", NotHeld.SIZE)),
        (reply(chunks=[b"x" * LIMIT, b"y", b"z"]), Held(b"x" * LIMIT + b"y", NotHeld.SIZE)),
        (reply(b"1234", ("content-length", "4")), Held(b"1234")),
        (reply(b"1234", ("content-length", "5")), Held(b"1234", NotStored.INCOMPLETE)),
        (reply(b"1234", ("content-length", "x")), Held(b"1234")),
        (breaking(), Held(b"12345", NotStored.INCOMPLETE)),
    ],
)
def test_a_body_is_held_until_it_is_whole_or_can_not_be(response: Reply, held: Held) -> None:
    assert hold(response) == held


def test_a_body_that_takes_too_long_is_passed_on_with_what_came() -> None:
    async def run() -> Held:
        response = reply(chunks=[b"12"])
        response.before_body = asyncio.Event()
        return await holder(seconds=0).hold(response)

    assert asyncio.run(run()) == Held(b"", NotHeld.SLOW)


def test_the_rest_of_a_body_that_grew_too_large_is_left_to_its_sender() -> None:
    response = reply(chunks=[b"x" * LIMIT, b"y", b"z"])
    hold(response)
    assert response.chunks == [b"z"]


@pytest.mark.parametrize(
    ("fields", "why_not"),
    [
        ([("content-type", "text/html")], None),
        ([("content-type", "Text/Event-Stream; charset=utf-8")], NotHeld.STREAM),
        ([("content-length", "10")], None),
        ([("content-length", "11")], NotHeld.SIZE),
        ([("content-length", "9" * 5000)], None),
        ([], None),
    ],
)
def test_a_head_may_tell_against_it_already(fields: list[tuple[str, str]], why_not: NotHeld | None) -> None:
    assert holder().why_not(reply(b"", *fields).headers) == why_not


def test_a_body_for_which_there_is_no_room_beside_others_is_passed_on() -> None:
    holding = Holding(ROOM)

    async def run() -> Held:
        with holding.one() as other:
            other.take(ROOM - 1)
            return await Holder(LIMIT, PATIENCE_SECONDS, (OriginFailedError,), holding).hold(
                reply(chunks=[b"1234", b"5"])
            )

    assert asyncio.run(run()) == Held(b"1234", NotHeld.CROWDED)
    assert holding.bytes == 0
