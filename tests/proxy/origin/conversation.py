"""One conversation between the client and an origin, for the tests of this room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from proxy.origin.client import Origin, OriginResponse
from proxy.wire import Headers
from tests.proxy.origins import Connection

Result = TypeVar("Result")

HOST = (b"host", b"shop.example")


def talk(origin_url: str, conversation: Callable[[Origin], Awaitable[Result]], **options: Any) -> Result:
    """Runs a conversation with the origin in an event loop of its own, and closes the client."""

    async def run() -> Result:
        origin = Origin(origin_url, **options)
        try:
            return await conversation(origin)
        finally:
            await origin.close()

    return asyncio.run(run())


async def read_body(response: OriginResponse) -> bytes:
    body = b""
    while not response.at_end:
        body += await response.read_chunk()
    return body


async def fetch(
    origin: Origin,
    method: str = "GET",
    target: bytes = b"/",
    headers: Headers = (HOST,),
    body: AsyncIterator[bytes] | None = None,
) -> tuple[int, Headers, bytes]:
    async with await origin.fetch(method, target, headers, body) as response:
        return response.status, response.headers, await read_body(response)


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def silent(connection: Connection) -> None:
    connection.read_to_end()
