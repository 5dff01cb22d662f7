from dataclasses import dataclass

import pytest

from proxy.settings import GeoPreset
from proxy.visitor.observe import Observer, make_observer, parse_query

FIREFOX = b"Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"


@dataclass(frozen=True)
class Asked:
    path: str = "/"
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    host: str = "shop.example"
    trusted: bool = False


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


@pytest.mark.parametrize("own", [b"https://shop.example/a", b"https://www.shop.example/", b"https://shop.test/"])
def test_a_page_of_the_site_itself_is_no_source(observer: Observer, own: bytes) -> None:
    request = Asked(headers=((b"referer", own),))
    assert observer.observe(frozenset({"source.medium"}), request) == {"source.medium": "direct"}


def test_only_cookies_that_are_needed_are_told(observer: Observer) -> None:
    request = Asked(headers=((b"cookie", b"shop_plan=gold; shop_name=x; session=y"),))
    assert observer.observe(frozenset({"visitor.plan", "visitor.else"}), request) == {"visitor.plan": "gold"}


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
