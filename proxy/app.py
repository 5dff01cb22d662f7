"""The public ASGI app: Tailor's own paths, and the pipeline for all others.

Owns what a visitor is told when no page can be had. The admin listener is another app.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from proxy.origin.errors import OriginError
from proxy.pipeline import Pipeline
from proxy.relay import BrowserGoneError, send_whole
from proxy.request import BadRequestError, RequestReader

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

logger = logging.getLogger(__name__)

_NO_STORE = (b"cache-control", b"no-store")


class App:
    """What the public listener runs. `prefix` is where Tailor's own paths begin; `is_ready` is asked by `readyz`."""

    def __init__(
        self,
        pipeline: Pipeline,
        reader: RequestReader,
        *,
        prefix: str = "/_tailor",
        is_ready: Callable[[], bool] = lambda: True,
    ) -> None:
        self._pipeline = pipeline
        self._reader = reader
        self._prefix = prefix + "/"
        self._is_ready = is_ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = self._reader.read(scope)
        except BadRequestError as error:
            await _send_text(send, error.status, error.reason)
            return
        if request.path.startswith(self._prefix):
            await self._answer_own(request.path.removeprefix(self._prefix), send)
            return
        try:
            await self._pipeline.respond(request, receive, send)
        except OriginError as error:
            logger.error("%s %s: %s: %s", request.method, request.path, error.error, error)
            await _send_text(send, error.status, HTTPStatus(error.status).phrase, (b"proxy-status", error.proxy_status))
        except BrowserGoneError:
            logger.debug("%s %s: the browser left", request.method, request.path)

    async def _answer_own(self, name: str, send: Send) -> None:
        if name == "livez" or (name == "readyz" and self._is_ready()):
            await _send_text(send, 200, "ok")
        elif name == "readyz":
            await _send_text(send, 503, "not ready")
        else:
            await _send_text(send, 404, "no such page")


async def _send_text(send: Send, status: int, text: str, *fields: tuple[bytes, bytes]) -> None:
    body = text.encode() + b"\n"
    headers = (
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        _NO_STORE,
        *fields,
    )
    await send_whole(send, status, headers, body)
