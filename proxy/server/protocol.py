"""The server's edge: uvicorn's HTTP/1.1 protocol, with the checks that a proxy needs and it lacks.

Owns what is read from a connection, and that a body that breaks off never looks complete. What is refused is
`proxy.server.framing`'s to say; what a connection may cost, `proxy.server.connection`'s; what a path means,
`proxy.target`'s; who asks, `proxy.request`'s.

Measured on uvicorn 0.54: trailers are merged into the headers, requests with no `Host` or two pass, the authority of
an absolute-form target is lost, a body beside `Upgrade` is dropped and later read as the next request, a malformed
chunk writes a 400 into the response that is under way, a 304 with `Content-Length` fails, HTTP/1.0 gets chunks, and
a status of 600 and over is a `KeyError`.
"""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from proxy.server.connection import PIECE_BYTES, ClientConnection, Limits
from proxy.server.connections import Connections
from proxy.server.cycle import GuardedCycle
from proxy.server.deadlines import Stage
from proxy.server.framing import (
    HEAD_TOO_LARGE,
    LINE_TOO_LONG,
    MALFORMED,
    MAX_FIELDS,
    MAX_HEAD,
    MAX_REQUEST_LINE,
    RefusedError,
    check_body,
    check_head,
    origin_form,
    too_large,
)
from proxy.server.handshake import SPOKE_EARLY, asks_for_websocket, switching_head
from proxy.server.outbox import Outbox
from proxy.tunnel import WEBSOCKET, End
from proxy.wire import AnswerAtOnce, Headers

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn._types import ASGI3Application
    from uvicorn.server import ServerState


def make_config(
    app: ASGIApp,
    *,
    express: AnswerAtOnce | None = None,
    websockets: bool = False,
    limits: Limits | None = None,
    drain_seconds: int = 10,
) -> uvicorn.Config:
    """The guarded server's settings: nothing added to responses, no log but the app's.

    What `express` answers, the app does not hear of. Without `websockets` each `Upgrade` is ignored.
    """
    for status in range(600, 1000):
        STATUS_LINE.setdefault(status, b"HTTP/1.1 %d \r\n" % status)
    limits = limits or Limits()
    protocol = partial(
        GuardedProtocol,
        limits=limits,
        room=Connections(limits.connections),
        outbox=Outbox(),
        express=express,
        websockets=websockets,
    )
    return uvicorn.Config(
        app,
        interface="asgi3",
        http=cast("type[asyncio.Protocol]", protocol),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=drain_seconds,
    )


class GuardedProtocol(ClientConnection):
    """One client connection. What the parser accepts and a proxy must not is refused before the app hears of it."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: Limits,
        room: Connections,
        outbox: Outbox,
        express: AnswerAtOnce | None = None,
        websockets: bool = False,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop, limits=limits, room=room, outbox=outbox)
        self._express = express
        self._websockets = websockets
        # Whether the last head asked for a WebSocket: what comes behind it is no request, whatever it looks like.
        self._may_switch = False
        self._at_once = False
        self._body_bytes = 0
        # Bytes that came since anything was complete: an endless field, trailer or chunk extension.
        self._untold_bytes = 0

    def _parse(self, data: bytes | memoryview) -> int:
        if self._may_switch:
            self._refuse(SPOKE_EARLY)
            return 0
        self._untold_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if not self._may_switch:
                self._restart_without_upgrade()
            taken: int = upgrade.args[0]
            return len(data) - taken
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause.refusal if isinstance(cause, RefusedError) else MALFORMED)
        else:
            if self._untold_bytes > MAX_HEAD:
                self._refuse(HEAD_TOO_LARGE)
        return 0

    def _restart_without_upgrade(self) -> None:
        # The parser would skip the body, whatever is asked for; one that never saw `Upgrade` reads it.
        version = self.parser.get_http_version().encode()
        head = [self.parser.get_method(), b" ", self.url, b" HTTP/", version, b"\r\n"]
        for name, value in self.headers:
            if name != b"upgrade":
                head += [name, b": ", value, b"\r\n"]
        self.parser = httptools.HttpRequestParser(self)
        self._parse(b"".join([*head, b"\r\n"]))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._reading = Stage.HEAD
        self._requests += 1
        self._body_bytes = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if self._line_bytes() > MAX_REQUEST_LINE:
            raise RefusedError(LINE_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        # All that is done for each field is done here, in place of uvicorn's: of a head it is what takes longest.
        # A trailer comes too late to be told from a header, and can be forged.
        if self._reading is Stage.HEAD:
            self.headers.append((name.lower(), value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        self._reading = Stage.BODY
        self._check_size()
        self._untold_bytes = 0
        version = self.parser.get_http_version()
        host = check_head(version, self.headers)
        if self._limits.body_bytes is not None:
            check_body(self.headers, self._limits.body_bytes)
        method = self.parser.get_method()
        target = origin_form(method, self.url, host)
        upgrades = self.parser.should_upgrade()
        self._may_switch = upgrades and self._websockets and asks_for_websocket(method, version, self.headers)
        if self._may_switch:
            self.scope["extensions"] = {WEBSOCKET: {WEBSOCKET: self._switch}}
        elif upgrades:
            return
        path, _, query = target.partition(b"?")
        self.scope["method"] = method.decode("ascii")
        self.scope["http_version"] = version
        self.scope["raw_path"] = path
        self.scope["query_string"] = query
        keep_alive = version == "1.1" and self.parser.should_keep_alive() and not self._may_switch and not self._leaves
        self._at_once = keep_alive and self._answer_at_once()
        if not self._at_once:
            self.scope["path"] = unquote(path.decode("latin-1"))
            self._start_cycle(keep_alive=keep_alive)

    def _line_bytes(self) -> int:
        return len(self.parser.get_method()) + len(self.url) + len(b"  HTTP/1.1\r\n")

    def _check_size(self) -> None:
        fields = self.headers
        if len(fields) > MAX_FIELDS:
            raise RefusedError(HEAD_TOO_LARGE)
        # What stood before the head in its first piece is not told apart, so what is near the bound is counted exactly.
        if self._untold_bytes > MAX_HEAD - PIECE_BYTES:
            size = self._line_bytes() + sum(len(name) + len(value) + len(b": \r\n") for name, value in fields)
            if size > MAX_HEAD:
                raise RefusedError(HEAD_TOO_LARGE)

    def _answer_at_once(self) -> bool:
        if self._express is None or self._under_way() is not None:
            return False
        # Nothing is written for a client that doesn't read what it has got already.
        self._send_unsent()
        if self.flow.write_paused or self.transport.is_closing():
            return False
        written = self._express(cast("MutableMapping[str, Any]", self.scope))
        if written is None:
            return False
        self.server_state.total_requests += 1
        self._send_soon(written)
        return True

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
            expect_100_continue=any(
                name == b"expect" and value.lower() == b"100-continue" for name, value in self.headers
            ),
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

    def _switch(self, headers: Headers, end: End) -> bool:
        cycle = self.cycle
        if cycle.disconnected or self.transport.is_closing():
            return False
        self.transport.write(switching_head(headers))
        cycle.response_started = cycle.response_complete = True
        self._let_go()
        # In this one's place it is told when the server goes, and waited for.
        connections = cast("set[object]", self.connections)
        connections.discard(self)
        connections.add(end)
        end.when_lost(lambda _: connections.discard(end))
        self.transport.set_protocol(end)
        end.connection_made(self.transport)
        if self._leaves:
            # Not before the origin's connection is handed over too, to be told the same.
            self.loop.call_soon(end.shutdown)
        return True

    def on_body(self, body: bytes) -> None:
        self._untold_bytes = 0
        self._body_bytes += len(body)
        limit = self._limits.body_bytes
        if limit is not None and self._body_bytes > limit:
            raise RefusedError(too_large(limit))
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._reading = Stage.IDLE
        self._untold_bytes = 0
        # What is answered at once has no cycle, and uvicorn's looks at the one before it.
        if not self._at_once and not self.parser.should_upgrade():
            super().on_message_complete()
