"""What is noted of every request on the visitors' listener: its name, how long it took, and what came of it.

Owns where that is taken: around the app, and around the express way. What the server refuses before either hears of it
(`proxy.server.framing`) is not noted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from proxy.monitoring import request_ids
from proxy.monitoring.access_log import make_line
from proxy.monitoring.traffic import Traffic, Way
from proxy.request import RequestReader, peer_of
from proxy.tunnel import WEBSOCKET
from proxy.wire import AnswerAtOnce, Headers, Written

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SWITCHED = 101


class _Answer:
    """Passes a response on, and keeps what is told of it."""

    __slots__ = ("_send", "headers", "size", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.size = 0
        self.headers: Headers = ()

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = message["headers"]
        elif message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
        return self._send(message)

    @property
    def cache(self) -> bytes:
        """What our cache did; of several members the last is the nearest cache's, and so ours (RFC 9211 §2)."""
        return next((value for name, value in reversed(self.headers) if name == b"cache-status"), b"")


class Accounting:
    """Notes what a listener answers. `clock` counts seconds from any moment, `new_id` names a request."""

    def __init__(
        self,
        traffic: Traffic,
        reader: RequestReader,
        *,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        logs_access: bool = False,
    ) -> None:
        self._traffic = traffic
        self._reader = reader
        self._clock = clock
        self._new_id = new_id
        self._logs_access = logs_access

    def app(self, app: ASGIApp) -> ASGIApp:
        """The app, its requests noted."""

        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            began = self._clock()
            name, scope["headers"] = request_ids.named(
                tuple(scope["headers"]), trusted=self._reader.trusts(peer_of(scope)), new_id=self._new_id
            )
            # The task is this request's alone, and so is its context.
            request_ids.current.set(name)
            answer = _Answer(send)
            try:
                await app(scope, receive, answer)
            finally:
                self._note(scope, answer, self._clock() - began)

        return noted

    def express(self, answer: AnswerAtOnce) -> AnswerAtOnce:
        """The express way, its answers noted."""
        counted = self._traffic.express(answer, self._clock)
        return self._logged(counted) if self._logs_access else counted

    def _logged(self, answer: AnswerAtOnce) -> AnswerAtOnce:
        def logged(scope: Scope) -> Written | None:
            began = self._clock()
            written = answer(scope)
            if written is not None:
                status, size = int(written[0][9:12]), sum(map(len, written[1:]))
                self._log(scope, status, size, self._clock() - began, Way.EXPRESS, b"tailor; hit")
            return written

        return logged

    def _note(self, scope: Scope, answer: _Answer, seconds: float) -> None:
        is_switched = answer.status == 0 and WEBSOCKET in scope.get("extensions", {})
        status = _SWITCHED if is_switched else answer.status
        self._traffic.note(scope["method"], status, answer.size, None if is_switched else seconds)
        if self._logs_access:
            self._log(scope, status, answer.size, seconds, Way.USUAL, answer.cache)

    def _log(self, scope: Scope, status: int, size: int, seconds: float, way: Way, cache: bytes) -> None:
        headers: Headers = scope["headers"]
        make_line(
            scope["method"],
            headers,
            scope["raw_path"],
            status=status,
            size=size,
            seconds=seconds,
            way=way,
            cache=cache,
        ).log()
