"""The admin listener: whether this process lives, whether it is ready, and what it runs.

On loopback it asks for no token, so there it answers only to loopback's own names: a page of a foreign site whose name
was pointed at 127.0.0.1 must not read it. Beyond loopback `proxy.settings` insists on a token.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from proxy.reload import RuleKeeper
from proxy.setting_values import is_loopback
from proxy.settings import Settings

NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Admin:
    """What the admin listener tells of: `is_ready` whether this process takes visitors, `counts` what went wrong."""

    settings: Settings
    keeper: RuleKeeper
    version: str
    is_ready: Callable[[], bool]
    counts: Callable[[], Mapping[str, Mapping[str, int] | int]]

    def app(self) -> Starlette:
        """The ASGI application; `livez` and `readyz` answer with and without the prefix."""
        prefix = self.settings.prefix
        open_routes = {"/livez": self.livez, "/readyz": self.readyz}
        routes = [Route(start + path, answer) for path, answer in open_routes.items() for start in ("", prefix)]
        return Starlette(routes=[*routes, Route("/status", self.status)])

    async def livez(self, request: Request) -> Response:
        """The event loop turns."""
        return PlainTextResponse("alive\n", headers=NO_STORE)

    async def readyz(self, request: Request) -> Response:
        """A load balancer may send visitors here."""
        if self.is_ready():
            return PlainTextResponse("ready\n", headers=NO_STORE)
        return PlainTextResponse("not ready\n", status_code=503, headers=NO_STORE)

    async def status(self, request: Request) -> Response:
        """What runs in the process that answers, of which there may be several."""
        if refusal := self._refusal(request):
            return refusal
        keeper, failure = self.keeper, self.keeper.failure
        return JSONResponse(
            {
                "version": self.version,
                "process": os.getpid(),
                "origin": self.settings.origin,
                "rules": str(keeper.folder),
                "experiences_live": len(keeper.book.live),
                "experiences": [experience.id for experience in keeper.book.live],
                **self.counts(),
                "last_reload": keeper.loaded_at.isoformat(timespec="seconds"),
                "last_error": failure
                and {"at": failure.at.isoformat(timespec="seconds"), "problems": list(failure.problems)},
            },
            headers=NO_STORE,
        )

    def _refusal(self, request: Request) -> Response | None:
        token = self.settings.admin_token
        if token is None:
            if _names_loopback(request.headers.get("host", "")):
                return None
            return PlainTextResponse("only under a name of loopback\n", status_code=403, headers=NO_STORE)
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        # Always compared, and as bytes: the time it takes must not tell how much of the token was right.
        same = hmac.compare_digest(given.strip().encode(), token.get_secret_value().encode())
        if scheme.lower() == "bearer" and same:
            return None
        headers = {**NO_STORE, "www-authenticate": "Bearer"}
        return PlainTextResponse("a bearer token is needed\n", status_code=401, headers=headers)


def _names_loopback(host: str) -> bool:
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
