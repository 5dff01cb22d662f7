from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from proxy.company.accounts_file import load_accounts
from proxy.company.finder import CONFIDENCE, CompanyFinder, Question, email_of
from proxy.company.links import LinkReader, sign_company
from proxy.company.network import load_networks
from proxy.company.resolver import Columns
from proxy.wire import Address
from rules.context import Value
from rules.signals import COMPANY_WAYS, Tier, lookup
from tests.proxy.company.databases import write_networks
from tests.proxy.company.test_table import written

KEY = b"k" * 32
ACCOUNTS = """\
name,alias,domains,cidrs,asns,industry,tier,owner
Nordea Bank Abp,Nordea,nordea.example,8.8.8.0/24,,banking,1,Kari
Aldervale Hospital,Aldervale,aldervale.example,,64499,healthcare,2,Ola
"""


@dataclass
class Resolver:
    columns: Columns | None = None
    asked: list[Address] = field(default_factory=list)

    def resolve_now(self, address: Address) -> Columns | None:
        return None

    async def resolve(self, address: Address) -> Columns | None:
        self.asked.append(address)
        return self.columns


@pytest.fixture
def finder(tmp_path: Path) -> CompanyFinder:
    accounts = load_accounts(written(tmp_path, ACCOUNTS))
    networks = load_networks(write_networks(tmp_path / "asn.mmdb"))
    links = LinkReader([KEY], now=lambda: datetime(2026, 12, 2, tzinfo=UTC))
    return CompanyFinder(lambda: accounts, lambda: networks, links, Resolver())


def find(finder: CompanyFinder, address: str = "", **given: str) -> Mapping[str, Value]:
    return asyncio.run(finder.find(ip_address(address) if address else None, **given))


def asked(finder: CompanyFinder) -> list[Address]:
    assert isinstance(finder.resolver, Resolver)
    return finder.resolver.asked


def with_resolver(finder: CompanyFinder, **columns: Value) -> CompanyFinder:
    return CompanyFinder(finder.accounts, finder.networks, finder.links, Resolver(columns))


def test_an_account_tells_all_that_the_file_says_of_it(finder: CompanyFinder) -> None:
    assert find(finder, "8.8.8.8") == {
        "company.name": "Nordea Bank Abp",
        "company.alias": "Nordea",
        "company.domain": "nordea.example",
        "company.industry": "banking",
        "company.tier": "1",
        "company.owner": "Kari",
        "company.found_by": "range",
        "company.confidence": 0.9,
    }
    assert asked(finder) == []


def test_the_surer_way_goes_first(finder: CompanyFinder) -> None:
    link = sign_company("aldervale", [KEY])
    told = [
        find(finder, "8.8.8.8", link=link, email="x@nordea.example"),
        find(finder, "9.9.9.9", email="anna@mail.nordea.example"),
        find(finder, "8.8.8.8", email="anna@gmail.com"),
        find(finder, "9.9.9.9"),
        find(with_resolver(finder, name="Storebrand"), "1.1.1.1"),
        find(finder, "203.0.113.9"),
    ]
    assert [(found["company.alias"], found["company.found_by"]) for found in told] == [
        ("Aldervale", "link"),
        ("Nordea", "email"),
        ("Nordea", "range"),
        ("Aldervale", "asn"),
        ("Storebrand", "resolver"),
        ("Nordea Bank", "network"),
    ]
    assert [found["company.confidence"] for found in told] == sorted(CONFIDENCE.values(), reverse=True)


def test_every_way_has_its_confidence() -> None:
    assert tuple(CONFIDENCE) == COMPANY_WAYS
    assert len(set(CONFIDENCE.values())) == len(COMPANY_WAYS)


@pytest.mark.parametrize("address", ["", "198.51.100.7", "127.0.0.1", "192.0.2.1"])
def test_a_providers_customer_is_of_no_company(finder: CompanyFinder, address: str) -> None:
    assert find(finder, address) == {}


def test_a_link_may_name_a_company_that_is_in_no_file(finder: CompanyFinder) -> None:
    link = sign_company("Ukjent Skip AS", [KEY])
    assert find(finder, link=link) == {
        "company.name": "Ukjent Skip AS",
        "company.alias": "Ukjent Skip",
        "company.found_by": "link",
        "company.confidence": 1.0,
    }


def test_a_tampered_link_is_as_if_there_were_none(finder: CompanyFinder) -> None:
    assert find(finder, "198.51.100.7", link=sign_company("nordea", [b"f" * 32])) == {}
    assert find(finder, "8.8.8.8", link="forged")["company.found_by"] == "range"


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "192.0.2.1", "::1", "fe80::1"])
def test_the_resolver_is_never_asked_for_an_address_that_is_not_on_the_internet(
    finder: CompanyFinder, address: str
) -> None:
    find(finder, address)
    assert asked(finder) == []


def test_the_resolvers_domain_finds_an_account_whose_word_counts(finder: CompanyFinder) -> None:
    resolving = with_resolver(finder, name="NORDEA", domain="nordea.example", revenue=11700, industry="finance")
    found = find(resolving, "1.1.1.1")
    assert found["company.name"] == "Nordea Bank Abp"
    assert found["company.industry"] == "banking"
    assert found["company.revenue"] == 11700
    assert found["company.found_by"] == "resolver"


@pytest.mark.parametrize("columns", [{"name": "Comcast Cable"}, {"domain": "storebrand.example"}, {}])
def test_a_provider_or_no_name_from_the_resolver_is_no_company(
    finder: CompanyFinder, columns: dict[str, Value]
) -> None:
    assert find(with_resolver(finder, **columns), "1.1.1.1") == {}


@pytest.mark.parametrize(("told", "sure"), [(0.4, 0.4), (85, 0.85), (-1, 0.7), (500, 0.7), ("high", 0.7)])
def test_the_resolvers_own_confidence_counts_where_it_is_one(finder: CompanyFinder, told: Value, sure: float) -> None:
    found = find(with_resolver(finder, name="Storebrand", confidence=told), "1.1.1.1")
    assert found["company.confidence"] == sure


def test_where_nothing_is_set_up_nothing_is_found() -> None:
    assert find(CompanyFinder(), "8.8.8.8", link="x", email="a@nordea.example") == {}


def test_all_that_is_told_is_a_signal_of_the_tier_company(finder: CompanyFinder) -> None:
    for name in find(finder, "8.8.8.8"):
        signal = lookup(name)
        assert signal is not None
        assert signal.tier is Tier.COMPANY


def test_the_vouched_email_is_the_domain_before_the_address() -> None:
    assert email_of({"visitor.email": "a@x.example", "visitor.email_domain": "y.example"}) == "y.example"
    assert email_of({"visitor.email": "a@x.example"}) == "a@x.example"
    assert email_of({"visitor.plan": "gold"}) == ""


def test_only_what_the_resolver_has_to_tell_is_left_open(finder: CompanyFinder) -> None:
    assert finder.find_now(ip_address("8.8.8.8")) == find(finder, "8.8.8.8")
    assert finder.find_now(ip_address("127.0.0.1")) == {}
    question = finder.find_now(ip_address("203.0.114.9"))
    assert isinstance(question, Question)
    assert asked(finder) == []
    assert asyncio.run(with_resolver(finder, name="Storebrand").ask(question))["company.name"] == "Storebrand"
    assert asyncio.run(finder.ask(question)) == question.otherwise


@pytest.mark.parametrize(("said", "found"), [({"name": "Storebrand"}, "Storebrand"), ({}, None)])
def test_what_the_resolver_said_before_counts_at_once(finder: CompanyFinder, said: Columns, found: str | None) -> None:
    class Kept(Resolver):
        def resolve_now(self, address: Address) -> Columns | None:
            return said

    kept = CompanyFinder(finder.accounts, finder.networks, finder.links, Kept())
    signals = kept.find_now(ip_address("1.1.1.1"))
    assert not isinstance(signals, Question)
    assert signals.get("company.name") == found


def test_a_link_is_refused_once_also_where_the_resolver_is_asked(finder: CompanyFinder) -> None:
    find(finder, "1.1.1.1", link="forged")
    assert finder.links is not None
    assert finder.links.refused == {"tampered": 1}
