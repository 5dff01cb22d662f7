"""Passing one exchange through: the visitor's body up, the origin's down, piece by piece, and nothing kept.

Owns the ASGI side of a stream: a body that breaks off is an error, and a browser that leaves ends the exchange.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import TYPE_CHECKING

from proxy.fetching import Fetched
from proxy.origin.errors import OriginBodyError
from proxy.request import Request
from proxy.server.cycle import BrokenResponseError
from proxy.wire import Headers

if TYPE_CHECKING:
    from types import TracebackType

    from starlette.types import Receive, Send

LEAVING_CHECK_SECONDS = 0.25


class BrowserGoneError(Exception):
    """The browser left, or its body broke off: there is nobody to answer."""


class Browser:
    """The receiving side of one request: its body, and whether its sender is still there.

    As a context it watches: when the browser leaves, what runs inside is cancelled and BrowserGoneError raised. An
    exchange that is over within a quarter of a second pays a timer for that and no task.
    """

    def __init__(self, request: Request, receive: Receive) -> None:
        self._receive = receive
        self._expects = request.has_body and request.header(b"expect") is not None
        self._body_left = request.has_body
        self._asked = False
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(self._loop)
        self._cancelling = self._task.cancelling() if self._task is not None else 0
        self._has_left = False
        self._timer: asyncio.TimerHandle | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def waits_for_go_ahead(self) -> bool:
        """Whether the browser still holds its body back for a `100 Continue`."""
        return self._expects and not self._asked

    async def body(self) -> AsyncIterator[bytes]:
        """The request's body; BrowserGoneError where it breaks off."""
        self._asked = True
        while self._body_left:
            message = await self._receive()
            if message["type"] != "http.request":
                raise BrowserGoneError("the request body broke off")
            self._body_left = message.get("more_body", False)
            if chunk := message.get("body"):
                yield chunk

    def forget_body(self) -> None:
        """The rest of the body is not wanted; once a response has begun, only the browser's leaving counts."""
        self._body_left = False

    async def __aenter__(self) -> Browser:
        self._set_timer()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
        # As in asyncio.Timeout: who else cancels counts for more.
        if self._has_left and self._task is not None:
            others = self._task.uncancel() - self._cancelling
            if others <= 0 and kind is asyncio.CancelledError:
                raise BrowserGoneError("the browser left") from error

    def _set_timer(self) -> None:
        self._timer = self._loop.call_later(LEAVING_CHECK_SECONDS, self._start_watch)

    def _start_watch(self) -> None:
        if self._body_left:
            self._set_timer()  # the body's reader is the one who would hear of it
        else:
            self._watch = self._loop.create_task(self._wait_until_left())

    async def _wait_until_left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._has_left = True
        if self._task is not None:
            self._task.cancel()


def send_head(send: Send, status: int, headers: Headers) -> Awaitable[None]:
    """The head of a response."""
    return send({"type": "http.response.start", "status": status, "headers": headers})


async def send_whole(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """A response whose body is known; `headers` say its length."""
    await send_head(send, status, headers)
    await send({"type": "http.response.body", "body": body})


async def send_text(send: Send, status: int, text: str, *fields: tuple[bytes, bytes]) -> None:
    """Plain text of Tailor's own, which nobody keeps or takes for anything else."""
    body = text.encode() + b"\n"
    headers = (
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        *fields,
    )
    await send_whole(send, status, headers, body)


async def send_through(response: Fetched, headers: Headers, browser: Browser, send: Send) -> None:
    """A response under `headers`, each piece as it comes, and no faster than the browser takes them.

    Raises BrokenResponseError where the origin's body breaks off after the browser got the head.
    """
    await send_head(send, response.status, headers)
    if browser.waits_for_go_ahead:
        browser.forget_body()
    is_over = response.at_end
    if is_over or not response.is_at_hand:
        # The head goes out now: nobody knows when a stream says something.
        await send({"type": "http.response.body", "body": b"", "more_body": not is_over})
    try:
        while not is_over:
            chunk = await response.read_chunk()
            is_over = response.at_end
            await send({"type": "http.response.body", "body": chunk, "more_body": not is_over})
    except OriginBodyError as error:
        raise BrokenResponseError(str(error)) from error
