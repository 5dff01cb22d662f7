"""One request and its response on a connection: uvicorn's, framed for HTTP/1.0 too, and ended early where it must be.

Owns how a response breaks off, so that it never looks whole. The connection is `proxy.server`'s.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import Transport
from typing import TYPE_CHECKING

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from proxy.sockets import reset

if TYPE_CHECKING:
    from uvicorn._types import (
        ASGI3Application,
        ASGIReceiveCallable,
        ASGISendCallable,
        ASGISendEvent,
        HTTPResponseBodyEvent,
        HTTPResponseStartEvent,
        Scope,
    )

logger = logging.getLogger(__name__)


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
        self.disconnected = True
        if self._ends_by_close:
            # A plain close is how such a body ends well; only a reset tells the client otherwise.
            reset(self.transport)
        else:
            self.transport.close()

    async def send(self, message: ASGISendEvent) -> None:
        if message["type"] == "http.response.start":
            await self._send_head(message)
            return
        if message["type"] == "http.response.body":
            self.flow.given_bytes += len(message.get("body", b""))
            if self._ends_by_close:
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
