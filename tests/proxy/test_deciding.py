from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.company.finder import CompanyFinder
from proxy.company.resolver import SparingResolver
from proxy.deciding import Decider, MustWaitError
from proxy.failures import Failures
from proxy.profile.database import prepare
from proxy.profile.model import PageView, Preferences, Purchase, Source
from proxy.profile.sqlite import SqliteProfileStore
from proxy.remember import Memory
from proxy.settings.values import ConsentSource
from proxy.stand_in import StandIn
from proxy.visitor.consent import ConsentReader
from proxy.visitor.identity import IdentityReader
from rules.decision import Outcome
from rules.plan import Plan
from rules.signals import Tier, catalogue, lookup
from tests.proxy.company.test_resolver import Service, ready
from tests.proxy.origins import plain_observer
from tests.proxy.requests import page_request
from tests.proxy.telling import (
    CONSENTS,
    NOON,
    Asked,
    any_requests,
    asked,
    companies,
    jwt_in,
    observer,
    telling_request,
)
from tests.rules.reading import rulebook

RULES = """
experiences:
  phone: {pages: /, who: {device.type: mobile}, change: {select: h1, text: Hi}}
  trial:
    pages: /trial
    experiment: {split: {bold: 100}}
    variants: {bold: {change: {select: h1, text: Bold}}}
  asked: {pages: {path: /asked, query: {ref: news}}, change: {select: h1, text: Hi}}
  away: {pages: /away, redirect: /}
"""
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1"


@pytest.fixture
def failures() -> Failures:
    return Failures()


@pytest.fixture
def decider(tmp_path: Path, failures: Failures) -> Decider:
    def now() -> datetime:
        return NOON

    return Decider(
        plain_observer(),
        rulebook(tmp_path, RULES),
        now=now,
        identity=IdentityReader(ConsentReader(ConsentSource.NOT_REQUIRED), (b"k" * 32,), now=now),
        companies=CompanyFinder(),
        memory=Memory(plain_observer(), now),
        stand_in=StandIn(),
        failures=failures,
    )


NAMES = tuple(signal.example if "<" in signal.name else signal.name for signal in catalogue())


def group(name: str) -> str:
    return name.partition(".")[0]


def plan_of(*names: str) -> Plan:
    """A plan that asks for these signals, far from where visitors are."""
    of_clock = {"geo.timezone", "geo.country"} if any(group(name) == "time" for name in names) else set[str]()
    return Plan((), frozenset(names) | of_clock, "Asia/Tokyo")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A decider that knows of the visitor all that can be remembered."""
    folder = tmp_path_factory.mktemp("known")
    prepare(folder / "profiles.sqlite", NOON)
    with closing(SqliteProfileStore(folder / "profiles.sqlite", now=lambda: NOON)) as store:
        told = Source("email", "mailchimp", "spring", "tents", "button", "news.example")
        for days, event in ((-7, PageView("/", told)), (0, PageView("/", told)), (0, Purchase(149.9, ("tent",)))):
            store.remember("a" * 22, event, NOON + timedelta(days=days))
        store.remember("a" * 22, Preferences({"diet": "vegan"}), NOON)
        each = observer(folder, jwt_in(cookie="jwt"))
        yield asked(each, companies(folder), CONSENTS[ConsentSource.ONETRUST], store)


def outcomes(decider: Decider, path: str, **headers: str) -> list[Outcome] | None:
    request = page_request(path, **headers)
    plan = decider.plan(request)
    assert plan is not None
    decision = asyncio.run(decider.decide(request, plan, decider.identify(request)))
    return [reason.outcome for reason in decision.reasons] if decision else None


def test_a_url_that_no_rule_names_has_no_plan(decider: Decider) -> None:
    assert decider.plan(page_request("/other")) is None
    assert decider.plan(page_request("/asked", "ref=mail")) is None
    assert decider.plan(page_request("/asked", "ref=news")) is not None


def test_a_decision_without_a_choice_is_none(decider: Decider) -> None:
    assert outcomes(decider, "/", user_agent=PHONE) == [Outcome.CHOSEN]
    assert outcomes(decider, "/", user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0") is None


def test_decisions_are_counted_by_whether_anything_was_chosen(decider: Decider) -> None:
    outcomes(decider, "/", user_agent=PHONE)
    outcomes(decider, "/", user_agent=PHONE)
    outcomes(decider, "/", user_agent="curl/8")
    assert decider.decisions == {"chosen": 2, "nothing": 1}


def test_a_bot_takes_part_in_no_experiment(decider: Decider) -> None:
    assert outcomes(decider, "/trial", user_agent=PHONE) == [Outcome.CHOSEN]
    assert outcomes(decider, "/trial", user_agent="Googlebot/2.1 (+http://www.google.com/bot.html)") is None


def test_only_what_leads_away_is_foreseen(decider: Decider) -> None:
    assert asyncio.run(decider.foresee(None, page_request("/", user_agent=PHONE))) is None
    decision = asyncio.run(decider.foresee(None, page_request("/away")))
    assert decision is not None
    assert [choice.experience.id for choice in decision.choices] == ["away"]


@pytest.fixture(scope="module")
def everyone(tmp_path_factory: pytest.TempPathFactory) -> list[Asked]:
    """A decider for each way to consent, and for each place of a token."""
    folder = tmp_path_factory.mktemp("told")
    observers = [observer(folder, jwt) for jwt in (jwt_in(cookie="jwt"), jwt_in(header="authorization"))]
    return [asked(each, companies(folder), consent) for consent in CONSENTS.values() for each in observers]


@settings(max_examples=300)
@given(st.data())
def test_what_deciding_does_not_look_at_changes_nothing(everyone: list[Asked], data: st.DataObject) -> None:
    request = data.draw(any_requests())
    groups = data.draw(st.frozensets(st.sampled_from(sorted({group(name) for name in NAMES}))))
    plan = plan_of(*(name for name in (*NAMES, "visitor.theme") if group(name) in groups))
    each = data.draw(st.sampled_from(everyone))
    left, is_https = each.reduced(request, plan), request.scheme == "https"
    assert each.identity.read(left.headers, is_https=is_https) == each.identity.read(request.headers, is_https=is_https)
    assert each.observer.is_bot(left) == each.observer.is_bot(request)
    assert each.observer.observe(plan.signals, left) == each.observer.observe(plan.signals, request)
    assert each.context(left, plan) == each.context(request, plan)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_signal_is_told_by_is_looked_at(everyone: list[Asked], known: Asked, name: str) -> None:
    signal = lookup(name)
    assert signal is not None
    # Only a profile tells the others; where there is one it tells some of these too.
    each = everyone[0] if signal.tier in (Tier.CONTEXTUAL, Tier.COMPANY) else known
    request, plan = telling_request(), plan_of(name)
    value = each.context(request, plan).get(name)
    assert value is not None, "let `telling_request` tell it, and `reads` what it is told by"
    assert each.context(each.reduced(request, plan), plan).get(name) == value


def test_what_this_page_tells_a_profile_is_looked_at(known: Asked) -> None:
    request = replace(telling_request(), query=b"")
    plan = plan_of("first_source.name", "session.pages")
    new = replace(request, headers=tuple((name, value.replace(b"tailor_id", b"x")) for name, value in request.headers))
    assert known.context(new, plan).get("first_source.name") == "google"
    assert known.context(known.reduced(new, plan), plan) == known.context(new, plan)


def test_an_address_is_looked_at_where_a_place_or_a_company_is_asked_for(everyone: list[Asked]) -> None:
    looked_at = {name: everyone[0].decider.reads(plan_of(name)).client for name in NAMES}
    assert {group(name) for name, client in looked_at.items() if client} == {"geo", "time", "company"}


def test_cookies_that_no_rule_asks_for_are_not_looked_at(everyone: list[Asked]) -> None:
    decider = everyone[0].decider
    of_banner_and_id = {b"OptanonConsent", b"tailor_id", b"__Host-tailor_id"}
    assert decider.reads(plan_of("device.type")).cookies == of_banner_and_id
    assert decider.reads(plan_of("visitor.theme")).cookies > of_banner_and_id | {b"shop_theme", b"jwt"}


def test_without_a_clock_in_the_rules_a_decision_does_not_hang_on_it(decider: Decider) -> None:
    assert not decider.hangs_on_clock(plan_of("device.type"))
    assert decider.hangs_on_clock(replace(plan_of("device.type"), hangs_on_clock=True))


def test_a_decision_hangs_on_a_profile_where_there_are_any(decider: Decider, known: Asked) -> None:
    assert known.decider.hangs_on_profile(plan_of("visits.count"))
    assert not known.decider.hangs_on_profile(plan_of("device.type"))
    assert not decider.hangs_on_profile(plan_of("visits.count"))


def resolving(service: Service, tmp_path: Path) -> tuple[Asked, SparingResolver]:
    each = observer(tmp_path, jwt_in(cookie="jwt"))
    resolver = SparingResolver(service, clock=lambda: 0.0)
    return asked(each, CompanyFinder(resolver=resolver), CONSENTS[ConsentSource.NOT_REQUIRED]), resolver


def test_only_the_resolver_has_to_be_waited_for_and_once(tmp_path: Path) -> None:
    plan, request = plan_of("company.name"), telling_request(without=lambda name: name == b"jwt")

    async def steps() -> None:
        each, resolver = resolving(ready(), tmp_path)
        visitor = each.decider.identify(request)
        with pytest.raises(MustWaitError):
            each.decider.decide_now(request, plan, visitor)
        assert each.listener.heard == []
        await each.decider.decide(request, plan, visitor)
        each.decider.decide_now(request, plan, visitor)
        waited, kept = each.listener.heard
        assert waited == kept
        assert kept.get("company.name") == "Nordea"
        await resolver.close()

    asyncio.run(steps())


def test_what_fails_without_waiting_is_noted_and_nothing_is_decided(tmp_path: Path) -> None:
    each, _ = resolving(ready(), tmp_path)
    broken = replace(telling_request(), client="no address")  # type: ignore[arg-type]
    plan = plan_of("company.name")
    assert each.decider.decide_now(broken, plan, each.decider.identify(broken)) is None
    assert each.failures.counts == {"decide": 1}


def test_another_rulebook_is_used_from_the_next_request_on(decider: Decider, tmp_path: Path) -> None:
    assert decider.plan(page_request("/new")) is None
    decider.use(rulebook(tmp_path / "next", "experiences: {new: {pages: /new, change: {select: h1, text: Hi}}}"))
    assert decider.plan(page_request("/new")) is not None
    assert decider.plan(page_request("/")) is None
