from __future__ import annotations

import pytest

from proxy.names import SiteName
from proxy.origin.headers import request_headers
from proxy.origin.mapping import own_request_headers, public_response_headers, widened_policies
from proxy.wire import Headers

PUBLIC = SiteName.of_url("https://shop.example")
OWN = SiteName.of_url("http://cms.internal.example:9000")


def to_origin(*fields: tuple[bytes, bytes], public: SiteName = PUBLIC) -> Headers:
    return own_request_headers(fields, public=public, own=OWN)


def to_public(name: bytes, value: bytes) -> bytes:
    ((_, mapped),) = public_response_headers(((name, value),), public=PUBLIC, own=OWN)
    return mapped


def test_the_origin_hears_its_own_host_where_the_visitors_stood() -> None:
    assert to_origin((b"a", b"1"), (b"host", b"shop.example"), (b"b", b"2")) == (
        (b"a", b"1"),
        (b"host", b"cms.internal.example:9000"),
        (b"b", b"2"),
    )


REQUEST = {
    "origin": (b"origin", b"https://shop.example", b"http://cms.internal.example:9000"),
    "origin of another site": (b"origin", b"https://evil.example", b"https://evil.example"),
    "origin of nobody": (b"origin", b"null", b"null"),
    "referer": (b"referer", b"https://shop.example/a?b", b"http://cms.internal.example:9000/a?b"),
    "referer elsewhere": (
        b"referer",
        b"https://search.example/?q=shop.example",
        b"https://search.example/?q=shop.example",
    ),
    "referer of a page without TLS": (b"referer", b"http://shop.example/", b"http://shop.example/"),
    "origin of a page without TLS": (b"origin", b"http://shop.example", b"http://shop.example"),
    "what looks alike": (b"origin", b"https://shop.example.evil", b"https://shop.example.evil"),
    "another port": (b"origin", b"https://shop.example:8443", b"https://shop.example:8443"),
    "any other field": (b"x-url", b"https://shop.example/", b"https://shop.example/"),
}


@pytest.mark.parametrize(("name", "value", "heard"), REQUEST.values(), ids=REQUEST.keys())
def test_what_a_visitor_says_of_this_site_is_mapped(name: bytes, value: bytes, heard: bytes) -> None:
    assert to_origin((name, value)) == ((name, heard),)


def test_a_browser_behind_a_proxy_that_ends_tls_in_silence_is_believed() -> None:
    public = SiteName.of_url("http://shop.example")
    assert to_origin((b"origin", b"https://shop.example"), public=public) == (
        (b"origin", b"http://cms.internal.example:9000"),
    )


def test_nothing_tells_the_origin_its_public_name() -> None:
    sent: Headers = (
        (b"host", b"shop.example"),
        (b"x-forwarded-for", b"198.51.100.1"),
        (b"x-forwarded-port", b"443"),
        (b"x_forwarded_host", b"shop.example"),
        (b"forwarded", b"for=198.51.100.1;host=shop.example"),
        (b"x-real-ip", b"198.51.100.1"),
    )
    passed = request_headers(sent, peer="127.0.0.1", trusted=True, scheme="https", authority="shop.example")
    assert own_request_headers(passed, public=PUBLIC, own=OWN) == (
        (b"host", b"cms.internal.example:9000"),
        (b"x-real-ip", b"198.51.100.1"),
        (b"x-forwarded-for", b"198.51.100.1, 127.0.0.1"),
        (b"via", b"1.1 tailor"),
    )


URL = b"http://cms.internal.example:9000"
RESPONSE = {
    "redirect": (b"location", URL + b"/a?b#c", b"https://shop.example/a?b#c"),
    "redirect to TLS": (b"location", b"https://cms.internal.example:9000/a", b"https://shop.example/a"),
    "redirect within the site": (b"location", b"/a", b"/a"),
    "redirect elsewhere": (b"location", b"http://pay.example/?back=" + URL, b"http://pay.example/?back=" + URL),
    "redirect to another port": (b"location", b"http://cms.internal.example/", b"http://cms.internal.example/"),
    "redirect without a scheme": (b"location", b"//cms.internal.example:9000/a", b"//shop.example/a"),
    "place of the content": (b"content-location", URL + b"/en/", b"https://shop.example/en/"),
    "refresh": (b"refresh", b"5; url=" + URL + b"/a", b"5; url=https://shop.example/a"),
    "refresh in quotes": (b"refresh", b"0;URL='" + URL + b"'", b"0;URL='https://shop.example'"),
    "refresh without a word": (b"refresh", b"0;" + URL, b"0;https://shop.example"),
    "refresh of itself": (b"refresh", b"300", b"300"),
    "links": (
        b"link",
        b"<" + URL + b'/wp-json/>; rel="https://api.w.org/", <http://cdn.example/x>; rel=preload',
        b'<https://shop.example/wp-json/>; rel="https://api.w.org/", <http://cdn.example/x>; rel=preload',
    ),
    "who may read it": (b"access-control-allow-origin", URL, b"https://shop.example"),
    "everyone may read it": (b"access-control-allow-origin", b"*", b"*"),
    "cookie of the host": (b"set-cookie", b"a=1; Domain=cms.internal.example; Path=/", b"a=1; Path=/"),
    "cookie of a parent": (b"set-cookie", b"a=1; Path=/; domain = .Internal.Example", b"a=1; Path=/"),
    "cookie of a look-alike": (b"set-cookie", b"a=1; Domain=ternal.example", b"a=1; Domain=ternal.example"),
    "cookie of a child": (b"set-cookie", b"a=1; Domain=x.cms.internal.example", b"a=1; Domain=x.cms.internal.example"),
    "cookie of no domain": (b"set-cookie", b"a=1; Domain=; Secure", b"a=1; Domain=; Secure"),
    "cookie whose value looks like one": (
        b"set-cookie",
        b"domain=cms.internal.example",
        b"domain=cms.internal.example",
    ),
    "any other field": (b"x-url", URL, URL),
}


@pytest.mark.parametrize(("name", "value", "expected"), RESPONSE.values(), ids=RESPONSE.keys())
def test_what_the_origin_says_of_itself_is_mapped(name: bytes, value: bytes, expected: bytes) -> None:
    assert to_public(name, value) == expected


def test_order_and_duplicates_are_kept() -> None:
    headers = ((b"set-cookie", b"b=1; Domain=internal.example"), (b"x", b"1"), (b"set-cookie", b"a=1"))
    assert public_response_headers(headers, public=PUBLIC, own=OWN) == (
        (b"set-cookie", b"b=1"),
        (b"x", b"1"),
        (b"set-cookie", b"a=1"),
    )


POLICIES = {
    "a source with a scheme": (
        b"img-src " + URL + b"/i/ data:",
        b"img-src " + URL + b"/i/ https://shop.example/i/ data:",
    ),
    "a source without": (
        b"script-src 'self' cms.internal.example:9000; base-uri 'none'",
        b"script-src 'self' cms.internal.example:9000 shop.example; base-uri 'none'",
    ),
    "other sources": (b"default-src 'self' *.cms.internal.example:9000 wss:", None),
}


@pytest.mark.parametrize(("policy", "expected"), POLICIES.values(), ids=POLICIES.keys())
def test_a_policy_allows_by_both_names_what_it_allowed_by_one(policy: bytes, expected: bytes | None) -> None:
    headers: Headers = ((b"content-security-policy", policy), (b"x", policy))
    assert widened_policies(headers, public=PUBLIC, own=OWN) == (
        (b"content-security-policy", policy if expected is None else expected),
        (b"x", policy),
    )
