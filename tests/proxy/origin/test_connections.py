from __future__ import annotations

import asyncio
import threading

from proxy.origin.client import Origin
from tests.proxy.origin.conversation import HOST, fetch, pieces, talk
from tests.proxy.origins import PATIENCE_SECONDS, Connection, ok, replying, scripted_origin


def test_a_request_with_an_effect_meets_no_connection_that_may_have_died() -> None:
    async def get_then_post(client: Origin) -> None:
        await fetch(client)
        await fetch(client, "POST", headers=(HOST, (b"content-length", b"5")), body=pieces(b"hello"))

    with scripted_origin(replying(ok(), ok())) as origin:
        talk(origin.url, get_then_post)

    assert len(origin.connections) == 2


def test_what_an_origin_says_unasked_answers_nobody() -> None:
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
        await asyncio.to_thread(poisoned.wait, PATIENCE_SECONDS)
        for _ in range(3):
            await asyncio.sleep(0)  # lets the loop hear what has arrived
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
