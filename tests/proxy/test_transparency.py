"""What is wrong on the wire, and what is right but rare, through the whole proxy: one outcome for each.

The outcomes are told in docs/transparency.md. What each half does on its own is shown in `test_server` and
`origin.test_exchange`, whose tables are used here again.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from proxy.request import RequestReader
from tests.proxy.origin.test_exchange import MALFORMED
from tests.proxy.origins import (
    Connection,
    RunningServer,
    Script,
    ScriptedOrigin,
    ok,
    replying,
    running_proxy,
    scripted_origin,
)
from tests.proxy.server.test_protocol import REFUSED, status_of

GET = b"GET / HTTP/1.1\r\nHost: shop.example\r\n"
POST = b"POST / HTTP/1.1\r\nHost: shop.example\r\n"
CLOSE = b"Connection: close\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"


def line(target: bytes, host: bytes = b"a") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"


WRONG_REQUESTS = {
    **REFUSED,
    "host with a path": (400, line(b"/", b"a/b")),
    "host with a user": (400, line(b"/", b"me@a")),
    "host with a space": (400, line(b"/", b"a b")),
    "two hosts in a field": (400, line(b"/", b"a, b")),
    "no host in its field": (400, line(b"/", b"")),
    "port that is no number": (400, line(b"/", b"a:x")),
    "fragment": (400, line(b"/a#b")),
    "dot segment": (400, line(b"/a/../b")),
    "encoded dot segment": (400, line(b"/a/%2e%2E/b")),
    "encoded slash": (400, line(b"/a%2fb")),
    "backslash": (400, line(b"/a\\b")),
    "encoded backslash": (400, line(b"/a%5Cb")),
    "encoded NUL": (400, line(b"/%00")),
    "stray percent sign": (400, line(b"/100%")),
    "control in the query": (400, line(b"/?a=\x01")),
}


@pytest.fixture(scope="module")
def origin() -> Iterator[ScriptedOrigin]:
    with scripted_origin(lambda connection: connection.send(ok())) as origin:
        yield origin


@pytest.fixture(scope="module")
def proxy(origin: ScriptedOrigin) -> Iterator[RunningServer]:
    with running_proxy(origin.url) as proxy:
        yield proxy


@pytest.mark.parametrize(("status", "request_bytes"), WRONG_REQUESTS.values(), ids=WRONG_REQUESTS.keys())
def test_a_request_that_is_wrong_never_reaches_the_origin(
    proxy: RunningServer, origin: ScriptedOrigin, status: int, request_bytes: bytes
) -> None:
    with proxy.connect() as browser:
        browser.send(request_bytes)
        answer = browser.read_message()

    assert status_of(answer) == status
    assert origin.connections == []


CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
WRONG_UPLOADS = {
    "size that is no number": b"zz\r\n",
    "size below zero": b"-1\r\n",
    "size in C's words": b"0x1\r\na\r\n0\r\n\r\n",
    "size beyond all bounds": b"ffffffffffffffffff\r\n",
    "space behind a size": b"1 \r\na\r\n0\r\n\r\n",
    "chunk longer than its size": b"1\r\nabc\r\n0\r\n\r\n",
    "bare line feeds": b"1\na\n0\n\n",
}


@pytest.mark.parametrize("chunk", WRONG_UPLOADS.values(), ids=WRONG_UPLOADS.keys())
@pytest.mark.parametrize("before", [b"", b"5\r\nhello\r\n"], ids=["at once", "after a chunk"])
def test_a_wrong_chunk_never_makes_a_whole_request(before: bytes, chunk: bytes) -> None:
    def listening(connection: Connection) -> None:
        connection.read_to_end()

    with scripted_origin(listening) as origin, running_proxy(origin.url) as proxy:
        answer = proxy.ask(POST + CHUNKED + before + chunk)

    assert status_of(answer) == 400
    assert not origin.heard.endswith(b"0\r\n\r\n")


WRONG_RESPONSES = {
    **{name: (reply, b"http_protocol_error") for name, reply in MALFORMED.items()},
    "nothing at all": (b"", b"connection_terminated"),
    "empty lines": (b"\r\n\r\n", b"connection_terminated"),
    "half a status line": (b"HTTP/1.1 2", b"connection_terminated"),
    "half a head": (OK + b"Content-Le", b"connection_terminated"),
    "status of no number": (b"HTTP/1.1 000 X\r\n\r\n", b"connection_terminated"),
    "go on, and nothing": (b"HTTP/1.1 100 Continue\r\n\r\n", b"connection_terminated"),
    "chunk size that is no number": (OK + CHUNKED + b"zz\r\nhello\r\n0\r\n\r\n", b"http_protocol_error"),
    "chunk size beyond all bounds": (OK + CHUNKED + b"ffffffffffffffffff\r\n", b"http_protocol_error"),
    "chunk longer than its size": (OK + CHUNKED + b"1\r\nhello\r\n0\r\n\r\n", b"http_protocol_error"),
    "body where none may be": (
        b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
        b"http_protocol_error",
    ),
}


@pytest.mark.parametrize(("reply", "error"), WRONG_RESPONSES.values(), ids=WRONG_RESPONSES.keys())
def test_a_response_that_is_wrong_is_a_502_that_says_why(reply: bytes, error: bytes) -> None:
    with scripted_origin(replying(reply)) as origin, running_proxy(origin.url) as proxy:
        answer = proxy.ask(GET + CLOSE)

    assert status_of(answer) == 502
    assert b"\r\nproxy-status: tailor; error=" + error + b"\r\n" in answer


TOLERATED = {
    "folded field": (OK + b"X: a\r\n b\r\nContent-Length: 5\r\n\r\nhello", b"\r\nx: a b\r\n"),
    "bare line feeds": (b"HTTP/1.1 200 OK\nX: a\nContent-Length: 5\n\nhello", b"\r\nx: a\r\n"),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", b"HTTP/1.1 200 OK\r\n"),
    "control in the reason": (b"HTTP/1.1 200 O\x01K\r\nContent-Length: 5\r\n\r\nhello", b"HTTP/1.1 200 OK\r\n"),
    "one response too many": (ok() + ok(b"poison"), b"HTTP/1.1 200 OK\r\n"),
    "chunks in HTTP/1.0": (b"HTTP/1.0 200 OK\r\n" + CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", b"HTTP/1.1 200 OK\r\n"),
}


@pytest.mark.parametrize(("reply", "seen"), TOLERATED.values(), ids=TOLERATED.keys())
def test_a_response_that_can_be_read_in_one_way_only_passes_repaired(reply: bytes, seen: bytes) -> None:
    with scripted_origin(replying(reply)) as origin, running_proxy(origin.url) as proxy, proxy.connect() as browser:
        browser.send(GET + b"\r\n")
        answer = browser.read_message()

    assert seen in answer
    assert answer.partition(b"\r\n\r\n")[2] in (b"hello", b"5\r\nhello\r\n0\r\n\r\n")


def test_trailers_of_a_response_are_dropped() -> None:
    reply = OK + b"Trailer: X-Sum\r\n" + CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nSet-Cookie: id=forged\r\n\r\n"

    with scripted_origin(replying(reply)) as origin, running_proxy(origin.url) as proxy:
        answer = proxy.ask(GET + CLOSE)

    assert answer.endswith(b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
    assert b"trailer" not in answer
    assert b"forged" not in answer


def answer_then_close(connection: Connection) -> None:
    connection.read_message()
    connection.send(ok())


def close_when_asked_again(connection: Connection) -> None:
    answer_then_close(connection)
    connection.read_message()


@pytest.mark.parametrize("script", [answer_then_close, close_when_asked_again])
def test_an_origin_that_closes_idle_connections_costs_no_request(script: Script) -> None:
    requests = [GET + b"\r\n", POST + b"Content-Length: 3\r\n\r\na=b"] * 100

    with scripted_origin(script) as origin, running_proxy(origin.url) as proxy, proxy.connect() as browser:
        statuses = []
        for request in requests:
            browser.send(request)
            statuses.append(status_of(browser.read_message()))
        posted = origin.heard.count(b"POST / HTTP/1.1\r\n")

    assert statuses == [200] * len(requests)
    assert posted == 100  # and none of them twice


BODILESS = {
    "HEAD": (b"HEAD", OK + b"Content-Length: 5\r\n\r\n", 200),
    "204": (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204),
    "304": (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304),
}


@pytest.mark.parametrize(("method", "reply", "status"), BODILESS.values(), ids=BODILESS.keys())
def test_a_response_without_a_body_leaves_both_connections_whole(method: bytes, reply: bytes, status: int) -> None:
    with (
        scripted_origin(replying(reply, ok())) as origin,
        running_proxy(origin.url) as proxy,
        proxy.connect() as browser,
    ):
        browser.send(method + GET.removeprefix(b"GET") + b"\r\n")
        first = browser.read_until(b"\r\n\r\n")
        browser.send(GET + b"\r\n")
        second = browser.read_message()

    assert status_of(first) == status
    assert second.endswith(b"\r\n\r\nhello")
    assert len(origin.connections) == 1


def forwarded(peer_is_trusted: bool, *fields: bytes) -> bytes:
    """What the origin hears of these fields."""
    reader = RequestReader(trusted_proxies=(ip_network("127.0.0.0/8"),) if peer_is_trusted else ())
    with scripted_origin(replying(ok())) as origin, running_proxy(origin.url, reader=reader) as proxy:
        proxy.ask(GET + b"".join(field + b"\r\n" for field in fields) + CLOSE)
    return origin.heard.lower()


CLAIMS = (
    b"CF-Connecting-IP: 6.6.6.6", b"True-Client-IP: 6.6.6.6", b"X-Real-IP: 6.6.6.6", b"Fastly-Client-IP: 6.6.6.6",
    b"X-Azure-ClientIP: 6.6.6.6", b"X-Cluster-Client-IP: 6.6.6.6", b"X-Original-URL: /admin", b"X-Rewrite-URL: /admin",
    b"X-Original-Host: evil.example", b"X-Host: evil.example", b"X-Forwarded: for=6.6.6.6", b"CF-IPCountry: NO",
    b"CloudFront-Viewer-City: Oslo", b"Client-Geo-Latitude: 59.9", b"X-Vercel-IP-Country: NO",
    b"X-Akamai-Edgescape: country_code=NO",
)  # fmt: skip


def test_a_stranger_can_not_tell_the_origin_who_asks_from_where_and_for_what() -> None:
    heard = forwarded(False, *CLAIMS)

    assert [claim for claim in CLAIMS if b"\r\n" + claim.partition(b":")[0].lower() + b":" in heard] == []


def test_what_a_trusted_proxy_says_of_them_passes() -> None:
    heard = forwarded(True, *CLAIMS)

    assert [claim for claim in CLAIMS if claim.lower() not in heard] == []


def test_a_method_that_a_page_asks_for_in_a_header_passes() -> None:
    assert b"\r\nx-http-method-override: delete\r\n" in forwarded(False, b"X-HTTP-Method-Override: DELETE")
