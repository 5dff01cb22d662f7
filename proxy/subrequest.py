"""What a cache in front asks before it looks into what it keeps: under which key this visitor's page is.

Owns the endpoint `decide`, by whose answer a front is told. Behind it stands a visitor's URL as it was asked for, and
all else of the request is the visitor's too. So it is read, and decided, as the request itself would be; the origin
hears nothing of it. What makes a key is `proxy.edge`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from proxy.deciding import Decider
from proxy.edge import PLAIN, Edge
from proxy.failures import Failures
from proxy.origin.headers import VARIANT_FIELD
from proxy.relay import send_text, send_whole
from proxy.request import BadRequestError, Request, RequestReader, peer_of
from proxy.visitor.identity import Visitor

if TYPE_CHECKING:
    from starlette.types import Scope, Send

NAME = "decide"


class Subrequests:
    """Answers a front's subrequests. It belongs to one `proxy.pipeline.Pipeline`, whose parts it is given.

    `remember` is told of pages that a front may answer by itself. Paths that begin with `prefix` are Tailor's own.
    """

    def __init__(
        self,
        reader: RequestReader,
        decider: Decider,
        edge: Edge,
        failures: Failures,
        *,
        remember: Callable[[Request, Visitor], None],
        prefix: str,
    ) -> None:
        self._reader = reader
        self._decider = decider
        self._edge = edge
        self._failures = failures
        self._remember = remember
        self._prefix = prefix
        self._begin = f"{prefix}/{NAME}/".encode()

    def are_meant(self, scope: Scope) -> bool:
        """Whether this is one."""
        return bool(scope["raw_path"].startswith(self._begin))

    async def respond(self, scope: Scope, send: Send) -> None:
        """204 with the key in `Tailor-Variant`; without one the front keeps, and gives, nothing.

        403 for whom the operator does not trust: keys are no visitor's business.
        """
        if not self._reader.trusts(peer_of(scope)):
            await send_text(send, 403, "only trusted_proxies may ask this")
            return
        key = await self._key(scope)
        headers = ((b"cache-control", b"no-store"),)
        await send_whole(send, 204, (*headers, (VARIANT_FIELD, key)) if key else headers, b"")

    async def _key(self, scope: Scope) -> bytes:
        target = b"/" + scope["raw_path"].removeprefix(self._begin)
        try:
            request = self._reader.read({**scope, "raw_path": target})
        except BadRequestError:
            # It will be refused when it comes.
            return b""
        if request.path.startswith(self._prefix + "/"):
            return b""
        try:
            return await self._decided(request)
        except Exception:
            self._failures.note("edge", request, "it is not shared")
            return b""

    async def _decided(self, request: Request) -> bytes:
        if self._edge.keeps_to_itself(request):
            return b""
        plan = self._decider.plan(request)
        if plan is None:
            return PLAIN
        visitor = self._decider.identify(request)
        decision = await self._decider.decide(request, plan, visitor)
        is_remembered = self._decider.hangs_on_profile(plan)
        key = self._edge.key(request, plan, visitor, decision, is_remembered=is_remembered)
        if key:
            # The request itself may never come here.
            self._remember(request, visitor)
        return key
