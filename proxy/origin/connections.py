"""Connections to the origin: which are kept, and which a request may have."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from yarl import URL

from proxy.sockets import has_unread

if TYPE_CHECKING:
    from aiohttp.connector import Connection


class Connections:
    """Connections to one address: kept ones for what may be repeated, new ones for all else.

    A request with a body, or with an effect, must not meet a connection that the origin closed just then.
    `kept_seconds` is how long one is kept that nobody uses.
    """

    def __init__(self, url: str, *, kept_seconds: float = 15.0) -> None:
        # aiohttp would keep them too, at the price of a tenth of what an exchange costs.
        self._connector = aiohttp.TCPConnector(limit=0, force_close=True)
        self._loop = asyncio.get_running_loop()
        # The connector asks a request for nothing but the address.
        self._address = ClientRequest("GET", URL(url), loop=self._loop)
        self._timeout = aiohttp.ClientTimeout()
        self._kept_seconds = kept_seconds
        # With the moment since which each is idle; the last one that came is the first that is asked for.
        self._idle: deque[tuple[Connection, float]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def kept(self) -> Connection | None:
        """A connection that has served a request before, and can serve another."""
        while self._idle:
            connection, _ = self._idle.pop()
            if _is_fit(connection) and connection.transport is not None and not has_unread(connection.transport):
                return connection
            # The origin closed it, or spoke while nobody had asked: that must not answer the next request.
            connection.close()
        return None

    async def new(self) -> Connection:
        """A connection that has served nobody."""
        connection = await self._connector.connect(self._address, [], self._timeout)
        if connection.protocol is not None and connection.protocol.closed is not None:
            connection.protocol.closed.add_done_callback(_take_note)
        return connection

    def keep(self, connection: Connection) -> None:
        """Have a connection back whose request is answered."""
        if self._connector.closed or not _is_fit(connection):
            connection.close()
            return
        self._idle.append((connection, self._loop.time()))
        if self._timer is None:
            self._timer = self._loop.call_later(self._kept_seconds, self._let_go)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        while self._idle:
            self._idle.pop()[0].close()
        await self._connector.close()

    def _let_go(self) -> None:
        """Close what is idle for too long."""
        self._timer = None
        now = self._loop.time()
        while self._idle and self._idle[0][1] + self._kept_seconds <= now:
            self._idle.popleft()[0].close()
        if self._idle:
            self._timer = self._loop.call_at(self._idle[0][1] + self._kept_seconds, self._let_go)


def _is_fit(connection: Connection) -> bool:
    protocol = connection.protocol
    return protocol is not None and protocol.is_connected() and not protocol.should_close


def _take_note(closed: asyncio.Future[None]) -> None:
    # A future whose failure nobody looks at is reported when it is collected.
    if not closed.cancelled():
        closed.exception()
