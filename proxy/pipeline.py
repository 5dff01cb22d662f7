"""The way of a request, from the visitor to the origin and back.

Owns the order of the steps and nothing else: plan, identify, observe, decide, fetch, cut, respond. What no experience
touches leaves after `plan` and streams through. Whatever fails on the way of a page, the origin's own bytes go out.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from cachetools import LRUCache

from proxy.document import Document, document_of, hold, is_html
from proxy.hosts import Hosts
from proxy.origin.client import Origin, OriginResponse
from proxy.origin.headers import (
    asks_for_page,
    changed_response_headers,
    personal_request_headers,
    personal_response_headers,
    readable_request_headers,
    rewritten_response_headers,
)
from proxy.page.coding import UndecodableError, acceptable, decode
from proxy.page.encode import encode_for
from proxy.page.memory import CutMemory, Kept, UntouchableError
from proxy.relay import Browser, send_through, send_whole
from proxy.request import Headers, Request
from proxy.visitor.consent import Answer, Consent, ConsentReader
from proxy.visitor.identity import IdentityReader, Visitor, without_identity
from proxy.visitor.observe import Observer, parse_query
from rules.context import make_context
from rules.decide import decide
from rules.decision import Decision
from rules.model import RuleBook
from rules.plan import Plan, Shortlist, make_shortlist
from rules.signals import Tier

if TYPE_CHECKING:
    from starlette.types import Receive, Send

logger = logging.getLogger(__name__)

_MAX_SHORTLISTS = 10_000
# Anyone may ask for paths of 8 KB, which no page of a site has.
_MAX_REMEMBERED_PATH = 512


class ChangedPage(NamedTuple):
    """The body of a page that was changed, and the coding that it is in."""

    body: bytes
    coding: str


class Pipeline:
    """Answers requests from one origin, as a rulebook says.

    `page_bytes` and `page_seconds` bound how much of a page is held, and for how long, before it streams through.
    """

    def __init__(
        self,
        origin: Origin,
        observer: Observer,
        book: RuleBook,
        *,
        now: Callable[[], datetime],
        cuts: CutMemory,
        identity: IdentityReader | None = None,
        hosts: Hosts | None = None,
        page_bytes: int = 4 << 20,
        page_seconds: float = 10.0,
    ) -> None:
        self._origin = origin
        self._observer = observer
        self._book = book
        self._now = now
        self._cuts = cuts
        self._identity = identity or IdentityReader(ConsentReader(), now=now)
        self._hosts = hosts or Hosts()
        self._page_bytes = page_bytes
        self._page_seconds = page_seconds
        self._shortlists: LRUCache[tuple[str, str], Shortlist] = LRUCache(_MAX_SHORTLISTS)
        self.failures: Counter[str] = Counter()
        """How often which step failed, at no cost but the change."""

    def counts(self) -> dict[str, Mapping[str, int] | int]:
        """What went otherwise than decided since this process began, for the operator."""
        return {"failures": self.failures, "left_out": self._cuts.left_out, "set_aside": self._cuts.set_aside}

    def use(self, book: RuleBook) -> None:
        """From the next request on, decide by this rulebook."""
        self._book = book
        self._shortlists.clear()

    async def respond(self, request: Request, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises OriginError where nothing was sent yet, BrowserGoneError where there is nobody to answer, and
        BrokenResponseError where an answer that was begun can't be ended.
        """
        plan = self._plan(request)
        headers = self._hosts.request_headers(request, without_identity(request.headers))
        async with Browser(request, receive) as browser:
            if plan is not None and not request.has_body:
                await self._respond_personally(request, plan, headers, browser, send)
                return
            if self._hosts.maps_pages and request.method in ("GET", "HEAD") and not request.has_body:
                await self._respond_mapped(request, headers, browser, send)
                return
            body = browser.body() if request.has_body else None
            async with await self._origin.fetch(request.method, request.target, headers, body) as response:
                passed = self._hosts.response_headers(request, response)
                if plan is not None and is_html(response.headers):
                    # Whoever sends a body with a GET must not put the plain page into a cache for all.
                    passed = personal_response_headers(passed)
                await send_through(response, passed, browser, send)

    def _plan(self, request: Request) -> Plan | None:
        """What could apply, if anything: only a page that is asked for can be changed."""
        if request.method not in ("GET", "HEAD"):
            return None
        place = (request.host, request.path)
        shortlist = self._shortlists.get(place)
        if shortlist is None:
            shortlist = make_shortlist(self._book, *place)
            if len(request.path) <= _MAX_REMEMBERED_PATH:
                self._shortlists[place] = shortlist
        if not shortlist.whole.experiences:
            return None
        plan = shortlist.plan(parse_query(request.query) if shortlist.asks_query else {})
        return plan if plan.experiences else None

    async def _respond_personally(
        self, request: Request, plan: Plan, headers: Headers, browser: Browser, send: Send
    ) -> None:
        visitor = self._identify(request)
        decision = self._decide(request, plan, visitor.consent)
        if asks_for_page(headers):
            headers = personal_request_headers(headers)
        # A HEAD has to say what a GET would get, and what a page becomes is known only from the page.
        async with await self._origin.fetch("GET", request.target, headers) as response:
            passed = self._hosts.response_headers(request, response)
            unchanged = (*personal_response_headers(passed), *visitor.cookies) if is_html(response.headers) else passed
            page, held = await self._page(request, response, decision)
            if page is not None:
                changed = changed_response_headers(passed, length=len(page.body), coding=page.coding)
                body = b"" if request.method == "HEAD" else page.body
                await send_whole(send, response.status, (*changed, *visitor.cookies), body)
            elif request.method == "HEAD":
                await send_whole(send, response.status, unchanged, b"")
            else:
                await send_through(response, unchanged, browser, send, held=held)

    async def _respond_mapped(self, request: Request, headers: Headers, browser: Browser, send: Send) -> None:
        """Answer where no experience could apply: a page with public URLs, the same for every visitor."""
        headers = readable_request_headers(headers)
        async with await self._origin.fetch(request.method, request.target, headers) as response:
            passed = self._hosts.response_headers(request, response)
            if request.method == "HEAD" and self._document(response) is not None:
                # What a page becomes is known only from the page, so nothing is told of its bytes.
                await send_whole(send, response.status, rewritten_response_headers(passed), b"")
                return
            page, held = await self._page(request, response)
            if page is not None:
                rewritten = rewritten_response_headers(passed, length=len(page.body), coding=page.coding)
                await send_whole(send, response.status, rewritten, page.body)
            else:
                await send_through(response, passed, browser, send, held=held)

    async def _page(
        self, request: Request, response: OriginResponse, decision: Decision | None = None
    ) -> tuple[ChangedPage | None, bytes]:
        """The page with what is to be changed in it; None where it stays, with what of it was read meanwhile."""
        document = self._document(response) if decision or self._hosts.maps_pages else None
        if document is None:
            return None, b""
        held = await hold(response, limit=self._page_bytes, seconds=self._page_seconds)
        if not held.is_complete:
            return None, held.body
        return await self._change(request, response, document, held.body, decision), held.body

    def _document(self, response: OriginResponse) -> Document | None:
        """The page that a response holds, if it can be changed; URLs are mapped in error pages too."""
        status = 200 if self._hosts.maps_pages and response.status != 206 else response.status
        return document_of(status, response.headers, self._page_bytes)

    def _identify(self, request: Request) -> Visitor:
        """Who asks; an anonymous visitor where that can't be told."""
        try:
            return self._identity.read(request.headers, is_https=request.scheme == "https")
        except Exception:
            self._note_failure("identify", request, "the visitor counts as anonymous")
            return Visitor(Consent(Answer.SILENT, frozenset({Tier.CONTEXTUAL})))

    def _decide(self, request: Request, plan: Plan, consent: Consent) -> Decision | None:
        """The decision, or None where nothing is to be changed. What the consent does not cover stays unknown."""
        try:
            needed = frozenset(filter(consent.permits, plan.signals))
            observed = self._observer.observe(needed, request)
            # A group is observed as a whole, and may hold more tiers than one.
            observed = {name: value for name, value in observed.items() if consent.permits(name)}
            context = make_context(
                observed, now=self._now(), host=request.host, site_timezone=plan.site_timezone, needed=needed
            )
            decision = decide(plan, context)
        except Exception:
            self._note_failure("decide", request)
            return None
        return decision if decision.choices else None

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
                    return ChangedPage(*kept.body(decision, accepted))
            return None if page is decoded else ChangedPage(*encode_for(page, accepted))
        except UndecodableError as error:
            logger.debug("%s%s: untouched: %s", request.host, request.path, error)
            return None
        except Exception:
            self._note_failure("cut", request)
            return None

    async def _cut(self, request: Request, document: Document, page: bytes, decision: Decision) -> Kept | None:
        """The page with the decision's changes, if any of them is on it."""
        url = f"{request.host}{request.path}"
        try:
            kept = await self._cuts.cut(url, page, document.charset_label, decision)
        except UntouchableError as error:
            logger.debug("%s: untouched: %s", url, error)
            return None
        return kept if kept.cut.shown else None

    def _note_failure(self, step: str, request: Request, instead: str = "the origin's page goes out") -> None:
        self.failures[step] += 1
        logger.exception("%s %s: %s failed, %s", request.method, request.path, step, instead)
