"""WebSockets, from the visitor's handshake to the end of the tunnel (RFC 6455).

Owns who may have one: the origin decides, by a 101 that answers this handshake, and the number is bounded. What passes
then is `proxy.tunnel`'s. No rule looks at a WebSocket; any other answer of the origin's is a response like others.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from proxy.document import is_html
from proxy.fetching import Fetched
from proxy.hosts import Hosts
from proxy.origin.client import Origin, OriginResponse
from proxy.origin.errors import OriginProtocolError
from proxy.origin.headers import personal_response_headers
from proxy.relay import Browser, BrowserGoneError, send_text, send_through
from proxy.request import Request
from proxy.server.handshake import SWITCHING, grants_websocket
from proxy.tunnel import Switch, Tunnel
from proxy.visitor.identity import without_identity

if TYPE_CHECKING:
    from starlette.types import Receive, Send

logger = logging.getLogger(__name__)


class WebSockets:
    """The WebSockets to one origin: at most `connections` at once, and none of their messages over `message_bytes`."""

    def __init__(
        self, origin: Origin, hosts: Hosts | None = None, *, message_bytes: int = 64 << 20, connections: int = 4096
    ) -> None:
        self._origin = origin
        self._hosts = hosts or Hosts()
        self._message_bytes = message_bytes
        self._connections = connections
        self.open = 0

    async def respond(self, request: Request, receive: Receive, send: Send, switch: Switch) -> None:
        """Answer a handshake, and stay until its WebSocket is closed. Raises OriginError and BrowserGoneError."""
        if self.open >= self._connections:
            logger.error("%s %s: %d WebSockets are open, and no more", request.method, request.logged_path, self.open)
            await send_text(send, 503, "too many WebSockets are open")
            return
        self.open += 1
        try:
            await self._respond(request, receive, send, switch)
        finally:
            self.open -= 1

    async def _respond(self, request: Request, receive: Receive, send: Send, switch: Switch) -> None:
        passed = self._hosts.request_headers(request, without_identity(request.headers))
        async with Browser(request, receive) as browser:
            response = await self._origin.upgrade(request.target, (*passed, *SWITCHING))
            if response.status != 101:
                await self._send_refusal(request, response, browser, send)
                return
        async with response:
            key = request.header(b"sec-websocket-key") or b""
            if not grants_websocket(response.headers, key):
                raise OriginProtocolError("http_protocol_error", "a 101 that does not answer the handshake")
            await self._run(request, response, switch)

    async def _send_refusal(self, request: Request, response: OriginResponse, browser: Browser, send: Send) -> None:
        passed = self._hosts.response_headers(request, response.headers)
        if is_html(response.headers):
            # It may be a page that others get changed: what no rule has looked at, no cache may give them.
            passed = personal_response_headers(passed)
        async with Fetched(response.status, passed, {}, response, b"") as fetched:
            await send_through(fetched, passed, browser, send)

    async def _run(self, request: Request, response: OriginResponse, switch: Switch) -> None:
        tunnel = Tunnel(self._message_bytes)
        if not switch(self._hosts.response_headers(request, response.headers), tunnel.browser):
            raise BrowserGoneError("the browser left")
        try:
            response.hand_over(tunnel.origin)
            await tunnel.ended.wait()
        finally:
            tunnel.abort()
        if tunnel.is_over:
            logger.warning("%s: closed, a message has over %d bytes", request.logged_path, self._message_bytes)
