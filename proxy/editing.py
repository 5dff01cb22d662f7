"""A page of the origin with a decision's changes in it, and with public URLs where they are mapped.

Owns what of a response is held, and that a page that can't be changed stays the origin's. What a cut is, and which are
kept, is `proxy.page`'s.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from proxy.document import Document, document_of, hold
from proxy.failures import Failures
from proxy.fetching import Fetched
from proxy.hosts import Hosts
from proxy.page.coding import UndecodableError
from proxy.page.encode import Rendered
from proxy.page.memory import CutMemory, Kept, UntouchableError
from proxy.page.source import Source
from proxy.replies import accepted_codings
from proxy.request import Request
from proxy.stand_in import StandIn
from rules.decision import Decision

logger = logging.getLogger(__name__)


class ChangedPage(NamedTuple):
    """A page that was changed, and the experiences that are shown on it."""

    rendered: Rendered
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

    async def page(self, request: Request, response: Fetched, decision: Decision | None = None) -> ChangedPage | None:
        """The page with what is to be changed in it; None where it stays, and the response can be read as it came."""
        if response.status != 200:
            decision = None
        mapping = self._hosts.mapping(request, response.headers)
        document = self.document(response) if decision or mapping else None
        if document is None:
            return None
        held = await hold(response, limit=self._page_bytes, seconds=self._page_seconds)
        response.put_back(held.body)
        if not held.is_complete:
            return None
        source = Source(held.body, document.coding, document.charset_label, mapping)
        try:
            kept = await self._cut(request, source, decision)
            if kept is None:
                return None
            return ChangedPage(kept.render(decision, accepted_codings(request.headers)), kept.cut.shown)
        except UndecodableError as error:
            logger.debug("%s%s: untouched: %s", request.host, request.logged_path, error)
            return None
        except Exception:
            self._failures.note("cut", request)
            return None

    def document(self, response: Fetched) -> Document | None:
        """The page that a response holds, if it can be changed; URLs are mapped in error pages too."""
        status = 200 if self._hosts.maps_pages and response.status != 206 else response.status
        return document_of(status, response.headers, self._page_bytes)

    async def _cut(self, request: Request, source: Source, decision: Decision | None) -> Kept | None:
        """The page with the decision's changes, or with its addresses mapped; None where neither changes it."""
        url = f"{request.host}{request.logged_path}"
        if decision is not None:
            try:
                kept = await self._cuts.cut(url, source, decision, query=request.query)
                self._stand_in.hear_cut(kept.cut)
                if kept.cut.shown:
                    return kept
            except UntouchableError as error:
                logger.debug("%s: untouched: %s", url, error)
                self._stand_in.hear_untouched(str(error))
        if source.mapping is None:
            return None
        kept = await self._cuts.cut(url, source, None, query=request.query)
        return kept if kept.is_changed else None
