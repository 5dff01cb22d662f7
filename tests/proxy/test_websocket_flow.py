"""The same conversations with an origin directly and through the proxy: both sides have to see the same."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tests.proxy.origins import PATIENCE_SECONDS, running_proxy

Seen = list[Any]
BIG = 3 << 20


class Origin:
    """An origin that does what the path says, and notes what it saw."""

    def __init__(self) -> None:
        self.seen: Seen = []

    async def __call__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        url = urlsplit(connection.request.path)
        self.seen.append(("offered", connection.request.headers.get_all("Sec-WebSocket-Extensions")))
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        try:
            await self._talk(connection, url.path, query)
        except ConnectionClosed:
            pass
        finally:
            await connection.wait_closed()
            self.seen.append(("origin closed", connection.close_code, connection.close_reason))

    async def _talk(self, connection: ServerConnection, path: str, query: dict[str, str]) -> None:
        match path:
            case "/close":
                await connection.close(int(query["code"]), query["reason"])
            case "/fragments":
                await connection.send(["a", "b" * 70_000, "c"])
                await connection.send([b"d", b"", b"e"])
            case "/ping":
                await (await connection.ping(b"are you there"))
                await connection.send("you are")
            case "/drop":
                connection.transport.abort()
            case "/first":
                await connection.send("before anybody said anything")
        while True:
            fragments = [fragment async for fragment in connection.recv_streaming()]
            self.seen.append(("origin heard", fragments))
            await connection.send(fragments)


def refuse_some(connection: ServerConnection, request: Request) -> Response | None:
    match request.path:
        case "/forbidden":
            return connection.respond(403, "not for you\n")
        case "/broken":
            return connection.respond(500, "x" * 100_000)
    return None


async def say(connection: ClientConnection, seen: Seen, *messages: Any) -> None:
    for message in messages:
        await connection.send(message)
        seen.append([fragment async for fragment in connection.recv_streaming()])


async def hear_the_end(connection: ClientConnection, seen: Seen) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            seen.append(await connection.recv())
    seen.append(("closed", connection.close_code, connection.close_reason))


async def texts(url: str, seen: Seen) -> None:
    async with connect(url + "/echo?a=b", proxy=None) as connection:
        await say(connection, seen, "hello", "", "grüße 👋", "x" * 70_000)


async def bytes_of_all_sizes(url: str, seen: Seen) -> None:
    async with connect(url + "/echo", proxy=None, compression=None, max_size=None) as connection:
        await say(connection, seen, b"", b"\x00", b"x" * 125, b"x" * 126, b"x" * 65_535, b"x" * 65_536, b"x" * BIG)


async def pings_of_the_client(url: str, seen: Seen) -> None:
    async with connect(url + "/echo", proxy=None) as connection:
        await (await connection.ping(b"x" * 125))
        await (await connection.ping())
        await say(connection, seen, "between pings")


async def pings_of_the_origin(url: str, seen: Seen) -> None:
    async with connect(url + "/ping", proxy=None) as connection:
        seen.append(await connection.recv())


async def fragments_of_the_client(url: str, seen: Seen) -> None:
    async with connect(url + "/echo", proxy=None, compression=None) as connection:
        await say(connection, seen, ["a", "b" * 70_000, "", "c"], [b"d", b"e"])


async def fragments_of_the_origin(url: str, seen: Seen) -> None:
    async with connect(url + "/fragments", proxy=None) as connection:
        for _ in range(2):
            seen.append([fragment async for fragment in connection.recv_streaming()])


async def compressed(url: str, seen: Seen) -> None:
    async with connect(url + "/echo", proxy=None, compression="deflate", max_size=None) as connection:
        seen.append([repr(extension) for extension in connection.protocol.extensions])
        await say(connection, seen, "aaaa" * 50_000, b"b" * BIG)


async def uncompressed(url: str, seen: Seen) -> None:
    async with connect(url + "/echo", proxy=None, compression=None) as connection:
        seen.append(connection.protocol.extensions)
        await say(connection, seen, "plain")


async def a_subprotocol(url: str, seen: Seen) -> None:
    offered = [Subprotocol("unknown"), Subprotocol("chat.v2"), Subprotocol("chat.v1")]
    async with connect(url + "/echo", proxy=None, subprotocols=offered) as connection:
        seen.append(connection.subprotocol)


async def no_common_subprotocol(url: str, seen: Seen) -> None:
    try:
        async with connect(url + "/echo", proxy=None, subprotocols=[Subprotocol("unknown")]) as connection:
            seen.append(connection.subprotocol)
    except InvalidStatus as error:
        seen.append((error.response.status_code, error.response.body))


async def an_origin_that_speaks_first(url: str, seen: Seen) -> None:
    async with connect(url + "/first", proxy=None) as connection:
        seen.append(await connection.recv())


async def an_origin_that_drops(url: str, seen: Seen) -> None:
    async with connect(url + "/drop", proxy=None) as connection:
        await hear_the_end(connection, seen)


async def a_client_that_drops(url: str, seen: Seen) -> None:
    async with connect(url + "/echo", proxy=None) as connection:
        await say(connection, seen, "and gone")
        connection.transport.abort()


async def forbidden(url: str, seen: Seen) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await connect(url + "/forbidden", proxy=None)
    seen.append((caught.value.response.status_code, caught.value.response.body))


async def broken(url: str, seen: Seen) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await connect(url + "/broken", proxy=None)
    seen.append((caught.value.response.status_code, caught.value.response.body))


def closed_by_the_origin(code: int) -> Callable[[str, Seen], Awaitable[None]]:
    async def talk(url: str, seen: Seen) -> None:
        async with connect(f"{url}/close?code={code}&reason=done+with+it", proxy=None) as connection:
            await hear_the_end(connection, seen)

    return talk


def closed_by_the_client(code: int) -> Callable[[str, Seen], Awaitable[None]]:
    async def talk(url: str, seen: Seen) -> None:
        async with connect(url + "/echo", proxy=None) as connection:
            await say(connection, seen, "goodbye")
            await connection.close(code, "done with it")
        seen.append((connection.close_code, connection.close_reason))

    return talk


CODES = (1000, 1001, 1011, 3000, 4000, 4999)
TALKS = [
    texts,
    bytes_of_all_sizes,
    pings_of_the_client,
    pings_of_the_origin,
    fragments_of_the_client,
    fragments_of_the_origin,
    compressed,
    uncompressed,
    a_subprotocol,
    no_common_subprotocol,
    an_origin_that_speaks_first,
    an_origin_that_drops,
    a_client_that_drops,
    forbidden,
    broken,
    *(closed_by_the_origin(code) for code in CODES),
    *(closed_by_the_client(code) for code in CODES),
]
NAMES = [
    *(talk.__name__ for talk in TALKS[: -2 * len(CODES)]),
    *(f"closed_by_the_{who}_with_{code}" for who in ("origin", "client") for code in CODES),
]


async def seen_by_both(talk: Callable[[str, Seen], Awaitable[None]], *, through_proxy: bool) -> tuple[Seen, Seen]:
    origin, seen = Origin(), Seen()
    quiet = logging.Logger("origin", level=logging.CRITICAL)
    subprotocols = [Subprotocol("chat.v1"), Subprotocol("chat.v2")]
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        serve(
            origin,
            "127.0.0.1",
            0,
            process_request=refuse_some,
            subprotocols=subprotocols,
            select_subprotocol=choose_subprotocol,
            max_size=None,
            logger=quiet,
        ) as server,
    ):
        port = server.sockets[0].getsockname()[1]
        if through_proxy:
            with running_proxy(f"http://127.0.0.1:{port}") as proxy:
                await talk(f"ws://127.0.0.1:{proxy.port}", seen)
        else:
            await talk(f"ws://127.0.0.1:{port}", seen)
    return seen, origin.seen


def choose_subprotocol(connection: ServerConnection, offered: Any) -> Subprotocol | None:
    return next((Subprotocol(name) for name in offered if name.startswith("chat.")), None)


@pytest.mark.parametrize("talk", TALKS, ids=NAMES)
def test_a_conversation_through_the_proxy_is_as_a_direct_one(
    talk: Callable[[str, Seen], Awaitable[None]],
) -> None:
    directly = asyncio.run(seen_by_both(talk, through_proxy=False))

    proxied = asyncio.run(seen_by_both(talk, through_proxy=True))

    assert proxied == directly
    assert directly[0]
