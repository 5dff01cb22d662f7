"""Connections to the origin: which are kept, and which a request may have."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakSet

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from yarl import URL

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection


class Connections:
    """Connections to one address: kept ones for what may be repeated, new ones for all else.

    A request with a body, or with an effect, must not meet a connection that the origin closed just then.
    """

    def __init__(self, url: str) -> None:
        self._kept = aiohttp.TCPConnector(limit=0)
        self._new = aiohttp.TCPConnector(limit=0, force_close=True)
        # The connector asks a request for nothing but the address.
        self._address = ClientRequest("GET", URL(url), loop=asyncio.get_running_loop())
        self._timeout = aiohttp.ClientTimeout()
        self._used: WeakSet[ResponseHandler] = WeakSet()

    async def take(self, *, pooled: bool) -> tuple[Connection, bool]:
        """A connection, and whether it has served a request before."""
        connector = self._kept if pooled else self._new
        while True:
            connection = await connector.connect(self._address, [], self._timeout)
            protocol = connection.protocol
            if protocol is None or protocol not in self._used:
                break
            if not protocol.should_close:
                return connection, True
            # It spoke while nobody had asked: what it said must not answer the next request.
            connection.close()
        if protocol is not None:
            self._used.add(protocol)
            if protocol.closed is not None:
                protocol.closed.add_done_callback(_take_note)
        return connection, False

    async def close(self) -> None:
        await self._kept.close()
        await self._new.close()


def _take_note(closed: asyncio.Future[None]) -> None:
    # A future whose failure nobody looks at is reported when it is collected.
    if not closed.cancelled():
        closed.exception()
