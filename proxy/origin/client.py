"""The client to the origin: one configured address, and every byte as the caller gave it.

Owns when a request may be sent again, and when none is sent at all: while too many are under way
(`proxy.origin.admission`), and while the origin is down (`proxy.origin.breaker`). Connections are
`proxy.origin.connections`'s, what happens on one is `proxy.origin.exchange`'s, and which headers pass is
`proxy.origin.headers`'s.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import aiohttp

from proxy.monitoring.tally import SLOW_SECONDS, Histogram
from proxy.origin.admission import Admission
from proxy.origin.breaker import Breaker
from proxy.origin.connections import Connections
from proxy.origin.errors import (
    OriginError,
    OriginLostError,
    OriginProtocolError,
    OriginSparedError,
    OriginTimeoutError,
    OriginUnreachableError,
)
from proxy.origin.exchange import Exchange, OriginResponse
from proxy.wire import Headers

if TYPE_CHECKING:
    from aiohttp.connector import Connection

__all__ = ["Origin", "OriginResponse"]

logger = logging.getLogger(__name__)

SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class _Began(NamedTuple):
    """When a request began: by the clock that times it, and by the breaker's."""

    at: float
    tried_at: float


class Origin:
    """The origin at `url` (scheme, host, port); to be used in one event loop, and closed there.

    `connect_seconds` bounds a connection with its name and its TLS, `response_seconds` the wait for a head once the
    request is sent, and for the origin to take each piece of it. `expect_seconds` is how long a body is held back for
    a `100 Continue` (RFC 9110 §10.1.1). At most `connections` requests are under way at one time, and as many wait,
    each for `connect_seconds`; WebSockets, which are bounded for themselves, don't count. Without a `breaker` it is
    always asked.
    """

    def __init__(
        self,
        url: str,
        *,
        connect_seconds: float = 5.0,
        response_seconds: float = 60.0,
        expect_seconds: float = 1.0,
        connections: int = 1024,
        breaker: Breaker | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.url = url
        self._admission = Admission(connections, wait_seconds=connect_seconds)
        self._breaker = breaker
        self._clock = clock
        self._status_when_down = OriginError.status
        self._spared = 0
        self._connect_seconds = connect_seconds
        self._response_seconds = response_seconds
        self._expect_seconds = expect_seconds
        self._connections: Connections | None = None
        self.seconds = Histogram(SLOW_SECONDS)
        """Until the head of a response was here."""
        self.errors: Counter[str] = Counter()
        """How often there was none, by the type of the error (RFC 9209 §2.3)."""

    async def fetch(
        self, method: str, target: bytes, headers: Headers, body: AsyncIterator[bytes] | None = None
    ) -> OriginResponse:
        """The response to one request, when its head is here; OriginError where there is none.

        `target` is path and query. A body without `Content-Length` goes in chunks. What `body` raises is raised here,
        after the connection was broken off: the origin never sees such a request complete.
        """
        began = self._begin()
        try:
            await self._admission.enter()
            try:
                response = await self._fetch(method, target, headers, body)
            except BaseException:
                self._admission.leave()
                raise
        except OriginError as error:
            self._note_error(error, began)
            raise
        self._note_answer(began)
        response.when_over(self._admission.leave)
        return response

    async def upgrade(self, target: bytes, headers: Headers) -> OriginResponse:
        """The response to a GET that asks for another protocol, on a connection of its own: a 101, or any other."""
        began = self._begin()
        try:
            response = await self._ask(await self._connect(), "GET", target, headers, None, may_switch=True)
        except OriginError as error:
            self._note_error(error, began)
            raise
        self._note_answer(began)
        return response

    def counts(self) -> Mapping[str, int]:
        """How it goes, for the operator: requests that are under way, and that wait or were refused for their number;
        how often the origin was given up, and the requests that were not sent for that.
        """
        return {
            "open": self._admission.open,
            "waiting": self._admission.waiting,
            "crowded": self._admission.refused,
            "given_up": self._breaker.opened if self._breaker else 0,
            "spared": self._spared,
        }

    async def close(self) -> None:
        """Closes idle connections, and those of responses that are still under way."""
        if self._connections is not None:
            await self._connections.close()
            self._connections = None

    async def _fetch(
        self, method: str, target: bytes, headers: Headers, body: AsyncIterator[bytes] | None
    ) -> OriginResponse:
        if body is not None or method not in SAFE_TO_REPEAT:
            return await self._ask(await self._connect(), method, target, headers, body)
        connections = self._opened()
        kept = connections.kept()
        if kept is not None:
            try:
                return await self._ask(kept, method, target, headers, keep=connections.keep)
            except OriginLostError:
                # The origin closed it while it was idle, as it may at any time.
                pass
        return await self._ask(await self._connect(), method, target, headers, keep=connections.keep)

    def _begin(self) -> _Began:
        """The moments at which a request begins. Raises OriginSparedError where none is to be sent."""
        tried_at = self._breaker.begin() if self._breaker is not None else 0.0
        if tried_at is None:
            self._spared += 1
            spared = OriginSparedError(self._status_when_down)
            self.errors[spared.error] += 1
            raise spared
        return _Began(self._clock(), tried_at)

    def _note_answer(self, began: _Began) -> None:
        """Tell the breaker of an answer, and count the time that it took."""
        if self._breaker is not None and self._breaker.note_answer():
            logger.info("%s: answers again", self.url)
        self.seconds.observe(self._clock() - began.at)

    def _note_error(self, error: OriginError, began: _Began) -> None:
        """Tell the breaker of an origin that is not there, and count the error."""
        self.errors[error.error] += 1
        if self._breaker is None or isinstance(error, (OriginLostError, OriginProtocolError)):
            # It is there, though not well.
            return
        if isinstance(error, (OriginUnreachableError, OriginTimeoutError)):
            self._status_when_down = error.status
            if self._breaker.note_failure(began.tried_at):
                logger.warning("%s: left alone but for a request now and then; last: %s", self.url, error)

    def _opened(self) -> Connections:
        if self._connections is None:
            self._connections = Connections(self.url)
        return self._connections

    async def _connect(self) -> Connection:
        try:
            async with asyncio.timeout(self._connect_seconds):
                return await self._opened().new()
        except TimeoutError as error:
            raise OriginTimeoutError("connection_timeout", "no connection to the origin in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise OriginUnreachableError(_connection_error(error), str(error)) from error

    def _ask(
        self,
        connection: Connection,
        method: str,
        target: bytes,
        headers: Headers,
        body: AsyncIterator[bytes] | None = None,
        *,
        keep: Callable[[Connection], None] | None = None,
        may_switch: bool = False,
    ) -> Awaitable[OriginResponse]:
        exchange = Exchange(connection, self._response_seconds, self._expect_seconds, keep)
        return exchange.run(method, target, headers, body, may_switch=may_switch)


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
