"""The admin listener: whether this process lives, whether it is ready, what it runs, and what all of them shall do.

Owns who may ask. On loopback it asks for no token, so there a web page in the operator's browser must not reach it:
neither one whose own name was pointed at 127.0.0.1, nor one that just sends a form there. Beyond loopback
`proxy.settings.model` insists on a token. What an order does is `proxy.fleet.orders`'s.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from proxy.fleet.orders import Order, Orders, Reload, Status, TellMetrics, TellStatus, totals
from proxy.fleet.parent import Fleet, Reports
from proxy.fleet.purges import Purge, PurgeReader
from proxy.monitoring.exposition import exposition
from proxy.monitoring.metrics import Measures
from proxy.settings.model import Settings
from proxy.settings.values import is_loopback
from rules.errors import MistakeError

NO_STORE = {"cache-control": "no-store"}
MAX_BODY = 64 * 1024


class PurgeRoute(Route):
    """Every path, by the method PURGE alone: for others it is not there, so what is unknown stays a 404."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        return (Match.NONE, {}) if match is Match.PARTIAL else (match, child)


@dataclass(frozen=True, slots=True)
class Admin:
    """What the admin listener answers: `is_ready` is whether this process takes visitors, `fleet` all that serve."""

    settings: Settings
    orders: Orders
    is_ready: Callable[[], bool]
    fleet: Fleet

    def app(self) -> Starlette:
        """The ASGI application; `livez` and `readyz` answer with and without the prefix."""
        prefix = self.settings.prefix
        open_routes = {"/livez": self.livez, "/readyz": self.readyz}
        routes = [Route(start + path, answer) for path, answer in open_routes.items() for start in ("", prefix)]
        return Starlette(
            routes=[
                PurgeRoute("/{path:path}", self.purge_as_asked, methods=["PURGE"]),
                *routes,
                Route("/status", self.status),
                Route("/metrics", self.metrics),
                Route("/purge", self.purge, methods=["POST"]),
                Route("/reload", self.reload, methods=["POST"]),
            ]
        )

    async def livez(self, request: Request) -> Response:
        """The event loop turns."""
        return PlainTextResponse("alive\n", headers=NO_STORE)

    async def readyz(self, request: Request) -> Response:
        """A load balancer may send visitors here."""
        if self.is_ready():
            return PlainTextResponse("ready\n", headers=NO_STORE)
        return PlainTextResponse("not ready\n", status_code=503, headers=NO_STORE)

    async def status(self, request: Request) -> Response:
        """What runs in the process that answers; with `?all` in each, and what they counted together."""
        if refusal := self._refusal(request):
            return refusal
        if "all" not in request.query_params:
            return JSONResponse(self.orders.status().told(), headers=NO_STORE)
        reports = await self.fleet.ask(TellStatus())
        each: tuple[Status, ...] = reports.results
        return _told(
            reports,
            {"processes": [status.told() for status in each], "totals": totals(status.counts for status in each)},
        )

    async def metrics(self, request: Request) -> Response:
        """What is measured in every process, for Prometheus; one that does not answer is left out this time."""
        if refusal := self._refusal(request):
            return refusal
        reports = await self.fleet.ask(TellMetrics())
        each: list[tuple[int, Measures]] = [(report.process, report.result) for report in reports.done]
        told, media_type = exposition(each, request.headers.get("accept", ""))
        return Response(told, headers={**NO_STORE, "content-type": media_type})

    async def reload(self, request: Request) -> Response:
        """Every process looks at the rules now, and says whether they are live."""
        if refusal := self._refusal(request):
            return refusal
        reports = await self.fleet.ask(Reload())
        failed = any(report["last_error"] for report in reports.results)
        return _told(
            reports, {"processes": reports.results}, HTTPStatus.UNPROCESSABLE_ENTITY if failed else HTTPStatus.OK
        )

    async def purge(self, request: Request) -> Response:
        """Every process purges what the JSON says."""
        if refusal := self._refusal(request):
            return refusal
        body = await _body(request)
        if body is None:
            return PlainTextResponse(f"the body is over {MAX_BODY} bytes\n", status_code=413, headers=NO_STORE)
        return await self._purge(lambda reader: reader.read_json(body))

    async def purge_as_asked(self, request: Request) -> Response:
        """Every process purges the URL that is asked for, under the site's own name, or what the headers say."""
        if refusal := self._refusal(request, is_for_site=True):
            return refusal
        query: bytes = request.scope["query_string"]
        target = request.scope["raw_path"] + (b"?" + query if query else b"")
        host = request.headers.get("host", "").encode("latin-1")
        headers = tuple(request.headers.raw)
        return await self._purge(lambda reader: reader.read_request(host, target, headers))

    async def _purge(self, read: Callable[[PurgeReader], Purge]) -> Response:
        try:
            order: Order = read(PurgeReader(self.settings.public_url))
        except MistakeError as mistake:
            said = {"error": mistake.message, "hint": mistake.hint}
            return JSONResponse(said, status_code=HTTPStatus.BAD_REQUEST, headers=NO_STORE)
        reports = await self.fleet.ask(order)
        return _told(reports, {"purged": sum(reports.results), "processes": len(reports.done)})

    def _refusal(self, request: Request, *, is_for_site: bool = False) -> Response | None:
        token = self.settings.admin_token
        if token is not None:
            return None if _has_token(request, token.get_secret_value()) else _unauthorized()
        if not is_for_site and not _names_loopback(request.headers.get("host", "")):
            return _forbidden("only under a name of loopback")
        # Browsers name the page that asks, whenever the method is neither GET nor HEAD (Fetch Standard, "append a
        # request `Origin` header"), so also where its own name was pointed at loopback. Nothing else does.
        if "origin" in request.headers:
            return _forbidden("not for web pages")
        return None


def _told(reports: Reports, said: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    """What came of an order, and which processes did not say so; then it is a 504."""
    status = HTTPStatus.GATEWAY_TIMEOUT if reports.missing else status
    return JSONResponse({**said, "missing": reports.missing}, status_code=status, headers=NO_STORE)


async def _body(request: Request) -> bytes | None:
    """The whole body, or None where that is too much."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return body


def _has_token(request: Request, token: str) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    # Always compared, and as bytes: the time it takes must not tell how much of the token was right.
    same = hmac.compare_digest(given.strip().encode(), token.encode())
    return scheme.lower() == "bearer" and same


def _forbidden(why: str) -> Response:
    return PlainTextResponse(f"{why}\n", status_code=403, headers=NO_STORE)


def _unauthorized() -> Response:
    headers = {**NO_STORE, "www-authenticate": "Bearer"}
    return PlainTextResponse("a bearer token is needed\n", status_code=401, headers=headers)


def _names_loopback(host: str) -> bool:
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
