"""Host modes, whole: a browser that knows one name, an origin that knows another, and the proxy between."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from proxy.hosts import Hosts
from proxy.names import SiteName
from proxy.request import RequestReader
from rules.model import RuleBook
from tests.proxy.origins import Connection, ok, replying, running_proxy, scripted_origin
from tests.proxy.page.cutting import book_of, one
from tests.proxy.serving import serving

SHOP = RequestReader(public_url="https://shop.example")
HEAD = b" HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n"
HTML = b"Content-Type: text/html; charset=utf-8"
PAGE = b'<h1>Hi</h1><a href="%s/a">%s</a>'


def through(
    request: bytes,
    reply: Callable[[bytes], bytes],
    *,
    map_urls: bool = False,
    book: RuleBook | None = None,
    reader: RequestReader = SHOP,
) -> tuple[bytes, bytes, bytes]:
    """The origin's URL, what it heard, and what the browser got; `reply` is told the origin's URL."""

    def script(connection: Connection) -> None:
        replying(reply(origin.url.encode()))(connection)

    with scripted_origin(script) as origin:
        hosts = Hosts(SiteName.of_url(origin.url), map_urls=map_urls)
        with running_proxy(origin.url, hosts=hosts, book=book, reader=reader) as proxy:
            answer = proxy.ask(request)
        return origin.url.encode(), origin.heard, answer


def mapped(
    page: Callable[[bytes], bytes],
    *fields: bytes,
    line: bytes = b"GET /",
    more: bytes = b"",
    book: RuleBook | None = None,
) -> tuple[bytes, bytes, bytes]:
    """What the origin heard of a request for a page, and the head and body that the browser got."""
    _, heard, answer = through(
        line + HEAD + more + b"\r\n", lambda url: ok(page(url), HTML, *fields), map_urls=True, book=book
    )
    head, _, body = answer.partition(b"\r\n\r\n")
    return heard, head + b"\r\n", body


def test_the_origin_hears_its_own_name_and_no_other() -> None:
    url, heard, _ = through(b"GET /" + HEAD + b"\r\n", lambda _: ok())

    assert b"\r\nhost: " + url.removeprefix(b"http://") + b"\r\n" in heard
    assert b"shop.example" not in heard
    assert b"\r\nx-forwarded-for: 127.0.0.1\r\n" in heard


def test_a_visitor_never_hears_of_the_origins_name() -> None:
    _, _, answer = through(
        b"GET /" + HEAD + b"\r\n",
        lambda url: (
            b"HTTP/1.1 302 Found\r\nLocation: %s/login?next=/\r\nSet-Cookie: a=1; Domain=127.0.0.1; Path=/\r\n"
            b"Access-Control-Allow-Origin: %s\r\nContent-Length: 0\r\n\r\n" % (url, url)
        ),
    )

    assert b"\r\nlocation: https://shop.example/login?next=/\r\n" in answer
    assert b"\r\nset-cookie: a=1; Path=/\r\n" in answer
    assert b"\r\naccess-control-allow-origin: https://shop.example\r\n" in answer
    assert b"127.0.0.1" not in answer


def strict_form(connection: Connection) -> None:
    """A form as Django protects it: `Origin` has to name the host that was asked (CsrfViewMiddleware)."""
    message = connection.read_message()
    host = re.search(rb"\r\nhost: (.*)\r\n", message)
    origin = re.search(rb"\r\norigin: (.*)\r\n", message)
    same_site = host is not None and origin is not None and origin[1] == b"http://" + host[1]
    connection.send(ok(b"thanks") if same_site else b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    ("said", "status"), [(b"https://shop.example", b"200"), (b"http://shop.example", b"403"), (b"https://evil", b"403")]
)
def test_a_form_passes_the_origins_check_of_its_own_site_only(said: bytes, status: bytes) -> None:
    with scripted_origin(strict_form) as origin:
        hosts = Hosts(SiteName.of_url(origin.url))
        with running_proxy(origin.url, hosts=hosts, reader=SHOP) as proxy:
            answer = proxy.ask(b"POST /" + HEAD + b"Origin: " + said + b"\r\nContent-Length: 3\r\n\r\na=b")

    assert answer.startswith(b"HTTP/1.1 " + status)


def test_without_being_asked_for_a_page_is_not_looked_at() -> None:
    url, _, answer = through(b"GET /" + HEAD + b"\r\n", lambda url: ok(PAGE % (url, url), HTML, b'ETag: "1"'))

    assert answer.endswith(PAGE % (url, url))
    assert b'\r\netag: "1"\r\n' in answer


def test_a_page_is_mapped_for_every_visitor_alike() -> None:
    _, head, body = mapped(
        lambda url: PAGE % (url, b"text"), b'ETag: "1"', b"Last-Modified: then", b"Cache-Control: max-age=60"
    )

    assert body == PAGE % (b"https://shop.example", b"text")
    assert b"\r\ncontent-length: %d\r\n" % len(body) in head
    assert b"\r\ncache-control: max-age=60\r\n" in head
    assert b"\r\nvary: accept-encoding\r\n" in head
    assert b'etag: "1"' not in head
    assert b'etag: W/"' in head
    assert b"last-modified" not in head


def test_without_a_public_url_the_visitors_own_word_counts() -> None:
    _, _, answer = through(
        b"GET /" + HEAD + b"\r\n", lambda url: ok(PAGE % (url, url), HTML), map_urls=True, reader=RequestReader()
    )

    assert b'<a href="http://shop.example/a">' in answer


def test_a_page_that_names_no_address_passes_as_it_came() -> None:
    _, head, body = mapped(lambda url: b"<h1>Hi</h1>", b'ETag: "1"')

    assert body == b"<h1>Hi</h1>"
    assert b'\r\netag: "1"\r\n' in head


def test_a_page_in_a_coding_is_mapped_and_coded_anew() -> None:
    heard, head, body = mapped(
        lambda url: gzip.compress(PAGE % (url, b"")), b"Content-Encoding: gzip", more=b"Accept-Encoding: gzip, dcb\r\n"
    )

    assert b"\r\naccept-encoding: gzip\r\n" in heard
    assert b"\r\ncontent-encoding: gzip\r\n" in head
    assert gzip.decompress(body) == PAGE % (b"https://shop.example", b"")


def test_an_error_page_is_mapped_and_stays_an_error() -> None:
    _, _, answer = through(
        b"GET /" + HEAD + b"\r\n",
        lambda url: ok(PAGE % (url, b""), HTML).replace(b"200 OK", b"404 Not Found"),
        map_urls=True,
    )

    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert answer.endswith(PAGE % (b"https://shop.example", b""))


UNTOUCHED = {
    "no page": (b"Content-Type: application/json", b"200 OK"),
    "part of a page": (HTML + b"\r\nContent-Range: bytes 0-9/99", b"206 Partial Content"),
    "what must not be transformed": (HTML + b"\r\nCache-Control: no-transform", b"200 OK"),
    "an unknown coding": (HTML + b"\r\nContent-Encoding: dcb", b"200 OK"),
}


@pytest.mark.parametrize(("fields", "status"), UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_what_is_no_whole_page_passes_as_it_came(fields: bytes, status: bytes) -> None:
    url, _, answer = through(
        b"GET /" + HEAD + b"\r\n",
        lambda url: ok(PAGE % (url, b""), fields, b'ETag: "1"').replace(b"200 OK", status),
        map_urls=True,
    )

    assert answer.startswith(b"HTTP/1.1 " + status)
    assert answer.endswith(PAGE % (url, b""))
    assert b'\r\netag: "1"\r\n' in answer


def test_conditions_and_ranges_reach_the_origin() -> None:
    heard, _, _ = mapped(lambda url: b"", more=b'If-None-Match: "1"\r\nRange: bytes=0-9\r\n')

    assert b'\r\nif-none-match: "1"\r\n' in heard
    assert b"\r\nrange: bytes=0-9\r\n" in heard


def test_a_head_tells_nothing_of_bytes_that_a_get_would_not_get() -> None:
    _, _, answer = through(
        b"HEAD /" + HEAD + b"\r\n",
        lambda _: b'HTTP/1.1 200 OK\r\n%s\r\nETag: "1"\r\nContent-Length: 99\r\nX: 1\r\n\r\n' % HTML,
        map_urls=True,
    )

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nx: 1\r\n" in answer
    assert b"etag" not in answer
    assert b"content-length" not in answer


HELLO = book_of(one("- {select: h1, text: Hello}"))


def test_an_experience_is_shown_on_the_mapped_page() -> None:
    _, head, body = mapped(lambda url: PAGE % (url, b""), b"Cache-Control: max-age=60", book=HELLO)

    assert body == b'<h1>Hello</h1><a href="https://shop.example/a"></a>'
    assert b"\r\ncache-control: private, no-cache\r\n" in head


def test_where_an_experience_finds_no_place_the_page_is_mapped_all_the_same() -> None:
    _, head, body = mapped(lambda url: b"<h2></h2><a href=%s>" % url, book=HELLO)

    assert body == b"<h2></h2><a href=https://shop.example>"
    assert b"\r\ncache-control: private, no-cache\r\n" in head


@pytest.mark.parametrize("book", [None, HELLO], ids=["for everyone", "for one"])
def test_an_error_page_is_never_personal(book: RuleBook | None) -> None:
    _, _, answer = through(
        b"GET /" + HEAD + b"\r\n",
        lambda url: ok(PAGE % (url, b""), HTML).replace(b"200 OK", b"410 Gone"),
        map_urls=True,
        book=book,
    )

    assert answer.startswith(b"HTTP/1.1 410 Gone\r\n")
    assert answer.endswith(PAGE % (b"https://shop.example", b""))


def test_a_policy_allows_the_mapped_addresses() -> None:
    _, _, answer = through(
        b"GET /" + HEAD + b"\r\n",
        lambda url: ok(PAGE % (url, b""), HTML, b"Content-Security-Policy: img-src " + url),
        map_urls=True,
    )

    assert re.search(rb"\r\ncontent-security-policy: img-src http://127.0.0.1:\d+ https://shop.example\r\n", answer)


def test_the_settings_reach_the_command(tmp_path: Path) -> None:
    def script(connection: Connection) -> None:
        replying(ok(PAGE % (origin.url.encode(), b""), HTML))(connection)

    flags = ("--host-mode", "origin", "--map-urls", "true")
    with scripted_origin(script) as origin, serving(tmp_path, origin.url, *flags) as tailor:
        page = httpx.get(tailor.public, trust_env=False)
        tailor.end()

    assert page.text == f'<h1>Hi</h1><a href="{tailor.public}/a"></a>'
    assert f"host: {origin.url.removeprefix('http://')}\r\n".encode() in origin.heard
