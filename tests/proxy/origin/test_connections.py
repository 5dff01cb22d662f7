from __future__ import annotations

import asyncio
import threading

import pytest

from proxy.origin.client import Origin
from proxy.origin.connections import Connections
from proxy.origin.exchange import Exchange
from tests.proxy.origin.conversation import HOST, fetch, pieces, read_body, silent, talk
from tests.proxy.origins import PATIENCE_SECONDS, Connection, ok, replying, scripted_origin


def test_a_request_with_an_effect_meets_no_connection_that_may_have_died() -> None:
    async def get_then_post(client: Origin) -> None:
        await fetch(client)
        await fetch(client, "POST", headers=(HOST, (b"content-length", b"5")), body=pieces(b"hello"))

    with scripted_origin(replying(ok(), ok())) as origin:
        talk(origin.url, get_then_post)

    assert len(origin.connections) == 2


@pytest.mark.parametrize("hears", [True, False], ids=["heard", "not heard of yet"])
def test_what_an_origin_says_unasked_answers_nobody(hears: bool) -> None:
    poisoned = threading.Event()

    def talkative(connection: Connection) -> None:
        connection.read_message()
        connection.send(ok(b"asked"))
        connection.send(ok(b"poison"))
        poisoned.set()
        if connection.read_message():
            connection.send(ok(b"asked"))

    async def twice(client: Origin) -> list[bytes]:
        first = (await fetch(client))[2]
        # A loop that is busy meanwhile has not read it.
        assert poisoned.wait(PATIENCE_SECONDS)
        for _ in range(3 if hears else 0):
            await asyncio.sleep(0)
        return [first, (await fetch(client))[2]]

    with scripted_origin(talkative) as origin:
        assert talk(origin.url, twice) == [b"asked", b"asked"]


def test_one_connection_serves_request_after_request() -> None:
    async def thrice(client: Origin) -> list[bytes]:
        return [(await fetch(client))[2] for _ in range(3)]

    with scripted_origin(replying(ok(b"1"), ok(b"2"), ok(b"3"))) as origin:
        assert talk(origin.url, thrice) == [b"1", b"2", b"3"]

    assert len(origin.connections) == 1


def test_an_origin_that_wants_to_close_is_let_go() -> None:
    async def twice(client: Origin) -> list[bytes]:
        return [(await fetch(client))[2] for _ in range(2)]

    with scripted_origin(replying(ok(b"bye", b"Connection: close"))) as origin:
        assert talk(origin.url, twice) == [b"bye", b"bye"]

    assert len(origin.connections) == 2


def test_a_connection_that_nobody_uses_is_kept_for_a_while_only() -> None:
    left = threading.Event()

    def patient(connection: Connection) -> None:
        connection.read_message()
        connection.send(ok())
        connection.read_to_end()
        left.set()

    async def ask_and_wait(url: str) -> bool:
        connections = Connections(url, kept_seconds=0.05)
        try:
            connection = await connections.new()
            assert connection.transport is not None
            exchange = Exchange(connection, PATIENCE_SECONDS, PATIENCE_SECONDS, connections.keep)
            assert await read_body(await exchange.run("GET", b"/", (HOST,))) == b"hello"
            is_left = await asyncio.to_thread(left.wait, PATIENCE_SECONDS)
            assert connections.kept() is None
            return is_left
        finally:
            await connections.close()

    with scripted_origin(patient) as origin:
        assert asyncio.run(ask_and_wait(origin.url))


def test_the_connection_that_was_used_last_is_used_next() -> None:
    async def take_turns(url: str) -> bool:
        connections = Connections(url)
        first, second = await connections.new(), await connections.new()
        connections.keep(first)
        connections.keep(second)
        found = connections.kept(), connections.kept(), connections.kept()
        first.close()
        second.close()
        await connections.close()
        return found == (second, first, None)

    with scripted_origin(silent) as origin:
        assert asyncio.run(take_turns(origin.url))
