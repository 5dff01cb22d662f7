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
from proxy.holding import Holding
from proxy.hosts import Hosts
from proxy.page.coding import UndecodableError
from proxy.page.encode import Rendered
from proxy.page.memory import CutMemory, Kept, LateError, UntouchableError
from proxy.page.source import Source
from proxy.page.threads import CrowdedError
from proxy.replies import accepted_codings
from proxy.request import Request
from proxy.stand_in import StandIn
from rules.decision import Decision

logger = logging.getLogger(__name__)


class ChangedPage(NamedTuple):
    """A page that was changed, the experiences that are shown on it, and whether a visitor's values are in it."""

    rendered: Rendered
    shown: tuple[str, ...] = ()
    has_values: bool = False


class PageEditor:
    """Changes pages. `page_bytes` and `page_seconds` bound how much of one is held, and for how long; `holding` bounds
    how much of all together.
    """

    def __init__(
        self,
        hosts: Hosts,
        cuts: CutMemory,
        *,
        stand_in: StandIn,
        failures: Failures,
        page_bytes: int,
        page_seconds: float,
        holding: Holding | None = None,
    ) -> None:
        self._hosts = hosts
        self._cuts = cuts
        self._stand_in = stand_in
        self._failures = failures
        self._page_bytes = page_bytes
        self._page_seconds = page_seconds
        self._holding = holding or Holding()

    async def page(self, request: Request, response: Fetched, decision: Decision | None = None) -> ChangedPage | None:
        """The page with what is to be changed in it; None where it stays, and the response can be read as it came."""
        if response.status != 200:
            decision = None
        try:
            mapping = self._hosts.mapping(request, response.headers)
            document = self.document(response) if decision or mapping else None
        except Exception:
            self._failures.note("hold", request)
            response.keep_private()
            return None
        if document is None:
            return None
        with self._holding.one() as share:
            # What is kept for all takes no more room for one who gets it.
            has_room = _always if response.is_kept else share.take
            held = await hold(response, limit=self._page_bytes, seconds=self._page_seconds, has_room=has_room)
            response.put_back(held.body)
            if share.is_refused:
                self._failures.note_missed("hold-crowded", request)
                response.keep_private()
            if not held.is_complete:
                return None
            self._stand_in.hear_held()
            source = Source(held.body, document.coding, document.charset_label, mapping)
            return await self._changed(request, response, source, decision)

    async def _changed(
        self, request: Request, response: Fetched, source: Source, decision: Decision | None
    ) -> ChangedPage | None:
        """The same of a page that is whole."""
        try:
            kept = await self._cut(request, source, decision)
            if kept is None:
                return None
            rendered = kept.render(decision, accepted_codings(request.headers))
            return ChangedPage(rendered, kept.cut.shown, bool(kept.cut.holes))
        except UndecodableError as error:
            logger.debug("%s%s: untouched: %s", request.host, request.logged_path, error)
            return None
        except LateError:
            self._failures.note_missed("cut-late", request)
        except CrowdedError:
            self._failures.note_missed("cut-crowded", request)
        except Exception:
            self._failures.note("cut", request)
        response.keep_private()
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


def _always(_size: int) -> bool:
    return True
