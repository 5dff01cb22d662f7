"""The way of a request, from the visitor to the origin and back.

Owns the order of the steps and nothing else: plan, identify, observe, decide, route, fetch, cut, respond. What no
experience touches leaves after `plan` and streams through. Whatever fails on the way of a page, the origin's own bytes
go out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from proxy.cache.page_cache import PageCache
from proxy.company.finder import CompanyFinder
from proxy.deciding import Decider
from proxy.document import is_html
from proxy.edge import Edge, Permission, was_asked_before
from proxy.editing import ChangedPage, PageEditor
from proxy.express import Express
from proxy.failures import Failures
from proxy.fetching import Fetched, Fetcher
from proxy.holding import Holding
from proxy.hosts import Hosts
from proxy.origin.client import Origin
from proxy.origin.errors import OriginError
from proxy.origin.headers import (
    PURCHASE_FIELD,
    VISITOR_FIELD,
    asks_for_page,
    personal_request_headers,
    personal_response_headers,
    readable_request_headers,
    rewritten_response_headers,
    silent_response_headers,
)
from proxy.page.memory import CutMemory
from proxy.redirects import REDIRECTIONS
from proxy.relay import Browser, send_through, send_whole
from proxy.remember import Memory, Witness, is_page_view
from proxy.replies import is_current, not_modified_headers, rendered_reply
from proxy.request import Request, RequestReader
from proxy.routing import PageRoute, Redirect, Route, Router, can_lead_away, wants_page
from proxy.stand_in import StandIn
from proxy.subrequest import Subrequests
from proxy.visitor.consent import ConsentReader
from proxy.visitor.identity import IdentityReader, Visitor, without_identity
from proxy.visitor.observe import Observer
from proxy.visitor.vouched import Vouched
from proxy.wire import Headers
from rules.decision import Decision
from rules.model import RuleBook
from rules.plan import Plan

if TYPE_CHECKING:
    from starlette.types import Receive, Send

# Two pages of the origin may bear the same.
_VALIDATORS = frozenset({b"etag", b"last-modified"})
# Where planning fails: no cache may keep the plain page for those who should get another once it works.
_UNPLANNED = Plan((), frozenset())


class Pipeline:
    """Answers requests from one origin, as a rulebook says.

    `page_bytes` and `page_seconds` bound how much of a page is held, and for how long, before it streams through;
    `holding` bounds how much is held of all pages together.
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
        stand_in: StandIn | None = None,
        companies: CompanyFinder | None = None,
        memory: Memory | None = None,
        vouched: Vouched | None = None,
        cache: PageCache | None = None,
        holding: Holding | None = None,
        edge: Edge | None = None,
    ) -> None:
        memory = memory or Memory(observer, now)
        hosts = hosts or Hosts()
        stand_in = stand_in or StandIn()
        failures = Failures()
        self._origin = origin
        self._fetcher = Fetcher(origin, hosts, cache, failures)
        self._cache = cache
        self._edge = edge
        self._express: Express | None = None
        self._now = now
        self._page_bytes = page_bytes
        self._cuts = cuts
        self._hosts = hosts
        self._stand_in = stand_in
        self._memory = memory
        self._vouched = vouched or Vouched()
        self._failures = failures
        self._router = Router(stand_in.hear_left_out)
        self._decider = Decider(
            observer,
            book,
            now=now,
            identity=identity or IdentityReader(ConsentReader(), now=now),
            companies=companies or CompanyFinder(),
            memory=memory,
            stand_in=stand_in,
            failures=failures,
        )
        self._editor = PageEditor(
            hosts,
            cuts,
            stand_in=stand_in,
            failures=failures,
            page_bytes=page_bytes,
            page_seconds=page_seconds,
            holding=holding,
        )

    def counts(self) -> dict[str, Mapping[str, int] | int]:
        """What went otherwise than decided since this process began, for the operator."""
        cuts, cache = self._cuts, self._cache
        return {
            "failures": self._failures.counts,
            "left_out": cuts.left_out + self._router.left_out,
            "set_aside": cuts.set_aside,
            "shown": cuts.shown,
            "decisions": self._decider.decisions,
            "origin_requests": self._origin.counts(),
            "profiles": self._memory.counts(),
            "cache": cache.told() if cache is not None else {},
            "variants": {
                "hits": cuts.hits,
                "made": cuts.made,
                "evictions": cuts.evictions,
                "kept": cuts.variants,
                "bytes": cuts.bytes,
            },
        }

    @property
    def failures(self) -> Mapping[str, int]:
        """How often which step failed."""
        return self._failures.counts

    def use(self, book: RuleBook) -> None:
        """From the next request on, decide by this rulebook."""
        self._decider.use(book)
        self._cuts.resume()
        if self._express is not None:
            self._express.clear()

    def express(self, reader: RequestReader, *, prefix: str) -> Express | None:
        """The way by which this pipeline's answers from memory need not wait; None where there can be none."""
        if self._cache is None or self._hosts.maps_pages:
            return None
        self._express = Express(
            reader,
            self._decider,
            self._cache,
            self._cuts,
            self._memory,
            self._failures,
            remember=self._note_shown,
            now=lambda: self._now().timestamp(),
            prefix=prefix,
            page_bytes=self._page_bytes,
        )
        return self._express

    def subrequests(self, reader: RequestReader, *, prefix: str) -> Subrequests | None:
        """What a cache in front asks under which key it keeps this pipeline's pages; None where none keeps any."""
        if self._edge is None:
            return None
        return Subrequests(reader, self._decider, self._edge, self._failures, remember=self._note_shown, prefix=prefix)

    async def respond(self, request: Request, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises OriginError where nothing was sent yet, BrowserGoneError where there is nobody to answer, and
        BrokenResponseError where an answer that was begun can't be ended.
        """
        plan = self._plan(request)
        headers = self._hosts.request_headers(request, without_identity(request.headers))
        witness = Witness(send)
        async with Browser(request, receive) as browser:
            if plan is not None and not request.has_body:
                visitor = self._decider.identify(request)
                await self._respond_personally(request, plan, visitor, headers, browser, witness)
                self._remember(request, witness, visitor)
                return
            if self._hosts.maps_pages and request.method in ("GET", "HEAD") and not request.has_body:
                await self._respond_mapped(request, headers, browser, witness)
                self._remember(request, witness)
                return
            body = browser.body() if request.has_body else None
            async with await self._fetcher.fetch(request, request.method, headers, body) as response:
                passed = await self._response_headers(request, response)
                if plan is not None and is_html(response.headers):
                    # Whoever sends a body with a GET must not put the plain page into a cache for all.
                    passed = personal_response_headers(passed)
                await send_through(response, passed, browser, witness)
            self._remember(request, witness)

    def _plan(self, request: Request) -> Plan | None:
        """What could apply."""
        try:
            return self._decider.plan(request)
        except Exception:
            self._failures.note("plan", request)
            return _UNPLANNED

    async def _respond_personally(
        self, request: Request, plan: Plan, visitor: Visitor, headers: Headers, browser: Browser, witness: Witness
    ) -> None:
        decision = await self._decider.decide(request, plan, visitor)
        routes = await self._routes(request, visitor, decision)
        if asks_for_page(headers):
            headers = personal_request_headers(headers)
        is_private = can_lead_away(plan) and wants_page(request.headers)
        permission = self._permission(request, plan, visitor, decision)
        for route in routes:
            self._stand_in.hear_route(route)
            if isinstance(route, Redirect):
                await send_whole(witness, route.status, (*route.headers, *visitor.cookies), b"")
                return
            try:
                if await self._respond_by(route, visitor, headers, browser, witness, permission, is_private=is_private):
                    return
                why = "what it serves is no page, or not one that its changes can be made on"
            except OriginError as error:
                if not route.serves:
                    raise
                why = f"what it serves can't be had: {error}"
            if route.serves:
                self._router.leave_out(route.request, route.serves, why)

    async def _respond_by(
        self,
        route: PageRoute,
        visitor: Visitor,
        headers: Headers,
        browser: Browser,
        witness: Witness,
        permission: Permission | None,
        *,
        is_private: bool,
    ) -> bool:
        """Answer with the page of a route; where that is not what the route is for, say so and send nothing.

        With `is_private` the response is this visitor's whatever it holds, since another one is led away. With a
        `permission` the cache in front may keep the page, if it turns out to be nobody's own.
        """
        request = route.request
        # A HEAD has to say what a GET would get, and what a page becomes is known only from the page.
        async with await self._fetcher.fetch(request, "GET", headers) as response:
            passed = await self._response_headers(request, response)
            is_page = is_html(response.headers)
            if route.serves:
                passed = tuple(field for field in passed if field[0] not in _VALIDATORS)
            page = await self._editor.page(request, response, route.decision)
            if not route.holds(response.status, is_page=is_page, shown=page.shown if page else ()):
                return False
            if is_page or is_private:
                passed = personal_response_headers(passed)
            elif response.status == 304:
                # Of what, isn't said: nothing in it makes a page fresh that the browser keeps as private.
                passed = silent_response_headers(passed)
            if permission is not None and is_page and response.status == 200:
                passed = permission.granted(passed, response.fresh_until, has_values=bool(page and page.has_values))
            cookies = visitor.cookies if is_page or is_private else ()
            await self._send_page(request, response, page, passed, cookies, browser, witness)
        return True

    async def _respond_mapped(self, request: Request, headers: Headers, browser: Browser, witness: Witness) -> None:
        """Answer where no experience could apply: a page with public URLs, the same for every visitor."""
        headers = readable_request_headers(headers)
        async with await self._fetcher.fetch(request, request.method, headers) as response:
            passed = await self._response_headers(request, response)
            if request.method == "HEAD" and self._editor.document(response) is not None:
                # What a page becomes is known only from the page, so nothing is told of its bytes.
                await send_whole(witness, response.status, rewritten_response_headers(passed), b"")
                return
            page = await self._editor.page(request, response)
            await self._send_page(request, response, page, passed, (), browser, witness)

    async def _send_page(
        self,
        request: Request,
        response: Fetched,
        page: ChangedPage | None,
        headers: Headers,
        cookies: Headers,
        browser: Browser,
        witness: Witness,
    ) -> None:
        """A page that was changed, or a response that was not, under `headers`."""
        is_head = request.method == "HEAD"
        if page is not None:
            reply = rendered_reply(request.headers, response.status, headers, page.rendered, cookies, is_head=is_head)
            witness.note_page()
            self._cuts.note_shown(page.shown)
            await send_whole(witness, reply.status, reply.headers, reply.body)
        elif response.status == 200 and is_current(request.headers, headers):
            witness.note_page()
            await send_whole(witness, 304, (*not_modified_headers(headers), *cookies), b"")
        elif is_head:
            await send_whole(witness, response.status, (*headers, *cookies), b"")
        else:
            await send_through(response, (*headers, *cookies), browser, witness)

    def _permission(
        self, request: Request, plan: Plan, visitor: Visitor, decision: Decision | None
    ) -> Permission | None:
        """What the cache in front that asked may keep; None where none did."""
        if self._edge is None or plan is _UNPLANNED:
            return None
        try:
            is_remembered = self._decider.hangs_on_profile(plan)
            return self._edge.permission(request, plan, visitor, decision, is_remembered=is_remembered, now=self._now())
        except Exception:
            self._failures.note("edge", request, "it is not shared")
            return None

    async def _routes(self, request: Request, visitor: Visitor, decision: Decision | None) -> tuple[Route, ...]:
        """Which pages to try for this visitor, one after another."""
        try:
            return await self._router.routes(request, decision, partial(self._decider.foresee, visitor))
        except Exception:
            self._failures.note("route", request)
            return (PageRoute(request, None),)

    async def _response_headers(self, request: Request, response: Fetched) -> Headers:
        """What the browser gets of the origin's headers; where it would be sent in a circle, with a word against it."""
        passed = response.headers
        if (said := response.said.get(VISITOR_FIELD)) is not None:
            passed = (*passed, *self._carry(request, said))
        if (said := response.said.get(PURCHASE_FIELD)) is not None:
            self._note_purchase(request, said)
        if response.status not in REDIRECTIONS:
            return passed
        try:
            return await self._router.response_headers(request, passed, partial(self._decider.foresee, None))
        except Exception:
            self._failures.note("route", request)
            return passed

    def _carry(self, request: Request, said: bytes) -> Headers:
        """The cookies by which the visitor's browser carries what the origin said of them."""
        try:
            return self._vouched.carry(said, request.headers, is_https=request.scheme == "https")
        except Exception:
            self._failures.note("vouch", request, "what the origin said of the visitor is lost")
            return ()

    def _note_purchase(self, request: Request, said: bytes) -> None:
        try:
            self._memory.note_purchase(request, self._decider.identify(request), said)
        except Exception:
            self._failures.note("remember", request, "the purchase is not remembered")

    def _remember(self, request: Request, witness: Witness, visitor: Visitor | None = None) -> None:
        if self._edge is not None and was_asked_before(request):
            return
        if self._memory.is_kept and witness.saw_page_view(request):
            self._note_view(request, visitor)

    def _note_shown(self, request: Request, visitor: Visitor | None) -> None:
        if is_page_view(request):
            self._note_view(request, visitor)

    def _note_view(self, request: Request, visitor: Visitor | None) -> None:
        """Remember a page that was shown. Where nobody asked yet whose it is, a cookie could not be set either."""
        try:
            if visitor is None:
                visitor = self._decider.identify(request)
                if visitor.is_new:
                    return
            self._memory.remember(request, visitor)
        except Exception:
            self._failures.note("remember", request, "the page is not remembered")
