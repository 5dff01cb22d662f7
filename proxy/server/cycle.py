"""One request and its response on a connection: uvicorn's, framed for HTTP/1.0 too, and ended early where it must be.

Owns how a response breaks off, so that it never looks whole. The connection is `proxy.server.protocol`'s.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import Transport
from typing import TYPE_CHECKING

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE, RequestResponseCycle

from proxy.sockets import reset

if TYPE_CHECKING:
    from uvicorn._types import (
        ASGI3Application,
        ASGIReceiveCallable,
        ASGISendCallable,
        ASGISendEvent,
        HTTPResponseStartEvent,
        Scope,
    )

logger = logging.getLogger(__name__)

_FRAMING = frozenset({b"connection", b"content-length", b"transfer-encoding"})


class BrokenResponseError(Exception):
    """Raised by the app to break its response off, so that no client can take what it got for the whole."""


class GuardedFlow(FlowControl):
    """What flows on a connection: reading can be held while requests wait, and what the client was given is counted."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.given_bytes = 0
        """Of bodies, so somewhat less than the client has to take."""
        self._is_held = False

    def hold_reading(self) -> None:
        """Read nothing, whoever would like to, until it is released."""
        self._is_held = True
        self.pause_reading()

    def release_reading(self) -> None:
        self._is_held = False
        self.resume_reading()

    def resume_reading(self) -> None:
        if not self._is_held:
            super().resume_reading()


class GuardedCycle(RequestResponseCycle):
    """One request and its response, framed for HTTP/1.0 too, and ended early where the app says so."""

    flow: GuardedFlow

    # A body of unknown length that ends when the connection does.
    _ends_by_close = False
    # What is held back until there is something of the body.
    _head = b""

    async def run_asgi(self, app: ASGI3Application) -> None:
        async def breakable(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
            try:
                await app(scope, receive, send)
            except BrokenResponseError:
                self._break_off()
            except asyncio.CancelledError:
                # Only the server's end cancels. uvicorn would log a traceback and answer 500.
                await self._end_unanswered()
            finally:
                self._send_held()

        await super().run_asgi(breakable)

    async def _end_unanswered(self) -> None:
        if self.response_complete:
            return
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
        self._send_held()
        self.disconnected = True
        if self._ends_by_close:
            # A plain close is how such a body ends well; only a reset tells the client otherwise.
            reset(self.transport)
        else:
            self.transport.close()

    async def send(self, message: ASGISendEvent) -> None:
        """As uvicorn's, but that the head goes out with the first piece of the body, as ASGI lets servers have it.

        Two writes would wake the client twice. Whoever has no piece yet sends an empty one.
        """
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start" and not self.response_started:
            self._begin(message)
        elif message["type"] == "http.response.body" and self.response_started and not self.response_complete:
            self._continue(message.get("body", b""), ends=not message.get("more_body", False))
        else:
            raise RuntimeError(f"{message['type']!r} is out of turn")

    def _begin(self, start: HTTPResponseStartEvent) -> None:
        self.response_started = True
        status, fields = start["status"], (*self.default_headers, *start.get("headers", ()))
        if HEADER_RE.search(b"".join([name for name, _ in fields])):
            raise RuntimeError("a header whose name is none")
        if HEADER_VALUE_RE.search(b"".join([value for _, value in fields])):
            raise RuntimeError("a header that holds a control character")
        lines = [STATUS_LINE[status], *[b"%b: %b\r\n" % (name, value) for name, value in fields]]
        says_close = False
        for name, value in [field for field in fields if field[0] in _FRAMING]:
            if name == b"content-length":
                if self.chunked_encoding is None:
                    self.expected_content_length = int(value)
                    self.chunked_encoding = False
            elif name == b"connection":
                says_close = says_close or b"close" in [token.strip() for token in value.lower().split(b",")]
            elif value.lower() == b"chunked":
                self.expected_content_length = 0
                self.chunked_encoding = True
        if self.waiting_for_100_continue and self.more_body:
            # The client may send its body after all, or not: that can't be told from its next request.
            self.keep_alive = False
        self.keep_alive = self.keep_alive and not says_close
        if not self.keep_alive and not says_close:
            lines.append(b"connection: close\r\n")
        if self.scope["method"] == "HEAD" or status in (204, 304):
            # There it tells what a GET would have got (RFC 9110 §8.6).
            self.expected_content_length = 0
        elif self.chunked_encoding is None:
            # HTTP/1.0 knows no chunks.
            self._ends_by_close = self.scope["http_version"] == "1.0"
            self.chunked_encoding = not self._ends_by_close
            if self.chunked_encoding:
                lines.append(b"transfer-encoding: chunked\r\n")
        self.waiting_for_100_continue = False
        self._head = b"".join([*lines, b"\r\n"])

    def _continue(self, body: bytes, *, ends: bool) -> None:
        self.flow.given_bytes += len(body)
        if self.scope["method"] == "HEAD":
            self._write()
        elif self.chunked_encoding:
            chunk = (b"%x\r\n" % len(body), body, b"\r\n") if body else ()
            self._write(*chunk, b"0\r\n\r\n" if ends else b"")
        else:
            if not self._ends_by_close:
                self.expected_content_length -= len(body)
            if self.expected_content_length < 0:
                raise RuntimeError("a body that is longer than its Content-Length")
            self._write(body)
        if ends:
            if self.expected_content_length != 0:
                raise RuntimeError("a body that is shorter than its Content-Length")
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()

    def _send_held(self) -> None:
        """Send the head of a response that ends before its body began."""
        if self._head and not self.disconnected:
            self._write()

    def _write(self, *pieces: bytes) -> None:
        """Write what is to be sent next, after the head if that is still here."""
        written = [piece for piece in (self._head, *pieces) if piece]
        self._head = b""
        if len(written) == 1:
            self.transport.write(written[0])
        elif written:
            self.transport.writelines(written)
