"""The express way: what is in memory is answered at once, before the server makes a task of the request.

Owns when that may be. It takes the steps of `proxy.pipeline` (plan, identify, observe, decide, cut, respond), each by
the code that takes it there, and leaves whatever has to wait, or is out of the ordinary, to that way: what is said
here is said there, only later.

A decision is kept by the bytes of the header fields and cookies that it hangs on, and is made of a request that has no
others. So no visitor can get what was decided by a field that isn't compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from proxy.cache.keys import primary_key, shared_target
from proxy.cache.page_cache import PageCache
from proxy.cache.policy import OVERRIDES
from proxy.cache.store import Stored
from proxy.deciding import Decider, MustWaitError
from proxy.edge import PLAIN
from proxy.failures import Failures
from proxy.heads import StoredPage, encoded
from proxy.origin.headers import VARIANT_FIELD, asks_for_page
from proxy.page.memory import CutMemory
from proxy.recent import Recent
from proxy.remember import Memory
from proxy.replies import accepted_codings
from proxy.request import BadRequestError, Request, RequestReader, peer_of
from proxy.routing import can_lead_away
from proxy.visitor.identity import Visitor
from proxy.visitor.reads import NOTHING, Reads, reduced
from proxy.wire import Headers, Written
from rules.decision import Decision
from rules.plan import Plan

if TYPE_CHECKING:
    from starlette.types import Scope

# With one of these a request is out of the ordinary: it has a body, or limits what the cache may answer.
_UNUSUAL = frozenset(
    {
        b"authorization",
        b"cache-control",
        b"content-length",
        b"expect",
        b"if-match",
        b"if-range",
        b"if-unmodified-since",
        b"pragma",
        b"range",
        b"tailor-debug",
        b"transfer-encoding",
        b"upgrade",
        *OVERRIDES,
    }
)
_CONDITIONS = (b"if-none-match", b"if-modified-since")
_PLAIN_VARIANTS = (None, PLAIN)
# By what the origin is told these, too, it was sent as they came.
_UNALTERED = frozenset({b"accept", b"accept-encoding", b"accept-language", b"user-agent"})
_HOPS = frozenset({b"forwarded", b"x-forwarded-for"})

_MAX_STEMS = 1024
_MAX_VISITS = 1024
_MAX_KEPT_BYTES = 1024  # of header fields that a decision is kept by
_DECISION_SECONDS = 10.0
"""How long a decision is kept that doesn't hang on the clock: an id cookie's renewal, or a database's, waits for it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Stem:
    """What is the same for all who ask for one URL: the request without its headers, its plan, what that looks at, and
    its name in the page cache.

    A decision `is_kept` for the next one unless it hangs on what a visitor did meanwhile, and for no more than a second
    where it `is_timed`. Some visitor may be led to another page where the URL `leads_away`.
    """

    request: Request
    plan: Plan | None
    reads: Reads
    key: bytes
    is_kept: bool = True
    is_timed: bool = False
    leads_away: bool = False


class _Visit(NamedTuple):
    """Who asks, what was decided for them, and until when that holds."""

    visitor: Visitor
    decision: Decision | None
    until: float


class Express:
    """Answers from memory. It belongs to one `proxy.pipeline.Pipeline`, whose parts it is given.

    Paths that begin with `prefix` are Tailor's own. A page of more than `page_bytes` bytes is not changed.
    """

    def __init__(
        self,
        reader: RequestReader,
        decider: Decider,
        cache: PageCache,
        cuts: CutMemory,
        memory: Memory,
        failures: Failures,
        *,
        remember: Callable[[Request, Visitor | None], None],
        now: Callable[[], float],
        prefix: str,
        page_bytes: int,
    ) -> None:
        self._reader = reader
        self._decider = decider
        self._cache = cache
        self._cuts = cuts
        self._memory = memory
        self._failures = failures
        self._remember = remember
        self._now = now
        self._prefix = prefix
        self._page_bytes = page_bytes
        self._stems: Recent[tuple[object, ...], _Stem] = Recent(_MAX_STEMS)
        self._visits: Recent[tuple[object, ...], _Visit] = Recent(_MAX_VISITS)
        self._codings: Recent[bytes, tuple[str, ...]] = Recent(64)
        self._pages: WeakKeyDictionary[Stored, StoredPage] = WeakKeyDictionary()

    def clear(self) -> None:
        """Forget what was decided: another rulebook holds."""
        self._stems.clear()
        self._visits.clear()

    def answer(self, scope: Scope) -> Written | None:
        """The response to a request whose head is here, if it takes nothing but memory; else None."""
        method, fields = scope["method"], scope["headers"]
        if method not in ("GET", "HEAD"):
            return None
        head = dict(fields)
        # A field that comes twice is left to who knows what that means.
        if len(head) != len(fields) or not _UNUSUAL.isdisjoint(head):
            return None
        # A front that may get a permission asks once for each page that it keeps.
        if head.get(VARIANT_FIELD) not in _PLAIN_VARIANTS:
            return None
        try:
            return self._answer(scope, fields, head, is_head=method == "HEAD")
        except BadRequestError:
            return None
        except Exception:
            self._failures.note_at("express", method, scope["raw_path"].decode("latin-1"), "it goes the usual way")
            return None

    def _answer(self, scope: Scope, fields: Headers, head: dict[bytes, bytes], *, is_head: bool) -> Written | None:
        stem = self._stem(scope, head)
        cookie = head.get(b"cookie")
        if stem is None or (cookie is not None and self._cache.policy.sessions.are_in(cookie)):
            return None
        now = self._now()
        found = self._cache.fresh(stem.key, fields, _UNALTERED, now)
        if found is None:
            return None
        stored, remaining = found
        page = self._page(stored)
        conditions = tuple((name, head[name]) for name in _CONDITIONS if name in head)
        told = b"cache-status: tailor; hit; ttl=%d\r\n" % remaining
        visit: _Visit | None = None
        written: Written | None = None
        if stem.plan is not None and page.is_html:
            visit = self._visit(stem, stem.plan, scope, fields, now) if asks_for_page(fields) else None
            written = visit and self._personal(stored, page, visit, head, conditions, told)
        elif not stem.leads_away:
            told = b"age: %d\r\n%b" % (stored.freshness.age(now), told)
            written = page.plain(stored.body, conditions, told)
        if written is None:
            return None
        self._cache.counts.hits += 1
        is_new = visit is not None and visit.visitor.is_new
        if self._memory.is_kept and page.is_html and (cookie is not None or is_new):
            self._remember(self._reader.read(scope), visit.visitor if visit else None)
        return written[:1] if is_head else written

    def _stem(self, scope: Scope, head: Mapping[bytes, bytes]) -> _Stem | None:
        """What is known of the URL, None where the usual way answers whatever is asked of it."""
        trusted = self._reader.trusts(peer_of(scope))
        forwarded = (head.get(b"x-forwarded-host"), head.get(b"x-forwarded-proto")) if trusted else None
        place = (scope["raw_path"], scope["query_string"], head.get(b"host"), forwarded)
        stem = self._stems.get(place)
        if stem is None:
            stem = self._make_stem(scope, trusted=trusted)
            named = (*place[:3], *(forwarded or ()))
            if stem is not None and sum(len(part or b"") for part in named) <= _MAX_KEPT_BYTES:
                self._stems.put(place, stem)
        return stem

    def _make_stem(self, scope: Scope, *, trusted: bool) -> _Stem | None:
        request = self._reader.read(scope)
        if request.own or request.path.startswith(self._prefix):
            return None
        key = primary_key(request.site, shared_target(request.target, self._cache.policy.tracking))
        plan = self._decider.plan(request)
        # Of who asks first nothing is left in it.
        request = request.reduced((), None)
        if plan is None:
            return _Stem(request, None, NOTHING, key)
        reads = self._decider.reads(plan)
        if trusted and reads.client:
            reads |= Reads(_HOPS)
        return _Stem(
            request,
            plan,
            reads,
            key,
            is_kept=not self._decider.hangs_on_profile(plan),
            is_timed=self._decider.hangs_on_clock(plan),
            leads_away=can_lead_away(plan),
        )

    def _visit(self, stem: _Stem, plan: Plan, scope: Scope, fields: Headers, now: float) -> _Visit | None:
        """Who asks, and what is decided for them; None where that takes a while, or leads to another page."""
        looked_at = reduced(fields, stem.reads)
        peer = peer_of(scope) if stem.reads.client else ""
        place = (stem, looked_at, peer)
        visit = self._visits.get(place) if stem.is_kept else None
        if visit is not None and now < visit.until:
            return visit
        client = self._reader.client(peer, looked_at) if stem.reads.client else None
        request = stem.request.reduced(looked_at, client)
        visitor = self._decider.identify(request)
        try:
            decision = self._decider.decide_now(request, plan, visitor)
        except MustWaitError:
            return None
        if decision is not None and any(choice.variant.leads_away for choice in decision.choices):
            return None
        # To the end of this second, as the clock of the rules may turn with the next.
        until = floor(now) + 1.0 if stem.is_timed else now + _DECISION_SECONDS
        visit = _Visit(visitor, decision, until)
        is_shared = stem.is_kept and not visitor.cookies and not visitor.withdrawn
        if is_shared and sum(len(value) for _, value in looked_at) <= _MAX_KEPT_BYTES:
            self._visits.put(place, visit)
        return visit

    def _personal(
        self,
        stored: Stored,
        page: StoredPage,
        visit: _Visit,
        head: Mapping[bytes, bytes],
        conditions: Headers,
        told: bytes,
    ) -> Written | None:
        """The page as this visitor gets it; None where it is not kept so."""
        if visit.visitor.cookies:
            told += encoded(visit.visitor.cookies)
        if visit.decision is not None and page.source is not None:
            kept = self._cuts.find(page.source, visit.decision.fingerprint)
            if kept is None:
                return None
            if kept.cut.shown:
                rendered = kept.render(visit.decision, self._accepted(head.get(b"accept-encoding", b"")))
                self._cuts.note_shown(kept.cut.shown)
                return page.changed(rendered, conditions, told)
        return page.unchanged(stored.body, conditions, told)

    def _page(self, stored: Stored) -> StoredPage:
        page = self._pages.get(stored)
        if page is None:
            page = self._pages[stored] = StoredPage(stored, page_bytes=self._page_bytes)
        return page

    def _accepted(self, accept_encoding: bytes) -> tuple[str, ...]:
        accepted = self._codings.get(accept_encoding)
        if accepted is None:
            accepted = accepted_codings(((b"accept-encoding", accept_encoding),))
            if len(accept_encoding) <= _MAX_KEPT_BYTES:
                self._codings.put(accept_encoding, accepted)
        return accepted
