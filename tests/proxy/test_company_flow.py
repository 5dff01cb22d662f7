"""A visitor's company on the way of a request, through real sockets."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest

from proxy.company.account import Accounts
from proxy.company.accounts_file import load_accounts
from proxy.company.finder import CompanyFinder
from proxy.company.links import LinkReader, sign_company
from proxy.company.resolver import Columns, SparingResolver
from proxy.company.resolver_http import HttpResolver
from proxy.parameters import COMPANY
from proxy.request import RequestReader
from proxy.settings.model import Settings
from proxy.visitor.consent import make_consent_reader
from proxy.visitor.identity import IdentityReader
from proxy.visitor.observe import make_observer
from proxy.visitor.vouched import Vouched
from proxy.visitor.vouched_cookie import SignedCookieReader
from proxy.wire import Address
from tests.proxy.company.test_table import written
from tests.proxy.origins import Connection, RunningServer, ScriptedOrigin, ok, replying, running_proxy, scripted_origin
from tests.proxy.page.cutting import book_of
from tests.proxy.visitor.signing import SECRET, signed_cookie

KEY = b"k" * 32
RULES = """
experiences:
  greeting:
    pages: /
    who: {company.confidence: {at_least: 0.7}}
    change: [{select: h1, text: "Hello {{ company.alias }}"}]
  banks:
    pages: /offer
    who: {company.industry: banking, company.owner: Kari}
    change: [{select: h1, text: "For banks"}]
  elsewhere:
    pages: /plain
    change: [{select: h1, text: Changed}]
"""
ACCOUNTS = """\
name,alias,domains,cidrs,industry,owner
Nordea Bank Abp,Nordea,nordea.example,203.0.113.0/24,banking,Kari
"""
PAGE = ok(b"<!doctype html><h1>Hi</h1>", b"Content-Type: text/html; charset=utf-8")
TRUSTING = RequestReader(trusted_proxies=(ip_network("127.0.0.0/8"),))


@dataclass
class Resolver:
    """Counts who is asked for."""

    columns: Columns | None = None
    asked: list[Address] = field(default_factory=list)

    def resolve_now(self, address: Address) -> Columns | None:
        return None

    async def resolve(self, address: Address) -> Columns | None:
        self.asked.append(address)
        return self.columns


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return load_accounts(written(tmp_path, ACCOUNTS))


def finder(accounts: Accounts, resolver: Resolver | SparingResolver | None = None) -> CompanyFinder:
    links = LinkReader([KEY], now=lambda: datetime.now(UTC))
    return CompanyFinder(lambda: accounts, links=links, resolver=resolver)


@contextmanager
def proxied(
    companies: CompanyFinder, *, company_without_consent: bool = True
) -> Iterator[tuple[RunningServer, ScriptedOrigin]]:
    given = {"consent": "cookie", "consent_cookie": "consent", "consent_category": "yes"}
    settings = Settings.model_validate(
        {"origin": "http://origin.example", "company_without_consent": company_without_consent, **given}
    )
    identity = IdentityReader(make_consent_reader(settings), [KEY], now=lambda: datetime.now(UTC))
    signed = SignedCookieReader("shop_visitor", lambda: [SECRET], now=lambda: datetime.now(UTC))
    observer = make_observer((), {"email": "shop_email"}, vouched=Vouched(cookie=signed))
    with (
        scripted_origin(replying(*[PAGE] * 9)) as origin,
        running_proxy(
            origin.url,
            book=book_of(RULES),
            reader=TRUSTING,
            identity=identity,
            observer=observer,
            companies=companies,
        ) as proxy,
    ):
        yield proxy, origin


def page(proxy: RunningServer, target: str, address: str = "", **headers: str) -> bytes:
    fields = {"X-Forwarded-For": address, **headers} if address else headers
    lines = [f"GET {target} HTTP/1.1", "Host: shop.example", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    answer = proxy.ask("\r\n".join(lines).encode() + b"\r\n\r\n")
    return answer.partition(b"\r\n\r\n")[2].partition(b"<h1>")[2].partition(b"</h1>")[0]


def vouched(**attributes: object) -> str:
    """The site's signed cookie."""
    return f"shop_visitor={signed_cookie(attributes).decode()}"


def test_a_visitor_from_an_accounts_network_is_shown_what_is_for_it(accounts: Accounts) -> None:
    with proxied(finder(accounts)) as (proxy, _):
        assert page(proxy, "/", "203.0.113.7") == b"Hello Nordea"
        assert page(proxy, "/offer", "203.0.113.7") == b"For banks"
        assert page(proxy, "/", "198.51.100.7") == b"Hi"


def test_a_signed_link_tells_the_company_and_goes_no_further(accounts: Accounts) -> None:
    signed = f"{COMPANY}={sign_company('nordea', [KEY])}"
    with proxied(finder(accounts)) as (proxy, origin):
        assert page(proxy, f"/?x=%20&{signed}&y") == b"Hello Nordea"
        assert page(proxy, f"/?{signed}") == b"Hello Nordea"
        assert page(proxy, f"/nothing?{signed}") == b"Hi"
        heard = origin.heard
    assert b"GET /?x=%20&y HTTP/1.1\r\n" in heard
    assert b"GET / HTTP/1.1\r\n" in heard
    assert b"GET /nothing HTTP/1.1\r\n" in heard
    assert b"tailor_company" not in heard


def test_a_link_that_was_tampered_with_is_ignored_and_logged_once(
    accounts: Accounts, caplog: pytest.LogCaptureFixture
) -> None:
    companies = finder(accounts)
    with caplog.at_level(logging.WARNING), proxied(companies) as (proxy, _):
        for number in range(3):
            assert page(proxy, f"/?{COMPANY}=forged{number}") == b"Hi"
    assert [record.getMessage()[:38] for record in caplog.records] == ["A company link was ignored: tampered. "]
    assert companies.links is not None
    assert companies.links.refused == {"tampered": 3}


def test_a_vouched_email_tells_the_company(accounts: Accounts) -> None:
    with proxied(finder(accounts)) as (proxy, _):
        assert page(proxy, "/", Cookie=vouched(email="anna@mail.nordea.example")) == b"Hello Nordea"
        assert page(proxy, "/", Cookie=vouched(email_domain="nordea.example")) == b"Hello Nordea"
        assert page(proxy, "/", Cookie=vouched(email="anna@gmail.com")) == b"Hi"
        assert page(proxy, "/", Cookie=vouched(email=["anna@nordea.example"])) == b"Hi"


def test_an_email_without_a_signature_tells_nothing(accounts: Accounts) -> None:
    with proxied(finder(accounts)) as (proxy, _):
        assert page(proxy, "/", Cookie="shop_email=anna@mail.nordea.example") == b"Hi"
        assert page(proxy, "/", Cookie="shop_visitor=anna@mail.nordea.example") == b"Hi"


def test_nobody_is_looked_up_where_no_rule_asks_for_a_company(accounts: Accounts) -> None:
    resolver = Resolver({"name": "Storebrand"})
    with proxied(finder(accounts, resolver)) as (proxy, _):
        assert page(proxy, "/plain", "9.9.9.9") == b"Changed"
        assert page(proxy, "/nothing", "9.9.9.9") == b"Hi"
        assert resolver.asked == []
        assert page(proxy, "/", "9.9.9.9") == b"Hello Storebrand"
        assert len(resolver.asked) == 1


def test_where_the_operator_wants_consent_first_nobody_is_looked_up_without(accounts: Accounts) -> None:
    resolver = Resolver()
    with proxied(finder(accounts, resolver), company_without_consent=False) as (proxy, _):
        assert page(proxy, "/", "203.0.113.7") == b"Hi"
        assert page(proxy, "/", "9.9.9.9") == b"Hi"
        assert resolver.asked == []
        assert page(proxy, "/", "203.0.113.7", Cookie="consent=yes") == b"Hello Nordea"


def test_a_slow_service_costs_a_page_only_its_wait_and_the_next_page_nothing(accounts: Accounts) -> None:
    def never(connection: Connection) -> None:
        connection.read_to_end()

    with scripted_origin(never) as service:
        http = HttpResolver(f"{service.url}/{{ip}}", {"name": "name"}, {})
        resolver = SparingResolver(http, clock=lambda: 0.0, wait_seconds=0.05, failures_until_rest=1)
        with proxied(finder(accounts, resolver)) as (proxy, _):
            assert page(proxy, "/", "9.9.9.9") == b"Hi"
            assert page(proxy, "/", "203.0.113.7") == b"Hello Nordea"


def test_a_fault_of_the_lookup_costs_no_page(accounts: Accounts, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Accounts:
        raise RuntimeError("no accounts")

    with proxied(CompanyFinder(broken)) as (proxy, _):
        assert page(proxy, "/", "203.0.113.7") == b"Hi"
    assert "decide failed" in caplog.text
