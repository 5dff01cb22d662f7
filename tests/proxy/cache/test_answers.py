from __future__ import annotations

import pytest

from proxy.cache.answers import answer, completed, told_headers, unavailable
from proxy.cache.cache_status import CacheStatus, Forward
from proxy.cache.keys import TRACKING_PARAMETERS
from proxy.cache.messages import Response, combined
from proxy.cache.patterns import NamePatterns
from proxy.cache.policy import Asked
from proxy.wire import Headers
from tests.proxy.cache.scripted import SITE
from tests.proxy.cache.table import START
from tests.proxy.cache.test_store import stored

TRACKING = NamePatterns.of(TRACKING_PARAMETERS)
HIT = CacheStatus(ttl=41)
PAGE = stored(b"page", (b"content-length", b"4"), (b"content-type", b"text/html"), (b"etag", b'"v1"'), (b"age", b"7"))


def asked(target: bytes = b"/", *fields: tuple[bytes, bytes], method: str = "GET") -> Asked:
    return Asked(SITE, target, fields, method)


def test_a_stored_response_tells_its_age_once_and_how_it_came() -> None:
    given = answer(asked(), PAGE, HIT, TRACKING, age=19.9)
    assert (given.status, given.body) == (200, b"page")
    assert given.body is PAGE.body
    assert [value for name, value in given.headers if name == b"age"] == [b"19"]
    assert given.headers[-1] == (b"cache-status", b"tailor; hit; ttl=41")


def test_an_age_of_the_origins_stays_where_it_was_asked_just_now() -> None:
    assert (b"age", b"7") in answer(asked(), PAGE, CacheStatus(Forward.URI_MISS), TRACKING).headers


def test_a_head_gets_what_a_get_would_without_the_body() -> None:
    given = answer(asked(method="HEAD"), PAGE, HIT, TRACKING)
    assert given.body == b""
    assert given.headers == answer(asked(), PAGE, HIT, TRACKING).headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_it_already_gets_a_304_without_what_describes_a_body(method: str) -> None:
    given = answer(asked(b"/", (b"if-none-match", b'"v1"'), method=method), PAGE, HIT, TRACKING, age=3)
    names = [name for name, _ in given.headers]
    assert (given.status, given.body) == (304, b"")
    assert names == [b"cache-control", b"etag", b"age", b"cache-status"]


def test_who_has_another_one_gets_it_whole() -> None:
    assert answer(asked(b"/", (b"if-none-match", b'"v0"')), PAGE, HIT, TRACKING).body == b"page"


def test_what_is_kept_says_until_when_anybody_may_get_it() -> None:
    for headers in ((), ((b"if-none-match", b'"v1"'),)):
        assert answer(asked(b"/", *headers), PAGE, HIT, TRACKING).fresh_until == PAGE.freshness.ends_at > START
        assert answer(asked(b"/", *headers), PAGE, HIT, TRACKING, is_kept=False).fresh_until == 0.0


def location(given: Headers) -> bytes | None:
    return combined(given, b"location")


@pytest.mark.parametrize(
    ("target", "written", "told"),
    [
        (b"/a?utm_source=x&b=1&gclid=y", b"/c", b"/c?utm_source=x&gclid=y"),
        (b"/a?utm_source=x", b"/c?d=1#top", b"/c?d=1&utm_source=x#top"),
        (b"/a?utm_source=x", b"https://shop.example/c", b"https://shop.example/c?utm_source=x"),
        (b"/a?utm_source=x", b"c", b"c?utm_source=x"),
        (b"/a?utm_source=x", b"https://other.example/c", b"https://other.example/c"),
        (b"/a?utm_source=x", b"//other.example/c", b"//other.example/c"),
        (b"/a?utm_source=x", b"http://shop.example/c", b"http://shop.example/c"),
        (b"/a?b=1", b"/c", b"/c"),
    ],
)
def test_a_redirect_within_the_site_gives_tracking_parameters_back(target: bytes, written: bytes, told: bytes) -> None:
    headers = ((b"location", written), (b"content-location", written))
    given = told_headers(asked(target), 302, headers, HIT, TRACKING)
    assert location(given) == told
    assert combined(given, b"content-location") == written


def test_a_location_of_what_was_made_stays() -> None:
    given = told_headers(asked(b"/a?utm_source=x"), 201, ((b"location", b"/c"),), HIT, TRACKING)
    assert location(given) == b"/c"


@pytest.mark.parametrize(("method", "body"), [("GET", b"no response is kept\n"), ("HEAD", b"")])
def test_who_wants_only_what_is_stored_is_told_that_nothing_is(method: str, body: bytes) -> None:
    given = unavailable(asked(method=method))
    assert (given.status, given.body) == (504, body)
    assert combined(given.headers, b"content-length") == b"20"
    assert combined(given.headers, b"cache-status") is None


def test_a_response_is_completed_by_what_it_does_not_say() -> None:
    whole = completed(Response(200, (), START, START), b"page")
    assert whole.headers == ((b"date", b"Sun, 06 Nov 1994 08:49:37 GMT"), (b"content-length", b"4"))
    assert completed(whole, b"page") == whole
    assert completed(Response(204, ((b"date", b"x"),), START, START), b"").headers == ((b"date", b"x"),)
