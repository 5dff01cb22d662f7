"""The way of a request, from the visitor to the origin and back.

Owns the order of the steps and nothing else: plan, observe, decide, fetch, cut, respond. What no experience touches
leaves after `plan` and streams through. Whatever fails on the way of a page, the origin's own bytes go out.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from cachetools import LRUCache

from proxy.document import Document, Held, document_of, hold, is_html
from proxy.origin.client import Origin
from proxy.origin.headers import (
    changed_response_headers,
    personal_request_headers,
    personal_response_headers,
    request_headers,
    response_headers,
)
from proxy.page.coding import UndecodableError, acceptable, decode
from proxy.page.memory import CutMemory, UntouchableError
from proxy.relay import Browser, send_through, send_whole
from proxy.request import Headers, Request
from proxy.visitor.observe import Observer, parse_query
from rules.context import make_context
from rules.decide import decide
from rules.decision import Decision
from rules.model import RuleBook
from rules.plan import Plan, Shortlist, make_shortlist

if TYPE_CHECKING:
    from starlette.types import Receive, Send

logger = logging.getLogger(__name__)

_MAX_SHORTLISTS = 10_000


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
        page_bytes: int = 4 << 20,
        page_seconds: float = 10.0,
    ) -> None:
        self._origin = origin
        self._observer = observer
        self._book = book
        self._now = now
        self._cuts = cuts
        self._page_bytes = page_bytes
        self._page_seconds = page_seconds
        self._shortlists: LRUCache[tuple[str, str], Shortlist] = LRUCache(_MAX_SHORTLISTS)
        self.failures: Counter[str] = Counter()
        """How often which step failed, so that a page went out as the origin sent it."""

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
        headers = request_headers(
            request.headers,
            peer=request.peer,
            trusted=request.trusted,
            scheme=request.scheme,
            authority=request.authority,
        )
        async with Browser(request, receive) as browser:
            if plan is not None:
                await self._respond_personally(request, plan, headers, browser, send)
                return
            body = browser.body() if request.has_body else None
            async with await self._origin.fetch(request.method, request.target, headers, body) as response:
                await send_through(response, response_headers(response.headers), browser, send)

    def _plan(self, request: Request) -> Plan | None:
        """What could apply, if anything: only a page that is asked for can be changed."""
        if request.method not in ("GET", "HEAD") or request.has_body:
            return None
        place = (request.host, request.path)
        shortlist = self._shortlists.get(place)
        if shortlist is None:
            shortlist = self._shortlists[place] = make_shortlist(self._book, *place)
        if not shortlist.whole.experiences:
            return None
        plan = shortlist.plan(parse_query(request.query))
        return plan if plan.experiences else None

    async def _respond_personally(
        self, request: Request, plan: Plan, headers: Headers, browser: Browser, send: Send
    ) -> None:
        decision = self._decide(request, plan)
        # A HEAD has to say what a GET would get, and what a page becomes is known only from the page.
        async with await self._origin.fetch("GET", request.target, personal_request_headers(headers)) as response:
            passed = response_headers(response.headers)
            unchanged = personal_response_headers(passed) if is_html(response.headers) else passed
            document = document_of(response.status, response.headers, self._page_bytes) if decision else None
            held = Held(b"", is_complete=False)
            if decision is not None and document is not None:
                held = await hold(response, limit=self._page_bytes, seconds=self._page_seconds)
                if held.is_complete:
                    changed = await self._change(request, decision, document, held.body)
                    if changed is not None:
                        body, coding = changed
                        changed_headers = changed_response_headers(passed, length=len(body), coding=coding)
                        await send_whole(send, 200, changed_headers, b"" if request.method == "HEAD" else body)
                        return
            if request.method == "HEAD":
                await send_whole(send, response.status, unchanged, b"")
            else:
                await send_through(response, unchanged, browser, send, held=held.body)

    def _decide(self, request: Request, plan: Plan) -> Decision | None:
        """The decision, or None where nothing is to be changed."""
        try:
            observed = self._observer.observe(plan.signals, request)
            context = make_context(observed, now=self._now(), host=request.host, site_timezone=plan.site_timezone)
            decision = decide(plan, context)
        except Exception:
            self._note_failure("decide", request)
            return None
        return decision if decision.choices else None

    async def _change(
        self, request: Request, decision: Decision, document: Document, body: bytes
    ) -> tuple[bytes, str] | None:
        """The page as this visitor sees it, and its coding; None where it stays as it came."""
        url = f"{request.host}{request.path}"
        try:
            page = decode(body, document.coding, self._page_bytes)
            kept = await self._cuts.cut(url, page, document.charset_label, decision)
            if not kept.cut.shown:
                return None
            accepted = request.header(b"accept-encoding")
            return kept.body(decision, acceptable(accepted.decode("latin-1") if accepted else None))
        except (UndecodableError, UntouchableError) as error:
            logger.debug("%s: untouched: %s", url, error)
            return None
        except Exception:
            self._note_failure("cut", request)
            return None

    def _note_failure(self, step: str, request: Request) -> None:
        self.failures[step] += 1
        logger.exception("%s %s: %s failed, the origin's page goes out", request.method, request.path, step)
