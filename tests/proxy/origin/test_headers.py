from __future__ import annotations

from dataclasses import astuple

import pytest

from proxy.origin.headers import (
    PURCHASE_FIELD,
    VIA,
    VISITOR_FIELD,
    asks_for_page,
    personal_request_headers,
    personal_response_headers,
    readable_codings,
    readable_request_headers,
    request_headers,
    response_headers,
    rewritten_response_headers,
)
from proxy.visitor.geo import EDGESCAPE, PRESETS
from proxy.wire import Headers

HOST = (b"host", b"shop.example")


def sent(*fields: tuple[bytes, bytes], peer: str = "192.0.2.7", trusted: bool = False) -> Headers:
    return request_headers((HOST, *fields), peer=peer, trusted=trusted, scheme="https", authority="www.shop.example")


def values(headers: Headers, name: bytes) -> list[bytes]:
    return [value for field, value in headers if field == name]


def names(headers: Headers) -> list[bytes]:
    return [name for name, _ in headers]


def test_order_values_and_duplicates_pass() -> None:
    fields = ((b"accept", b"*/*"), (b"cookie", b"a=1"), (b"x", b"\xe9\t;"), (b"cookie", b"b=2"))

    assert sent(*fields)[:5] == (HOST, *fields)


HOP_BY_HOP = [
    (b"connection", b"close"),
    (b"keep-alive", b"timeout=5"),
    (b"proxy-connection", b"keep-alive"),
    (b"proxy-authorization", b"Basic x"),
    (b"te", b"trailers"),
    (b"trailer", b"x"),
    (b"transfer-encoding", b"chunked"),
    (b"upgrade", b"h2c"),
    (b"tailor-variant", b"f"),
    (b"tailor_variant", b"f"),
]


@pytest.mark.parametrize("field", HOP_BY_HOP)
def test_hop_by_hop_fields_go_both_ways(field: tuple[bytes, bytes]) -> None:
    assert field[0] not in names(sent(field))
    assert field[0] not in names(response_headers((field,)))


def test_what_connection_names_goes_too() -> None:
    headers = sent((b"connection", b"close, X-Mine"), (b"x-mine", b"1"), (b"x-yours", b"2"))

    assert b"x-mine" not in names(headers)
    assert b"x-yours" in names(headers)


@pytest.mark.parametrize(
    "name", [b"host", b"content-length", b"content-type", b"cookie", b"authorization", b"cache-control"]
)
def test_connection_cannot_remove_what_is_meant_for_the_origin(name: bytes) -> None:
    headers = request_headers(
        ((b"connection", name.title()), (name, b"1")), peer="192.0.2.7", trusted=False, scheme="http", authority="a"
    )

    assert values(headers, name) == [b"1"]


@pytest.mark.parametrize("name", [b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"via"])
def test_connection_cannot_remove_what_we_add(name: bytes) -> None:
    assert len(values(sent((b"connection", name)), name)) == 1


FORGED = [
    (b"x-forwarded-for", b"6.6.6.6"),
    (b"x-forwarded-host", b"evil"),
    (b"x-forwarded-proto", b"gopher"),
    (b"x-forwarded-port", b"666"),
    (b"x-forwarded-prefix", b"/666"),
    (b"x_forwarded_for", b"6.6.6.6"),
    (b"x-real-ip", b"6.6.6.6"),
    (b"forwarded", b"for=6.6.6.6"),
    (b"x-forwarded", b"for=6.6.6.6"),
    (b"x-vercel-forwarded-for", b"6.6.6.6"),
]
# What frameworks and CDN plugins of origins believe (docs/transparency.md): who asks, from where, and for what.
FORGED_ELSEWHERE = [
    *(
        (name, b"6.6.6.6")
        for name in (
            b"cf-connecting-ip",
            b"cf-connecting-ipv6",
            b"cf_connecting_ip",
            b"cf-pseudo-ipv4",
            b"true-client-ip",
            b"x-client-ip",
            b"x-cluster-client-ip",
            b"x-real-ip",
            b"fastly-client-ip",
            b"x-azure-clientip",
            b"x-azure-socketip",
            b"x-original-forwarded-for",
        )
    ),
    *((name, b"/admin") for name in (b"x-rewrite-url", b"x_rewrite_url", b"x-original-url", b"x-original-uri")),
    *((name, b"evil.example") for name in (b"x-original-host", b"x-host")),
    *((name, b"NO") for preset in PRESETS.values() for name in astuple(preset)),
    *(
        (name, b"NO")
        for name in (EDGESCAPE, b"cf-ipcontinent", b"cf-region", b"cf-metro-code", b"CF_IPCountry".lower())
    ),
]
APPLICATIONS = [
    b"x-http-method-override",
    b"x-hostname",
    b"x-original-filename",
    b"x-vercel-protection-bypass",
    b"cf-ray",
]


@pytest.mark.parametrize("field", FORGED)
def test_what_an_untrusted_peer_says_of_hops_is_replaced(field: tuple[bytes, bytes]) -> None:
    headers = sent(field)

    assert field not in headers
    assert values(headers, b"x-forwarded-for") == [b"192.0.2.7"]
    assert values(headers, b"x-forwarded-host") == [b"www.shop.example"]
    assert values(headers, b"x-forwarded-proto") == [b"https"]


@pytest.mark.parametrize("field", FORGED_ELSEWHERE)
def test_what_only_a_proxy_can_know_passes_from_a_trusted_one_alone(field: tuple[bytes, bytes]) -> None:
    # With underscores it is nobody's: so strangers get a field past a proxy that writes its own with hyphens.
    passed = [field[1]] if b"_" not in field[0] else []
    assert field[0] not in names(sent(field))
    assert values(sent(field, peer="10.0.0.1", trusted=True), field[0]) == passed


@pytest.mark.parametrize("name", APPLICATIONS)
def test_what_an_application_may_ask_of_browsers_passes_from_anyone(name: bytes) -> None:
    assert values(sent((name, b"1")), name) == [b"1"]


def test_a_trusted_peer_is_added_to_the_hops_it_told() -> None:
    headers = sent(
        (b"x-forwarded-for", b"198.51.100.1"),
        (b"x-forwarded-for", b"10.0.0.2"),
        (b"x-forwarded-port", b"443"),
        (b"x-real-ip", b"198.51.100.1"),
        (b"forwarded", b"for=198.51.100.1"),
        peer="10.0.0.1",
        trusted=True,
    )

    assert values(headers, b"x-forwarded-for") == [b"198.51.100.1, 10.0.0.2, 10.0.0.1"]
    assert values(headers, b"x-forwarded-port") == [b"443"]
    assert values(headers, b"x-real-ip") == [b"198.51.100.1"]
    assert values(headers, b"forwarded") == [b'for=198.51.100.1, for=10.0.0.1;host="www.shop.example";proto=https']


def test_an_untrusted_forwarded_becomes_our_own() -> None:
    headers = sent((b"forwarded", b"for=6.6.6.6"), peer="2001:db8::1")

    assert values(headers, b"forwarded") == [b'for="[2001:db8::1]";host="www.shop.example";proto=https']


def test_via_is_added_behind_those_of_earlier_hops() -> None:
    assert values(sent((b"via", b"1.1 cdn")), b"via") == [b"1.1 cdn", b"1.1 tailor"]
    assert values(response_headers(((b"via", b"1.1 varnish"),)), b"via") == [b"1.1 varnish", b"1.1 tailor"]


def test_a_response_keeps_each_cookie() -> None:
    headers = ((b"set-cookie", b"a=1"), (b"x", b"y"), (b"set-cookie", b"b=2; Expires=Thu, 01 Jan 2026 00:00:00 GMT"))

    assert response_headers(headers)[:3] == headers


@pytest.mark.parametrize("name", [VISITOR_FIELD, PURCHASE_FIELD])
def test_what_the_origin_says_of_a_visitor_goes_no_further_and_no_cache_keeps_what_came_with_it(name: bytes) -> None:
    caching = ((b"cache-control", b"public, max-age=60"), (b"surrogate-control", b"max-age=60"), (b"etag", b'"1"'))
    assert response_headers((*caching, (name, b"plan=pro"))) == (
        (b"etag", b'"1"'),
        (b"cache-control", b"no-store"),
        VIA,
    )


@pytest.mark.parametrize("name", [VISITOR_FIELD, PURCHASE_FIELD, VISITOR_FIELD.replace(b"-", b"_"), b"tailor_purchase"])
@pytest.mark.parametrize("trusted", [True, False])
def test_nobody_but_the_origin_says_what_a_visitor_is(name: bytes, trusted: bool) -> None:
    passed = request_headers(((name, b"plan=pro"),), peer="192.0.2.1", trusted=trusted, scheme="http", authority="a")
    assert name not in dict(passed)


def test_a_length_beside_a_coding_goes() -> None:
    headers = response_headers(((b"content-length", b"3"), (b"transfer-encoding", b"chunked")))

    assert names(headers) == [b"via"]


def test_a_page_that_may_change_is_asked_for_whole() -> None:
    conditions = [
        (name, b"x")
        for name in (
            b"if-none-match",
            b"if-modified-since",
            b"if-match",
            b"if-unmodified-since",
            b"if-range",
            b"range",
        )
    ]

    headers = personal_request_headers((HOST, *conditions, (b"cookie", b"a=1")))

    assert headers == (HOST, (b"cookie", b"a=1"), (b"accept-encoding", b"identity"))


CODINGS = {
    "": "identity",
    "gzip, deflate, br, zstd": "gzip, deflate, br, zstd",
    "gzip, compress, exi": "gzip",
    "compress": "identity",
    "identity": "identity",
    "gzip;q=0": "identity",
    "gzip;q=0.000, br;q=0.1": "br;q=0.1",
    "GZIP;Q=0.5": "gzip;q=0.5",
    "*": "gzip, deflate, br, zstd",
    "br;q=0, *": "gzip, deflate, zstd",
    "gzip, *;q=0": "gzip",
}


@pytest.mark.parametrize(("accepted", "asked"), CODINGS.items())
def test_only_codings_that_both_read_are_asked_for(accepted: str, asked: str) -> None:
    assert readable_codings(accepted) == asked


def test_accept_encoding_lines_are_one_list() -> None:
    headers = personal_request_headers(((b"accept-encoding", b"br"), (b"accept-encoding", b"gzip")))

    assert headers == ((b"accept-encoding", b"br, gzip"),)


SHARED_CACHES = [
    b"cache-control",
    b"expires",
    b"age",
    b"pragma",
    b"surrogate-control",
    b"cdn-cache-control",
    b"cloudflare-cdn-cache-control",
    b"vercel-cdn-cache-control",
    b"netlify-cdn-cache-control",
    b"akamai-cache-control",
    b"x-accel-expires",
    b"x-litespeed-cache-control",
    b"edge-control",
]
OWN_BYTES = [
    b"etag",
    b"last-modified",
    b"digest",
    b"content-digest",
    b"repr-digest",
    b"content-md5",
    b"accept-ranges",
]


PUBLIC = tuple((name, b"public, max-age=60") for name in SHARED_CACHES)


def test_no_shared_cache_may_keep_a_page_that_stayed_as_it_was() -> None:
    headers = personal_response_headers((*PUBLIC, (b"x", b"y")))

    assert headers == ((b"x", b"y"), (b"cache-control", b"private, no-cache"))


def test_no_shared_cache_may_keep_a_page_that_was_changed() -> None:
    headers = rewritten_response_headers(personal_response_headers(PUBLIC), length=5)

    assert names(headers) == [b"cache-control", b"vary", b"content-length"]
    assert values(headers, b"cache-control") == [b"private, no-cache"]


OWN = tuple((name, b"x") for name in OWN_BYTES)


def test_a_page_that_stayed_as_it_was_keeps_what_the_origin_said_of_it() -> None:
    assert personal_response_headers(OWN)[:-1] == OWN


def test_a_page_that_was_changed_says_nothing_of_the_origins_bytes() -> None:
    headers = rewritten_response_headers(OWN, length=5, coding="gzip")

    assert not set(names(headers)) & set(OWN_BYTES)


def test_a_page_that_was_changed_tells_its_own_length_coding_and_tag() -> None:
    origins = ((b"content-length", b"999"), (b"content-encoding", b"br"), (b"etag", b'"1"'))

    headers = rewritten_response_headers(origins, length=5, coding="gzip", etag=b'W/"2"')

    assert values(headers, b"content-length") == [b"5"]
    assert values(headers, b"content-encoding") == [b"gzip"]
    assert values(headers, b"etag") == [b'W/"2"']


def test_a_page_that_is_the_same_for_everyone_keeps_what_caches_may_do() -> None:
    origins: Headers = ((b"cache-control", b"max-age=60"), (b"age", b"3"), (b"etag", b'"1"'), (b"content-length", b"9"))

    assert rewritten_response_headers(origins, length=5, coding="gzip") == (
        (b"cache-control", b"max-age=60"),
        (b"age", b"3"),
        (b"content-encoding", b"gzip"),
        (b"vary", b"accept-encoding"),
        (b"content-length", b"5"),
    )


def test_a_page_whose_length_is_not_known_tells_none() -> None:
    assert rewritten_response_headers(((b"content-length", b"9"), (b"vary", b"*"))) == ((b"vary", b"*"),)


def test_what_may_have_to_be_read_is_asked_for_in_codings_that_we_read() -> None:
    asked: Headers = ((b"if-none-match", b'"1"'), (b"accept-encoding", b"gzip, dcb"), (b"range", b"bytes=0-1"))

    assert readable_request_headers(asked) == (
        (b"if-none-match", b'"1"'),
        (b"range", b"bytes=0-1"),
        (b"accept-encoding", b"gzip"),
    )


@pytest.mark.parametrize("vary", [b"Accept-Encoding", b"cookie, accept-encoding", b"*"])
def test_vary_is_told_once(vary: bytes) -> None:
    assert values(rewritten_response_headers(((b"vary", vary),), length=5, coding="identity"), b"vary") == [vary]


@pytest.mark.parametrize(
    ("destination", "page"),
    [(None, True), (b"document", True), (b"empty", True), (b"IFRAME", True), (b"image", False), (b"style", False)],
)
def test_what_is_fetched_for_a_page_is_no_page(destination: bytes | None, page: bool) -> None:
    headers = () if destination is None else ((b"sec-fetch-dest", destination),)
    assert asks_for_page(headers) is page
