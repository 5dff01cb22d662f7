"""Who asks, and what is decided for them: plan, identify, observe, decide.

Owns that a signal is observed only where a rule on this URL and the visitor's consent call for it, and that whatever
fails here costs the visitor nothing but the personal page. Deciding itself is `rules.decide`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cachetools import LRUCache

from proxy.company.finder import COMPANY_SIGNAL, EMAIL_SIGNALS, CompanyFinder, email_of
from proxy.failures import Failures
from proxy.parameters import COMPANY as COMPANY_PARAMETER
from proxy.remember import Memory
from proxy.request import Request
from proxy.routing import can_lead_away
from proxy.stand_in import StandIn
from proxy.visitor.consent import Answer, Consent
from proxy.visitor.identity import IdentityReader, Visitor
from proxy.visitor.observe import Observer, parse_query
from rules.context import Value, make_context
from rules.decide import decide
from rules.decision import Decision
from rules.model import RuleBook
from rules.plan import Plan, Shortlist, make_shortlist
from rules.signals import Tier

_MAX_SHORTLISTS = 10_000
# Anyone may ask for paths of 8 KB, which no page of a site has.
_MAX_REMEMBERED_PATH = 512


class Decider:
    """Decides for requests by one rulebook at a time."""

    def __init__(
        self,
        observer: Observer,
        book: RuleBook,
        *,
        now: Callable[[], datetime],
        identity: IdentityReader,
        companies: CompanyFinder,
        memory: Memory,
        stand_in: StandIn,
        failures: Failures,
    ) -> None:
        self._observer = observer
        self._book = book
        self._now = now
        self._identity = identity
        self._companies = companies
        self._memory = memory
        self._stand_in = stand_in
        self._failures = failures
        self._shortlists: LRUCache[tuple[str, str], Shortlist] = LRUCache(_MAX_SHORTLISTS)

    def use(self, book: RuleBook) -> None:
        """From the next request on, decide by this rulebook."""
        self._book = book
        self._shortlists.clear()

    def plan(self, request: Request) -> Plan | None:
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

    def identify(self, request: Request) -> Visitor:
        """Who asks; an anonymous visitor where that can't be told."""
        try:
            visitor = self._identity.read(request.headers, is_https=request.scheme == "https")
            return self._stand_in.identify(visitor)
        except Exception:
            self._failures.note("identify", request, "the visitor counts as anonymous")
            return Visitor(Consent(Answer.SILENT, frozenset({Tier.CONTEXTUAL})))

    async def decide(self, request: Request, plan: Plan, visitor: Visitor) -> Decision | None:
        """The decision, or None where nothing is to be changed. What the consent does not cover stays unknown."""
        consent = visitor.consent
        try:
            needed = frozenset(filter(consent.permits, plan.signals))
            observed = await self._observe(needed, request)
            observed |= self._memory.recall(request, visitor, needed)
            # A group is observed as a whole, and may hold more tiers than one.
            observed = {name: value for name, value in observed.items() if consent.permits(name)}
            # A bot takes part in no experiment.
            visitor_id = visitor.id if visitor.id and not self._observer.is_bot(request) else ""
            context = make_context(
                observed,
                now=self._now(),
                host=request.host,
                site_timezone=plan.site_timezone,
                needed=needed,
                visitor_id=visitor_id,
            )
            decision = decide(plan, self._stand_in.imagine(context, plan.site_timezone))
            self._stand_in.hear_decision(request, decision)
        except Exception:
            self._failures.note("decide", request)
            return None
        return decision if decision.choices else None

    async def _observe(self, needed: frozenset[str], request: Request) -> dict[str, Value]:
        """What can be told of this request; a company, which may take a while, only where a rule asks for one."""
        if not any(name.startswith(COMPANY_SIGNAL) for name in needed):
            return self._observer.observe(needed, request)
        observed = self._observer.observe(needed.union(EMAIL_SIGNALS), request)
        link, email = request.own.get(COMPANY_PARAMETER, ""), email_of(observed)
        return {**observed, **await self._companies.find(request.client, link=link, email=email)}

    async def foresee(self, visitor: Visitor | None, request: Request) -> Decision | None:
        """What would be decided for a visitor at another URL, if anything could lead away from there."""
        plan = self.plan(request)
        if plan is None or not can_lead_away(plan):
            return None
        return await self.decide(request, plan, visitor or self.identify(request))
