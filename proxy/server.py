"""The server's edge: uvicorn's HTTP/1.1 protocol, with the checks that a proxy needs and it lacks.

Owns the connection: what is refused is answered in peace, and a body that breaks off never looks complete. What is
refused is `proxy.framing`'s to say; what a path means, `proxy.target`'s; who asks, `proxy.request`'s.

Measured on uvicorn 0.54: trailers are merged into the headers, requests with no `Host` or two pass, the authority of
an absolute-form target is lost, a body beside `Upgrade` is dropped and later read as the next request, a malformed
chunk writes a 400 into the response that is under way, a 304 with `Content-Length` fails, HTTP/1.0 gets chunks, and
a status of 600 and over is a `KeyError`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from proxy.framing import (
    HEAD_TOO_LARGE,
    LINE_TOO_LONG,
    MALFORMED,
    MAX_FIELDS,
    MAX_HEAD,
    MAX_REQUEST_LINE,
    Refusal,
    RefusedError,
    check_head,
    origin_form,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn._types import (
        ASGI3Application,
        ASGIReceiveCallable,
        ASGISendCallable,
        ASGISendEvent,
        HTTPResponseBodyEvent,
        HTTPResponseStartEvent,
        Scope,
    )
    from uvicorn.server import ServerState

LINGER_SECONDS = 1.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)

logger = logging.getLogger(__name__)


class BrokenResponseError(Exception):
    """Raised by the app to break its response off, so that no client can take what it got for the whole."""


def make_config(app: ASGIApp, *, keep_alive_seconds: int = 75, drain_seconds: int = 10) -> uvicorn.Config:
    """The guarded server's settings: nothing added to responses, no log but the app's.

    Idle connections live longer than those of the usual load balancers (60 s): it is theirs to close first.
    """
    for status in range(600, 1000):
        STATUS_LINE.setdefault(status, b"HTTP/1.1 %d \r\n" % status)
    return uvicorn.Config(
        app,
        interface="asgi3",
        http=GuardedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=keep_alive_seconds,
        timeout_graceful_shutdown=drain_seconds,
    )


class GuardedProtocol(HttpToolsProtocol):
    """One client connection. What the parser accepts and a proxy must not is refused before the app hears of it."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._in_head = False
        self._head_bytes = 0
        # Bytes that the parser took without telling: an endless field, trailer or chunk extension.
        self._untold_bytes = 0
        self._refused = False
        self._answered: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        connection: socket.socket = transport.get_extra_info("socket")
        if connection.family in (socket.AF_INET, socket.AF_INET6):
            # asyncio does so only where the listener's protocol number is written out, as `socket.create_server`
            # leaves it not: then each response waits 40 ms for an acknowledgement between its head and its body.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        # That one tells only the newest of pipelined requests, while the oldest is the one that is being answered.
        if self._answered is not None and not self._answered.response_complete:
            self._answered.disconnected = True
            self._answered.message_event.set()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if not self._refused:
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        # Not by recursion, nor by copies: a chunk may hold thousands of pipelined requests with `Upgrade`.
        rest = memoryview(data)
        while rest and not self._refused:
            rest = self._feed_up_to_upgrade(rest)

    def _feed_up_to_upgrade(self, data: memoryview) -> memoryview:
        """What is left behind a head with `Upgrade`, at which the parser stops."""
        self._untold_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._restart_without_upgrade()
            return data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause.refusal if isinstance(cause, RefusedError) else MALFORMED)
        else:
            if self._untold_bytes > MAX_HEAD:
                self._refuse(HEAD_TOO_LARGE)
        return data[:0]

    def _restart_without_upgrade(self) -> None:
        # The parser would skip the body, whatever is asked for; one that never saw `Upgrade` reads it.
        version = self.parser.get_http_version().encode()
        head = [self.parser.get_method(), b" ", self.url, b" HTTP/", version, b"\r\n"]
        for name, value in self.headers:
            if name != b"upgrade":
                head += [name, b": ", value, b"\r\n"]
        self.parser = httptools.HttpRequestParser(self)
        self._feed_up_to_upgrade(memoryview(b"".join([*head, b"\r\n"])))

    def _refuse(self, refusal: Refusal) -> None:
        """Answers and closes; a body that is being read breaks off, a response that is under way ends in peace."""
        self._refused = True
        cycle = self._under_way()
        if cycle is not None:
            if not cycle.more_body:
                cycle.keep_alive = False
                return
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started or self.pipeline:
                self.transport.close()
                return
        self.transport.write(refusal.encode())
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        # Closing with bytes unread resets the connection, and the client would lose the answer (RFC 9112 §9.6).
        self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _under_way(self) -> RequestResponseCycle | None:
        """The newest request, where its response is not complete."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return None if cycle is None or cycle.response_complete else cycle

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._head_bytes = len(self.parser.get_method()) + len(self.url) + len(b"  HTTP/1.1\r\n")
        if self._head_bytes > MAX_REQUEST_LINE:
            raise RefusedError(LINE_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            return  # a trailer: it comes too late to be told from a header, and can be forged
        self._head_bytes += len(name) + len(value) + len(b": \r\n")
        if self._head_bytes > MAX_HEAD or len(self.headers) == MAX_FIELDS:
            raise RefusedError(HEAD_TOO_LARGE)
        super().on_header(name, value.strip(b" \t"))

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._untold_bytes = 0
        version = self.parser.get_http_version()
        check_head(version, self.headers)
        method = self.parser.get_method()
        host = next(value for name, value in self.headers if name == b"host")
        target = origin_form(method, self.url, host)
        if self.parser.should_upgrade():
            return
        path, _, query = target.partition(b"?")
        self.scope["method"] = method.decode("ascii")
        self.scope["http_version"] = version
        self.scope["path"] = unquote(path.decode("latin-1"))
        self.scope["raw_path"] = path
        self.scope["query_string"] = query
        self._start_cycle(keep_alive=version == "1.1" and self.parser.should_keep_alive())

    def _start_cycle(self, *, keep_alive: bool) -> None:
        earlier = self._under_way()
        self.cycle = GuardedCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )
        if earlier is None:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        self._untold_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._untold_bytes = 0
        if not self.parser.should_upgrade():
            super().on_message_complete()


class GuardedCycle(RequestResponseCycle):
    """One request and its response, framed for HTTP/1.0 too, and ended early where the app says so."""

    # HTTP/1.0 knows no chunks: there a body of unknown length ends when the connection does.
    _ends_by_close = False

    async def run_asgi(self, app: ASGI3Application) -> None:
        async def breakable(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
            try:
                await app(scope, receive, send)
            except BrokenResponseError:
                self._break_off()
            except asyncio.CancelledError:
                # Only the server's end cancels. uvicorn would log a traceback and answer 500.
                await self._end_unanswered()

        await super().run_asgi(breakable)

    async def _end_unanswered(self) -> None:
        path = self.scope["raw_path"].decode("ascii", "replace")
        logger.error("%s %s: not answered before the server's end", self.scope["method"], path)
        if self.response_started:
            self._break_off()
            return
        body = b"Service Unavailable\n"
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        await self.send({"type": "http.response.start", "status": 503, "headers": headers})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})

    def _break_off(self) -> None:
        self.disconnected = True
        if self._ends_by_close:
            # A plain close is how such a body ends well; only a reset tells the client otherwise.
            connection: socket.socket = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.transport.abort()
        else:
            self.transport.close()

    async def send(self, message: ASGISendEvent) -> None:
        if message["type"] == "http.response.start":
            await self._send_head(message)
            return
        if message["type"] == "http.response.body" and self._ends_by_close:
            await self._send_unframed(message)
            return
        await super().send(message)

    async def _send_head(self, head: HTTPResponseStartEvent) -> None:
        has_length = any(name.lower() == b"content-length" for name, _ in head.get("headers", ()))
        bodiless = self.scope["method"] == "HEAD" or head["status"] in (204, 304)
        if self.scope["http_version"] == "1.0" and not has_length and not bodiless:
            self._ends_by_close = True
            self.chunked_encoding = False
        if self.waiting_for_100_continue and self.more_body:
            # The client may send its body after all, or not: that can't be told from its next request.
            self.keep_alive = False
        await super().send(head)
        if bodiless:
            # There it tells what a GET would have got (RFC 9110 §8.6).
            self.expected_content_length = 0

    async def _send_unframed(self, part: HTTPResponseBodyEvent) -> None:
        self.expected_content_length = len(part.get("body", b""))
        await super().send(part)
