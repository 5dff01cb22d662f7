"""The client to the origin: one configured address, and every byte as the caller gave it.

Owns when a request may be sent again. Connections are `proxy.origin.connections`'s, what happens on one is
`proxy.origin.exchange`'s, and which headers pass is `proxy.origin.headers`'s.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import aiohttp

from proxy.origin.connections import Connections
from proxy.origin.errors import OriginTimeoutError, OriginUnreachableError
from proxy.origin.exchange import Exchange, OriginResponse
from proxy.wire import Headers

if TYPE_CHECKING:
    from aiohttp.connector import Connection

__all__ = ["Origin", "OriginResponse"]

SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class Origin:
    """The origin at `url` (scheme, host, port); to be used in one event loop, and closed there.

    `connect_seconds` bounds a connection with its name and its TLS, `response_seconds` the wait for a head once the
    request is sent, and for the origin to take each piece of it. `expect_seconds` is how long a body is held back for
    a `100 Continue` (RFC 9110 §10.1.1).
    """

    def __init__(
        self,
        url: str,
        *,
        connect_seconds: float = 5.0,
        response_seconds: float = 60.0,
        expect_seconds: float = 1.0,
    ) -> None:
        self.url = url
        self._connect_seconds = connect_seconds
        self._response_seconds = response_seconds
        self._expect_seconds = expect_seconds
        self._connections: Connections | None = None

    async def fetch(
        self, method: str, target: bytes, headers: Headers, body: AsyncIterator[bytes] | None = None
    ) -> OriginResponse:
        """The response to one request, when its head is here; OriginError where there is none.

        `target` is path and query. A body without `Content-Length` goes in chunks. What `body` raises is raised here,
        after the connection was broken off: the origin never sees such a request complete.
        """
        if self._connections is None:
            self._connections = Connections(self.url)
        repeatable = body is None and method in SAFE_TO_REPEAT
        connection, lived = await self._connect(self._connections, pooled=repeatable)
        try:
            return await self._ask(connection, method, target, headers, body)
        except OriginUnreachableError:
            if not lived:
                raise
        # The origin closed it while it was idle, as it may at any time.
        connection, _ = await self._connect(self._connections, pooled=False)
        return await self._ask(connection, method, target, headers, body)

    async def upgrade(self, target: bytes, headers: Headers) -> OriginResponse:
        """The response to a GET that asks for another protocol, on a connection of its own: a 101, or any other."""
        if self._connections is None:
            self._connections = Connections(self.url)
        connection, _ = await self._connect(self._connections, pooled=False)
        return await self._ask(connection, "GET", target, headers, None, may_switch=True)

    async def close(self) -> None:
        """Closes idle connections, and those of responses that are still under way."""
        if self._connections is not None:
            await self._connections.close()
            self._connections = None

    async def _connect(self, connections: Connections, *, pooled: bool) -> tuple[Connection, bool]:
        try:
            async with asyncio.timeout(self._connect_seconds):
                return await connections.take(pooled=pooled)
        except TimeoutError as error:
            raise OriginTimeoutError("connection_timeout", "no connection to the origin in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise OriginUnreachableError(_connection_error(error), str(error)) from error

    async def _ask(
        self,
        connection: Connection,
        method: str,
        target: bytes,
        headers: Headers,
        body: AsyncIterator[bytes] | None,
        *,
        may_switch: bool = False,
    ) -> OriginResponse:
        exchange = Exchange(connection, self._response_seconds, self._expect_seconds)
        try:
            return await exchange.run(method, target, headers, body, may_switch=may_switch)
        except BaseException:
            await exchange.close()
            raise


def _connection_error(error: BaseException) -> str:
    """The type of RFC 9209 §2.3 for a connection that could not be made."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "tls_certificate_error"
    if isinstance(error, (aiohttp.ClientSSLError, ssl.SSLError)):
        return "tls_protocol_error"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "dns_error"
    refused = isinstance(error, OSError) and error.errno == errno.ECONNREFUSED
    return "connection_refused" if refused else "destination_unavailable"
