"""A page of the origin with a decision's changes in it, and with public URLs where they are mapped.

Owns what of a response is held, and that a page that can't be changed stays the origin's. What a cut is, and which are
kept, is `proxy.page`'s.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from proxy.document import Document, document_of, hold
from proxy.failures import Failures
from proxy.hosts import Hosts
from proxy.origin.client import OriginResponse
from proxy.page.coding import UndecodableError, acceptable, decode
from proxy.page.encode import encode_for
from proxy.page.memory import CutMemory, Kept, UntouchableError
from proxy.request import Request
from proxy.stand_in import StandIn
from rules.decision import Decision

logger = logging.getLogger(__name__)


class ChangedPage(NamedTuple):
    """The body of a page that was changed, the coding that it is in, and the experiences that are shown on it."""

    body: bytes
    coding: str
    shown: tuple[str, ...] = ()


class PageEditor:
    """Changes pages. `page_bytes` and `page_seconds` bound how much of one is held, and for how long."""

    def __init__(
        self,
        hosts: Hosts,
        cuts: CutMemory,
        *,
        stand_in: StandIn,
        failures: Failures,
        page_bytes: int,
        page_seconds: float,
    ) -> None:
        self._hosts = hosts
        self._cuts = cuts
        self._stand_in = stand_in
        self._failures = failures
        self._page_bytes = page_bytes
        self._page_seconds = page_seconds

    async def page(
        self, request: Request, response: OriginResponse, decision: Decision | None = None
    ) -> tuple[ChangedPage | None, bytes]:
        """The page with what is to be changed in it; None where it stays, with what of it was read meanwhile."""
        document = self.document(response) if decision or self._hosts.maps_pages else None
        if document is None:
            return None, b""
        held = await hold(response, limit=self._page_bytes, seconds=self._page_seconds)
        if not held.is_complete:
            return None, held.body
        return await self._change(request, response, document, held.body, decision), held.body

    def document(self, response: OriginResponse) -> Document | None:
        """The page that a response holds, if it can be changed; URLs are mapped in error pages too."""
        status = 200 if self._hosts.maps_pages and response.status != 206 else response.status
        return document_of(status, response.headers, self._page_bytes)

    async def _change(
        self, request: Request, response: OriginResponse, document: Document, body: bytes, decision: Decision | None
    ) -> ChangedPage | None:
        accept_encoding = request.header(b"accept-encoding")
        accepted = acceptable(accept_encoding.decode("latin-1") if accept_encoding else None)
        try:
            decoded = decode(body, document.coding, self._page_bytes)
            page = await self._hosts.map_page(request, decoded, document.charset_label, response.headers)
            if decision is not None and response.status == 200:
                kept = await self._cut(request, document, page, decision)
                if kept is not None:
                    return ChangedPage(*kept.body(decision, accepted), kept.cut.shown)
            return None if page is decoded else ChangedPage(*encode_for(page, accepted))
        except UndecodableError as error:
            logger.debug("%s%s: untouched: %s", request.host, request.logged_path, error)
            return None
        except Exception:
            self._failures.note("cut", request)
            return None

    async def _cut(self, request: Request, document: Document, page: bytes, decision: Decision) -> Kept | None:
        """The page with the decision's changes, if any of them is on it."""
        url = f"{request.host}{request.logged_path}"
        try:
            kept = await self._cuts.cut(url, page, document.charset_label, decision, query=request.query)
        except UntouchableError as error:
            logger.debug("%s: untouched: %s", url, error)
            self._stand_in.hear_untouched(str(error))
            return None
        self._stand_in.hear_cut(kept.cut)
        return kept if kept.cut.shown else None
