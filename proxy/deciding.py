"""Who asks, and what is decided for them: plan, identify, observe, decide.

Owns that a signal is observed only where a rule on this URL and the visitor's consent call for it, and that whatever
fails here costs the visitor nothing but the personal page. Deciding itself is `rules.decide`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cachetools import LRUCache

from proxy.company.finder import COMPANY_SIGNAL, EMAIL_SIGNALS, CompanyFinder, Question, email_of
from proxy.failures import Failures
from proxy.parameters import COMPANY as COMPANY_PARAMETER
from proxy.profile.signals import asks_profile
from proxy.remember import Memory
from proxy.request import Request
from proxy.routing import can_lead_away
from proxy.stand_in import StandIn
from proxy.visitor.consent import EVERY_TIER, Answer, Consent, is_permitted
from proxy.visitor.identity import IdentityReader, Visitor
from proxy.visitor.observe import BOT_READS, Observer, parse_query
from proxy.visitor.reads import Reads
from rules.context import Value, make_context
from rules.decide import decide
from rules.decision import Decision
from rules.model import RuleBook
from rules.plan import Plan, Shortlist, Shortlists
from rules.signals import Tier

_MAX_SHORTLISTS = 4_096
# Anyone may ask for paths of 8 KB, which no page of a site has.
_MAX_REMEMBERED_PATH = 512


class MustWaitError(Exception):
    """A decision that hangs on an answer from the network; `observed` is what is known without it."""

    def __init__(self, question: Question, observed: Mapping[str, Value]) -> None:
        super().__init__("a company has to be asked for")
        self.question = question
        self.observed = observed


@dataclass(frozen=True, slots=True)
class _Needs:
    """What is to be told of a visitor: the `signals` that a plan asks for and the visitor's consent covers, and those
    that have to be `observed` for it, as a company may be found by others.
    """

    signals: frozenset[str]
    observed: frozenset[str]
    company: bool


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
        self._now = now
        self._identity = identity
        self._companies = companies
        self._memory = memory
        self._stand_in = stand_in
        self._failures = failures
        self._shortlists = Shortlists(book)
        self._by_place: LRUCache[tuple[str, str], Shortlist] = LRUCache(_MAX_SHORTLISTS)
        self.decisions: Counter[str] = Counter()
        """How many were made, by whether anything was `chosen`, or `nothing`."""

    def use(self, book: RuleBook) -> None:
        """From the next request on, decide by this rulebook."""
        self._shortlists = Shortlists(book)
        self._by_place.clear()

    def plan(self, request: Request) -> Plan | None:
        """What could apply, if anything: only a page that is asked for can be changed."""
        if request.method not in ("GET", "HEAD"):
            return None
        place = (request.host, request.path)
        shortlist = self._by_place.get(place)
        if shortlist is None:
            shortlist = self._shortlists.at(*place)
            if len(request.path) <= _MAX_REMEMBERED_PATH:
                self._by_place[place] = shortlist
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

    def reads(self, plan: Plan) -> Reads:
        """What of a request identifying and deciding look at, whoever asks.

        Beside it they hang on the URL with its own parameters and on who passed the request on; beside the request on
        the clock, the profile, and what files and services say of addresses and of those who vouch.
        """
        needs = _needs(plan.signals, EVERY_TIER)
        found = self._identity.reads | BOT_READS | self._memory.reads(needs.signals) | Reads(client=needs.company)
        return found | self._observer.reads(needs.observed)

    def hangs_on_clock(self, plan: Plan) -> bool:
        """Whether the rules alone may decide otherwise a moment later.

        What a request proves (an id, a token, a signed link) comes to its end too, but may count some seconds longer.
        """
        return plan.hangs_on_clock

    def hangs_on_profile(self, plan: Plan) -> bool:
        """Whether it matters what is remembered of a visitor, which changes with each page."""
        return self._memory.is_kept and asks_profile(plan.signals)

    async def decide(self, request: Request, plan: Plan, visitor: Visitor) -> Decision | None:
        """The decision, or None where nothing is to be changed. What the consent does not cover stays unknown."""
        try:
            return self.decide_now(request, plan, visitor)
        except MustWaitError as waiting:
            question, observed = waiting.question, waiting.observed
        try:
            company = await self._companies.ask(question)
            needed = _needs(plan.signals, visitor.consent.tiers).signals
            return self._conclude(request, plan, visitor, needed, {**observed, **company})
        except Exception:
            self._failures.note("decide", request)
            return None

    def decide_now(self, request: Request, plan: Plan, visitor: Visitor) -> Decision | None:
        """The same without waiting. Raises MustWaitError where only a service on the network can tell a company."""
        try:
            needs = _needs(plan.signals, visitor.consent.tiers)
            return self._conclude(request, plan, visitor, needs.signals, self._observe(request, needs))
        except MustWaitError:
            raise
        except Exception:
            self._failures.note("decide", request)
            return None

    def _observe(self, request: Request, needs: _Needs) -> Mapping[str, Value]:
        """What can be told of this request alone; a company only where a rule asks for one."""
        observed = self._observer.observe(needs.observed, request)
        if not needs.company:
            return observed
        link, email = request.own.get(COMPANY_PARAMETER, ""), email_of(observed)
        found = self._companies.find_now(request.client, link=link, email=email)
        if isinstance(found, Question):
            raise MustWaitError(found, observed)
        return {**observed, **found}

    def _conclude(
        self, request: Request, plan: Plan, visitor: Visitor, needed: frozenset[str], observed: Mapping[str, Value]
    ) -> Decision | None:
        """What all that is known of a visitor comes to."""
        known = {**observed, **self._memory.recall(request, visitor, needed)}
        context = make_context(
            # A group is observed as a whole, and may hold more tiers than one.
            visitor.consent.permitted(known),
            now=self._now(),
            host=request.host,
            site_timezone=plan.site_timezone,
            needed=needed,
            # A bot takes part in no experiment.
            visitor_id=visitor.id if visitor.id and not self._observer.is_bot(request) else "",
        )
        decision = decide(plan, self._stand_in.imagine(context, plan.site_timezone))
        self._stand_in.hear_decision(request, decision)
        self.decisions["chosen" if decision.choices else "nothing"] += 1
        return decision if decision.choices else None

    async def foresee(self, visitor: Visitor | None, request: Request) -> Decision | None:
        """What would be decided for a visitor at another URL, if anything could lead away from there."""
        plan = self.plan(request)
        if plan is None or not can_lead_away(plan):
            return None
        return await self.decide(request, plan, visitor or self.identify(request))


@lru_cache(maxsize=_MAX_SHORTLISTS)
def _needs(signals: frozenset[str], tiers: frozenset[Tier]) -> _Needs:
    needed = frozenset(name for name in signals if is_permitted(name, tiers))
    company = any(name.startswith(COMPANY_SIGNAL) for name in needed)
    return _Needs(needed, needed.union(EMAIL_SIGNALS) if company else needed, company)
