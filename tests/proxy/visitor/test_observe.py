from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest

from proxy.settings.values import GeoPreset
from proxy.visitor.geo_database import GeoDatabases
from proxy.visitor.observe import DEVICE_READS, SOURCE_READS, Observer, make_observer, parse_query
from proxy.visitor.reads import NOTHING, Reads
from proxy.visitor.referrers import Medium
from proxy.visitor.source import Source
from proxy.visitor.vouched import Vouched
from proxy.visitor.vouched_cookie import SignedCookieReader
from proxy.wire import Address
from rules.geography import GeoPoint
from tests.proxy.visitor.databases import OSLO_GEOIP2, write_database
from tests.proxy.visitor.signing import SECRET, START, signed_cookie

FIREFOX = b"Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"


@dataclass(frozen=True)
class Asked:
    path: str = "/"
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    host: str = "shop.example"
    trusted: bool = False
    client: Address | None = None
    scheme: str = "http"


@pytest.fixture(scope="module")
def observer() -> Observer:
    return make_observer([GeoPreset.CLOUDFLARE], {"plan": "shop_plan", "name": "shop_name"}, ["shop.test"])


def test_nothing_is_observed_when_nothing_is_needed(observer: Observer) -> None:
    request = Asked(query=b"utm_source=x", headers=((b"user-agent", FIREFOX), (b"cf-ipcountry", b"NO")), trusted=True)
    assert observer.observe(frozenset(), request) == {}


def test_only_the_groups_that_are_needed_are_observed(observer: Observer) -> None:
    request = Asked(headers=((b"user-agent", FIREFOX), (b"cf-ipcountry", b"NO")), trusted=True)
    assert observer.observe(frozenset({"geo.city"}), request) == {"geo.country": "NO", "geo.eu": False}
    assert observer.observe(frozenset({"device.os"}), request) == {
        "device.type": "desktop",
        "device.os": "Linux",
        "device.browser": "Firefox",
    }


def test_a_peer_that_is_not_trusted_can_not_say_where_the_visitor_is(observer: Observer) -> None:
    request = Asked(headers=((b"cf-ipcountry", b"NO"),))
    assert observer.observe(frozenset({"geo.country"}), request) == {}


def test_local_time_needs_the_visitors_time_zone(observer: Observer) -> None:
    request = Asked(headers=((b"cf-timezone", b"Europe/Oslo"),), trusted=True)
    assert observer.observe(frozenset({"time.hour"}), request) == {"geo.timezone": "Europe/Oslo"}


def test_a_database_tells_where_an_address_is_whoever_is_trusted(tmp_path: Path) -> None:
    databases = GeoDatabases([write_database(tmp_path / "city.mmdb", {"192.0.2.0/24": OSLO_GEOIP2})])
    databases.refresh()
    observer = make_observer([], {}, [], databases)
    found = observer.observe(frozenset({"geo.city"}), Asked(client=ip_address("192.0.2.7")))
    assert (found["geo.city"], found["geo.position"]) == ("Oslo", GeoPoint(59.9127, 10.7461))
    assert observer.observe(frozenset({"page.path"}), Asked(client=ip_address("192.0.2.7"))) == {"page.path": "/"}


def test_the_page_tells_its_path_and_the_parameters_that_are_needed(observer: Observer) -> None:
    request = Asked(path="/søk", query=b"q=tent&q=boots&page=2&empty=")
    needed = frozenset({"page.path", "page.query.q", "page.query.empty", "page.query.none"})
    assert observer.observe(needed, request) == {"page.path": "/søk", "page.query.q": "tent"}


def test_the_source_is_told_from_query_and_referrer(observer: Observer) -> None:
    request = Asked(query=b"utm_campaign=spring", headers=((b"referer", b"https://www.google.com/"),))
    assert observer.observe(frozenset({"source.name"}), request) == {
        "source.medium": "search",
        "source.name": "google",
        "source.campaign": "spring",
        "source.referrer": "google.com",
    }


def test_client_hints_are_observed_with_the_device(observer: Observer) -> None:
    hints = ((b"sec-ch-ua-mobile", b"?0"), (b"sec-ch-ua-platform", b'"Android"'))
    request = Asked(headers=((b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0.0.0"), *hints))
    found = observer.observe(frozenset({"device.type"}), request)
    assert (found["device.type"], found["device.os"]) == ("tablet", "Android")


def test_the_source_can_be_had_as_one_value(observer: Observer) -> None:
    request = Asked(query=b"utm_campaign=spring", headers=((b"referer", b"https://www.google.com/"),))
    assert observer.source(request) == Source(Medium.SEARCH, "google", "spring", referrer="google.com")
    assert observer.source(Asked(headers=((b"referer", b"https://shop.test/"),))) == Source()


@pytest.mark.parametrize(
    ("headers", "is_bot"),
    [
        pytest.param(((b"user-agent", FIREFOX),), False, id="browser"),
        pytest.param(((b"user-agent", FIREFOX), (b"sec-ch-ua", b'"Chromium";v="130"')), False, id="browser with hints"),
        pytest.param(((b"user-agent", b"curl/8.5.0"),), True, id="program"),
        pytest.param((), True, id="no user agent"),
        pytest.param(
            ((b"user-agent", FIREFOX), (b"sec-ch-ua", b'"HeadlessChrome";v="130"')), True, id="disguised browser"
        ),
        pytest.param(((b"user-agent", FIREFOX), (b"user-agent", b"curl/8.5.0")), False, id="the first of two"),
    ],
)
def test_a_bot_is_told_from_the_request(
    observer: Observer, headers: tuple[tuple[bytes, bytes], ...], is_bot: bool
) -> None:
    assert observer.is_bot(Asked(headers=headers)) == is_bot


@pytest.mark.parametrize("own", [b"https://shop.example/a", b"https://www.shop.example/", b"https://shop.test/"])
def test_a_page_of_the_site_itself_is_no_source(observer: Observer, own: bytes) -> None:
    request = Asked(headers=((b"referer", own),))
    assert observer.observe(frozenset({"source.medium"}), request) == {"source.medium": "direct"}


def test_only_cookies_that_are_needed_are_told(observer: Observer) -> None:
    request = Asked(headers=((b"cookie", b"shop_plan=gold; shop_name=x; session=y"),))
    assert observer.observe(frozenset({"visitor.plan", "visitor.else"}), request) == {"visitor.plan": "gold"}


def test_what_the_site_signs_counts_more_than_a_plain_cookie() -> None:
    signed = SignedCookieReader("shop_visitor", lambda: [SECRET], now=lambda: START)
    observer = make_observer((), {"plan": "shop_plan", "name": "shop_name"}, vouched=Vouched(cookie=signed))
    cookies = b"shop_plan=gold; shop_name=Kari; shop_visitor=" + signed_cookie({"plan": "pro", "seats": 5})
    needed = frozenset({"visitor.plan", "visitor.name"})
    assert observer.observe(needed, Asked(headers=((b"cookie", cookies),))) == {
        "visitor.plan": "pro",
        "visitor.name": "Kari",
    }


@pytest.mark.parametrize("name", ["email", "email_domain"])
def test_a_plain_cookie_tells_no_email_address(name: str) -> None:
    observer = make_observer((), {name: "shop_email", "plan": "shop_plan"})
    request = Asked(headers=((b"cookie", b"shop_email=a@nordea.example; shop_plan=pro"),))
    needed = frozenset({f"visitor.{name}", "visitor.plan"})
    assert observer.observe(needed, request) == {"visitor.plan": "pro"}


def test_of_headers_with_one_name_the_first_counts(observer: Observer) -> None:
    request = Asked(headers=((b"accept-language", b"nb"), (b"accept-language", b"de")))
    assert observer.observe(frozenset({"device.language"}), request)["device.language"] == "nb"


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        (b"", {}),
        (b"a=1&a=2&b", {"a": "1", "b": ""}),
        (b"q=red+shoes&x=%C3%A6", {"q": "red shoes", "x": "æ"}),
        (b"q=%ff", {"q": "�"}),
        (b"q=\xff", {"q": "ÿ"}),
        (b"&&=&a=%", {"": "", "a": "%"}),
    ],
)
def test_a_query_is_read_as_browsers_write_it(query: bytes, parameters: dict[str, str]) -> None:
    assert parse_query(query) == parameters


def test_of_the_sites_cookies_those_are_looked_at_that_are_needed(observer: Observer) -> None:
    assert observer.reads(frozenset({"visitor.plan", "page.path"})) == Reads(cookies=frozenset({b"shop_plan"}))
    assert observer.reads(frozenset({"page.path"})) == NOTHING
    assert observer.reads(frozenset({"source.name", "device.os"})) == SOURCE_READS | DEVICE_READS
