"""The transparent proxy, whole: a real server, a real client, and an origin that says what the test scripts."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from proxy.request import RequestReader
from tests.proxy.origins import Connection, ok, replying, running_proxy, scripted_origin

HEAD = b" HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n"
HOPS = b"x-forwarded-for: 127.0.0.1\r\nx-forwarded-host: shop.example\r\nx-forwarded-proto: http\r\nvia: 1.1 tailor\r\n"


def through(request: bytes, reply: bytes, reader: RequestReader | None = None) -> tuple[bytes, bytes]:
    """What the origin heard, and what the browser got."""
    with scripted_origin(replying(reply)) as origin, running_proxy(origin.url, reader=reader) as proxy:
        answer = proxy.ask(request)
        return origin.heard, answer


def test_a_request_passes_with_its_order_duplicates_and_bytes() -> None:
    heard, _ = through(
        b"GET //a/%7eb?x=[1]&y=%zz HTTP/1.1\r\nX-B: \xe9\r\nHost: shop.example\r\nCookie: a=1\r\n"
        b"Connection: close, X-Gone\r\nX-Gone: 1\r\nX-A:\r\nCookie: b=2\r\n\r\n",
        ok(),
    )

    assert heard == (
        b"GET //a/~b?x=[1]&y=%zz HTTP/1.1\r\nx-b: \xe9\r\nhost: shop.example\r\ncookie: a=1\r\nx-a: \r\ncookie: b=2\r\n"
        + HOPS
        + b"\r\n"
    )


def test_a_response_passes_with_its_order_duplicates_and_bytes() -> None:
    _, answer = through(
        b"GET /" + HEAD + b"\r\n",
        b"HTTP/1.1 404 Nowhere\r\nServer: cms\r\nX-B: \xe9\r\nSet-Cookie: a=1\r\nConnection: X-Gone\r\nX-Gone: 1\r\n"
        b"Date: then\r\nSet-Cookie: b=2\r\nContent-Length: 5\r\n\r\nhello",
    )

    assert answer == (
        b"HTTP/1.1 404 Not Found\r\nserver: cms\r\nx-b: \xe9\r\nset-cookie: a=1\r\ndate: then\r\nset-cookie: b=2\r\n"
        b"content-length: 5\r\nvia: 1.1 tailor\r\nconnection: close\r\n\r\nhello"
    )


BODILESS = {
    "HEAD": (b"HEAD /", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n"),
    "OPTIONS *": (
        b"OPTIONS *",
        b"HTTP/1.1 204 No Content\r\nAllow: GET\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nallow: GET\r\n",
    ),
    "304": (
        b"GET /",
        b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 5\r\n\r\n',
        b'HTTP/1.1 304 Not Modified\r\netag: "1"\r\ncontent-length: 5\r\n',
    ),
    "empty": (b"GET /", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n"),
}


@pytest.mark.parametrize(("line", "reply", "answered"), BODILESS.values(), ids=BODILESS.keys())
def test_responses_without_a_body_pass(line: bytes, reply: bytes, answered: bytes) -> None:
    heard, answer = through(line + HEAD + b"\r\n", reply)

    assert heard.startswith(line + b" HTTP/1.1\r\n")
    assert answer == answered + b"via: 1.1 tailor\r\nconnection: close\r\n\r\n"


@pytest.mark.parametrize("status", [207, 299, 418, 451, 599, 600, 999])
def test_every_status_passes(status: int) -> None:
    _, answer = through(b"GET /" + HEAD + b"\r\n", b"HTTP/1.1 %d Huh\r\nContent-Length: 0\r\n\r\n" % status)

    assert answer.startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_the_browsers_to_follow(status: int) -> None:
    heard, answer = through(
        b"GET /" + HEAD + b"\r\n",
        b"HTTP/1.1 %d Moved\r\nLocation: http://evil/x\r\nContent-Length: 0\r\n\r\n" % status,
    )

    assert heard.count(b"HTTP/1.1") == 1
    assert b"location: http://evil/x\r\n" in answer


UPLOADS = {
    "known length": (b"Content-Length: 10\r\n\r\nhelloworld", b"\r\n\r\nhelloworld"),
    "chunks": (
        b"Transfer-Encoding: chunked\r\n\r\na\r\nhelloworld\r\n0\r\n\r\n",
        b"\r\n\r\na\r\nhelloworld\r\n0\r\n\r\n",
    ),
    "trailers": (
        b"Transfer-Encoding: chunked\r\n\r\na\r\nhelloworld\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n",
        b"\r\n\r\na\r\nhelloworld\r\n0\r\n\r\n",
    ),
    "empty": (b"Content-Length: 0\r\n\r\n", b"content-length: 0\r\n" + HOPS + b"\r\n"),
}


@pytest.mark.parametrize(("sent", "heard"), UPLOADS.values(), ids=UPLOADS.keys())
def test_an_upload_reaches_the_origin_whole(sent: bytes, heard: bytes) -> None:
    seen, answer = through(b"POST /" + HEAD + sent, ok())

    assert seen.endswith(heard)
    assert b"6.6.6.6" not in seen
    assert answer.endswith(b"hello")


def test_a_large_upload_and_a_large_download_pass() -> None:
    body = bytes(range(256)) * 8192  # 2 MB: far beyond every buffer

    def mirror(connection: Connection) -> None:
        message = connection.read_message()
        connection.send(ok(message.partition(b"\r\n\r\n")[2]))

    with scripted_origin(mirror) as origin, running_proxy(origin.url) as proxy:
        answer = proxy.ask(b"PUT /" + HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    assert answer.partition(b"\r\n\r\n")[2] == body


def test_what_an_untrusted_peer_says_of_itself_is_replaced() -> None:
    heard, _ = through(
        b"GET /" + HEAD + b"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nForwarded: for=6.6.6.6\r\n\r\n",
        ok(),
    )

    assert b"6.6.6.6" not in heard
    assert b"x-forwarded-proto: http\r\n" in heard


def test_a_trusted_peer_is_believed() -> None:
    heard, _ = through(
        b"GET /" + HEAD + b"X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n\r\n",
        ok(),
        RequestReader(trusted_proxies=(ip_network("127.0.0.0/8"),)),
    )

    assert b"x-forwarded-for: 198.51.100.1, 127.0.0.1\r\n" in heard
    assert b"x-forwarded-proto: https\r\n" in heard


def test_the_origin_is_told_what_the_world_calls_this_site() -> None:
    heard, _ = through(b"GET /" + HEAD + b"\r\n", ok(), RequestReader(public_url="https://www.shop.example"))

    assert b"\r\nhost: www.shop.example\r\n" in heard
    assert b"x-forwarded-host: www.shop.example\r\nx-forwarded-proto: https\r\n" in heard


@pytest.mark.parametrize("host", [b"shop.example", b"SHOP.example", b"shop.example:443"])
def test_a_name_of_the_site_passes_as_it_was_written(host: bytes) -> None:
    request = b"GET / HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
    heard, _ = through(request, ok(), RequestReader(public_url="https://shop.example"))

    assert b"\r\nhost: " + host + b"\r\n" in heard


def test_an_upgrade_is_a_plain_request_to_the_origin() -> None:
    heard, answer = through(
        b"GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n", ok()
    )

    assert b"upgrade" not in heard.lower()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


def test_connections_are_kept_on_both_sides() -> None:
    with (
        scripted_origin(replying(ok(b"one"), ok(b"two"))) as origin,
        running_proxy(origin.url) as proxy,
        proxy.connect() as browser,
    ):
        for body in (b"one", b"two"):
            browser.send(b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n")
            assert browser.read_message().endswith(body)

    assert len(origin.connections) == 1
