from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from proxy.company.finder import CompanyFinder
from proxy.deciding import Decider
from proxy.failures import Failures
from proxy.remember import Memory
from proxy.setting_values import ConsentSource
from proxy.stand_in import StandIn
from proxy.visitor.consent import ConsentReader
from proxy.visitor.identity import IdentityReader
from rules.decision import Outcome
from tests.proxy.origins import plain_observer
from tests.proxy.requests import page_request
from tests.rules.reading import rulebook

NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)
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


def test_a_bot_takes_part_in_no_experiment(decider: Decider) -> None:
    assert outcomes(decider, "/trial", user_agent=PHONE) == [Outcome.CHOSEN]
    assert outcomes(decider, "/trial", user_agent="Googlebot/2.1 (+http://www.google.com/bot.html)") is None


def test_only_what_leads_away_is_foreseen(decider: Decider) -> None:
    assert asyncio.run(decider.foresee(None, page_request("/", user_agent=PHONE))) is None
    decision = asyncio.run(decider.foresee(None, page_request("/away")))
    assert decision is not None
    assert [choice.experience.id for choice in decision.choices] == ["away"]


def test_another_rulebook_is_used_from_the_next_request_on(decider: Decider, tmp_path: Path) -> None:
    assert decider.plan(page_request("/new")) is None
    decider.use(rulebook(tmp_path / "next", "experiences: {new: {pages: /new, change: {select: h1, text: Hi}}}"))
    assert decider.plan(page_request("/new")) is not None
    assert decider.plan(page_request("/")) is None
