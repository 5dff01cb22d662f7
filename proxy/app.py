"""The public ASGI app: Tailor's own paths, and the pipeline for all others.

Owns what a visitor is told when no page can be had. The admin listener is another app.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from proxy.origin.errors import OriginError
from proxy.relay import BrowserGoneError, send_text
from proxy.request import BadRequestError, Request, RequestReader
from proxy.rights.answers import DOWNLOAD, PAGE, Rights
from proxy.subrequest import Subrequests
from proxy.tunnel import WEBSOCKET
from proxy.websocket import WebSockets

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

logger = logging.getLogger(__name__)


class Responder(Protocol):
    """What answers requests that are not for Tailor itself: a `proxy.pipeline.Pipeline`, or what stands before one."""

    def respond(self, request: Request, receive: Receive, send: Send) -> Awaitable[None]: ...


class App:
    """What the public listener runs. `prefix` is where Tailor's own paths begin; `is_ready` is asked by `readyz`.

    Without `rights` there is no page on which visitors see what is remembered of them. `websockets` has
    effect where the server lets them through, too. `subrequests` are those of a cache in front.
    """

    def __init__(
        self,
        pipeline: Responder,
        reader: RequestReader,
        *,
        prefix: str = "/_tailor",
        is_ready: Callable[[], bool] = lambda: True,
        rights: Rights | None = None,
        websockets: WebSockets | None = None,
        subrequests: Subrequests | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._reader = reader
        self._prefix = prefix + "/"
        self._is_ready = is_ready
        self._rights = rights
        self._websockets = websockets
        self._subrequests = subrequests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._subrequests is not None and self._subrequests.are_meant(scope):
            await self._subrequests.respond(scope, send)
            return
        try:
            request = self._reader.read(scope)
        except BadRequestError as error:
            await send_text(send, error.status, error.reason)
            return
        if request.path.startswith(self._prefix):
            await self._answer_own(request.path.removeprefix(self._prefix), request, receive, send)
            return
        try:
            await self._respond(scope, request, receive, send)
        except OriginError as error:
            logger.error("%s %s: %s: %s", request.method, request.logged_path, error.error, error)
            fields = [(b"proxy-status", error.proxy_status)]
            if error.retry_after_seconds is not None:
                fields.append((b"retry-after", b"%d" % error.retry_after_seconds))
            await send_text(send, error.status, HTTPStatus(error.status).phrase, *fields)
        except BrowserGoneError:
            logger.debug("%s %s: the browser left", request.method, request.logged_path)

    def _respond(self, scope: Scope, request: Request, receive: Receive, send: Send) -> Awaitable[None]:
        extension = scope.get("extensions", {}).get(WEBSOCKET)
        if self._websockets is not None and extension is not None:
            return self._websockets.respond(request, receive, send, extension[WEBSOCKET])
        return self._pipeline.respond(request, receive, send)

    async def _answer_own(self, name: str, request: Request, receive: Receive, send: Send) -> None:
        if name == "livez" or (name == "readyz" and self._is_ready()):
            await send_text(send, 200, "ok")
        elif name == "readyz":
            await send_text(send, 503, "not ready")
        elif self._rights is not None and name in (PAGE, DOWNLOAD):
            await self._rights.respond(name, request, receive, send)
        else:
            await send_text(send, 404, "no such page")
