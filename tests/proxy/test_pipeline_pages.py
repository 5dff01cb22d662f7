"""Pages that an experience could touch, through real sockets: what the origin hears and what the browser gets."""

from __future__ import annotations

import contextlib
import gzip
import threading
import tracemalloc
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import brotli
import pytest
from backports import zstd

from proxy.app import App
from proxy.ledger import Ledger
from proxy.origin.client import Origin
from proxy.page.memory import CutMemory
from proxy.pipeline import Pipeline
from proxy.request import RequestReader
from proxy.visitor.location import Locator
from proxy.visitor.observe import Observer
from proxy.visitor.source import Source, SourceReader
from tests.proxy.origins import (
    PATIENCE_SECONDS,
    Connection,
    RunningServer,
    ok,
    plain_observer,
    replying,
    running_proxy,
    running_server,
    scripted_origin,
)
from tests.proxy.page.cutting import book_of

RULES = """
experiences:
  hello:
    pages: /
    change: [{select: h1, text: Hello}]
  city:
    pages: /city
    change: [{select: h1, text: "Hello {{ page.query.city }}"}]
  search:
    pages: /search
    who: {source.medium: search}
    change: [{select: h1, text: Found}]
"""
PAGE = b"<!doctype html><h1>Hi</h1>" + b"<p>page</p>" * 100
CHANGED = PAGE.replace(b"Hi", b"Hello")
HTML = b"Content-Type: text/html; charset=utf-8"
CACHING = (
    b"Cache-Control: public, max-age=60", b"Expires: Thu, 01 Dec 2033 16:00:00 GMT", b"Age: 5", b'ETag: "1"',
    b"Last-Modified: Mon, 01 Dec 2003 16:00:00 GMT", b"Surrogate-Control: max-age=60", b"X-Accel-Expires: 60",
    b"Fastly-CDN-Cache-Control: max-age=60", b"Accept-Ranges: bytes", b"Content-MD5: x", b"X-Kept: 1",
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """A response as the browser gets it."""

    status: bytes
    headers: list[tuple[str, str]]
    body: bytes

    @classmethod
    def of(cls, message: bytes) -> Answer:
        head, _, body = message.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        fields = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        return cls(status.encode(), fields, body)

    def __getitem__(self, name: str) -> str:
        """The values of a header, joined; empty without it."""
        return ", ".join(value for each, value in self.headers if each == name)


class BrokenSources(SourceReader):
    """Stands at the edge where a visitor's source is looked up, and fails."""

    def read(self, query: Mapping[str, str], referer: str, own_hosts: Collection[str]) -> Source:
        raise RuntimeError("no table of sources")


def broken_observer() -> Observer:
    return Observer(plain_observer().devices, BrokenSources(), Locator())


@contextlib.contextmanager
def personal_proxy(
    origin_url: str,
    *,
    observer: Observer | None = None,
    page_bytes: int = 1 << 20,
    page_seconds: float = PATIENCE_SECONDS,
) -> Iterator[tuple[RunningServer, Pipeline]]:
    """The proxy with RULES before an origin, and its pipeline."""
    origin = Origin(origin_url)
    pipeline = Pipeline(
        origin,
        observer or plain_observer(),
        book_of(RULES),
        now=lambda: datetime.now(UTC),
        cuts=CutMemory(Ledger(1 << 20)),
        page_bytes=page_bytes,
        page_seconds=page_seconds,
    )
    app = App(pipeline, RequestReader())
    with running_server(lambda: app, origin.close) as server:
        yield server, pipeline


def get(target: bytes, *fields: bytes, method: bytes = b"GET") -> bytes:
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: shop.example", b"Connection: close", *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def through(request: bytes, reply: bytes) -> tuple[bytes, Answer]:
    """What the origin heard, and what the browser got."""
    with scripted_origin(replying(reply)) as origin, personal_proxy(origin.url) as (proxy, _):
        answer = proxy.ask(request)
        return origin.heard.lower(), Answer.of(answer)


def test_a_changed_page_says_nothing_of_the_origins_bytes_and_is_the_visitors_alone() -> None:
    _, answer = through(get(b"/"), ok(PAGE, HTML, *CACHING))

    assert answer.body == CHANGED
    assert answer["etag"].startswith('W/"')
    assert answer.headers == [
        ("content-type", "text/html; charset=utf-8"),
        ("x-kept", "1"),
        ("via", "1.1 tailor"),
        ("cache-control", "private, no-cache"),
        ("etag", answer["etag"]),
        ("vary", "accept-encoding"),
        ("content-length", str(len(CHANGED))),
        ("connection", "close"),
    ]


def test_an_unchanged_page_that_could_be_touched_is_the_visitors_alone_too() -> None:
    body = b"<h2>no such place</h2>"
    _, answer = through(get(b"/"), ok(body, HTML, *CACHING))

    assert answer.body == body
    assert answer["etag"] == '"1"'
    assert answer["last-modified"] == "Mon, 01 Dec 2003 16:00:00 GMT"
    assert answer["content-length"] == str(len(body))
    assert answer["cache-control"] == "private, no-cache"
    for name in ("expires", "age", "surrogate-control", "x-accel-expires", "fastly-cdn-cache-control"):
        assert answer[name] == ""


def test_a_visitor_for_whom_nothing_is_meant_gets_a_page_that_no_cache_may_share() -> None:
    _, answer = through(get(b"/search"), ok(PAGE, HTML, *CACHING))

    assert answer.body == PAGE
    assert answer["etag"] == '"1"'
    assert answer["cache-control"] == "private, no-cache"


def test_a_url_that_no_experience_touches_keeps_the_origins_headers() -> None:
    _, answer = through(get(b"/other"), ok(PAGE, HTML, *CACHING))

    assert answer.body == PAGE
    assert answer["cache-control"] == "public, max-age=60"
    assert answer["surrogate-control"] == "max-age=60"


@pytest.mark.parametrize("kind", [b"image/png", b"", b"application/json", b"application/xhtml+xml"])
def test_what_is_no_page_keeps_the_origins_headers(kind: bytes) -> None:
    _, answer = through(get(b"/"), ok(PAGE, b"Content-Type: " + kind, *CACHING))

    assert answer.body == PAGE
    assert answer["cache-control"] == "public, max-age=60"
    assert answer["etag"] == '"1"'


UNCHANGED = {
    "an error": (b"HTTP/1.1 404 Not Found", HTML),
    "a server's error": (b"HTTP/1.1 500 No", HTML),
    "another success": (b"HTTP/1.1 203 OK", HTML),
    "no-transform": (b"HTTP/1.1 200 OK", HTML + b"\r\nCache-Control: No-Transform"),
    "a coding we don't read": (b"HTTP/1.1 200 OK", HTML + b"\r\nContent-Encoding: compress"),
    "two codings": (b"HTTP/1.1 200 OK", HTML + b"\r\nContent-Encoding: gzip, gzip"),
    "a broken coding": (b"HTTP/1.1 200 OK", HTML + b"\r\nContent-Encoding: gzip"),
    "a charset we can't cut": (b"HTTP/1.1 200 OK", b"Content-Type: text/html; charset=utf-16"),
}


@pytest.mark.parametrize(("status", "field"), UNCHANGED.values(), ids=UNCHANGED.keys())
def test_a_page_that_cannot_be_changed_passes_byte_for_byte(status: bytes, field: bytes) -> None:
    reply = b"\r\n".join([status, field, b"Content-Length: %d" % len(PAGE), b'ETag: "1"']) + b"\r\n\r\n" + PAGE
    _, answer = through(get(b"/"), reply)

    assert answer.status.split(b" ")[1] == status.split(b" ")[1]
    assert answer.body == PAGE
    assert answer["etag"] == '"1"'
    assert answer["cache-control"] == "private, no-cache"


def test_a_redirect_on_a_touched_url_passes() -> None:
    _, answer = through(get(b"/"), b"HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\nAge: 1\r\n\r\n")

    assert (answer.status, answer["location"], answer["age"]) == (b"HTTP/1.1 302 Found", "/a", "1")


CODINGS = {
    "gzip": (gzip.compress, gzip.decompress),
    "br": (brotli.compress, brotli.decompress),
    "zstd": (zstd.compress, zstd.decompress),
}


@pytest.mark.parametrize("target", [b"/", b"/city?city=Oslo"])
@pytest.mark.parametrize("coding", CODINGS)
def test_a_page_is_changed_in_the_coding_that_the_browser_reads(coding: str, target: bytes) -> None:
    encode, decode = CODINGS[coding]
    reply = ok(encode(PAGE), HTML, b"Content-Encoding: " + coding.encode())
    _, answer = through(get(target, b"Accept-Encoding: " + coding.encode()), reply)

    expected = CHANGED if target == b"/" else PAGE.replace(b"Hi", b"Hello Oslo")
    assert answer["content-encoding"] == coding
    assert answer["content-length"] == str(len(answer.body))
    assert decode(answer.body) == expected


def test_a_browser_that_reads_no_coding_gets_a_plain_page_of_an_encoded_one() -> None:
    _, answer = through(get(b"/"), ok(gzip.compress(PAGE), HTML, b"Content-Encoding: gzip"))

    assert (answer.body, answer["content-encoding"]) == (CHANGED, "")


@pytest.mark.parametrize(("vary", "expected"), [
    (b"Cookie", "Cookie, accept-encoding"), (b"Accept-Encoding", "Accept-Encoding"), (b"*", "*"),
])  # fmt: skip
def test_a_changed_page_varies_by_coding(vary: bytes, expected: str) -> None:
    _, answer = through(get(b"/"), ok(PAGE, HTML, b"Vary: " + vary))

    assert answer["vary"] == expected


@pytest.mark.parametrize("target", [b"/", b"/city?city=Oslo", b"/search", b"/other"])
def test_a_head_says_what_a_get_would(target: bytes) -> None:
    accept = b"Accept-Encoding: gzip"

    def reply(connection: Connection) -> None:
        asked = connection.read_message()
        whole = ok(PAGE, HTML, *CACHING)
        connection.send(whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if asked.startswith(b"HEAD") else whole)

    with scripted_origin(reply) as origin, personal_proxy(origin.url) as (proxy, _):
        got = Answer.of(proxy.ask(get(target, accept)))
        head = Answer.of(proxy.ask(get(target, accept, method=b"HEAD")))

    assert head.body == b""
    assert (head.status, head.headers) == (got.status, got.headers)


CONDITIONS = (
    b'If-None-Match: "1"', b"If-Modified-Since: Mon, 01 Dec 2033 16:00:00 GMT", b"Range: bytes=0-3", b'If-Range: "1"'
)  # fmt: skip


def test_the_browsers_conditions_do_not_reach_the_origin_where_the_page_could_change() -> None:
    heard, answer = through(get(b"/", *CONDITIONS), ok(PAGE, HTML))

    assert b"\r\nif-" not in heard
    assert b"\r\nrange" not in heard
    assert (answer.status, answer.body) == (b"HTTP/1.1 200 OK", CHANGED)


def test_the_browsers_conditions_reach_the_origin_everywhere_else() -> None:
    heard, answer = through(get(b"/other", *CONDITIONS), b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')

    for field in CONDITIONS:
        assert field.lower() + b"\r\n" in heard
    assert answer.status == b"HTTP/1.1 304 Not Modified"


def test_only_codings_that_we_read_are_asked_for_where_the_page_could_change() -> None:
    field = b"Accept-Encoding: gzip, compress, br;q=0.5"
    heard, _ = through(get(b"/", field), ok(PAGE, HTML))
    assert b"\r\naccept-encoding: gzip, br;q=0.5\r\n" in heard
    heard, _ = through(get(b"/other", field), ok(PAGE, HTML))
    assert b"\r\n" + field.lower() + b"\r\n" in heard


def test_two_visitors_of_one_page_get_their_own() -> None:
    def reply(connection: Connection) -> None:
        connection.read_message()
        connection.send(ok(PAGE, HTML))

    with scripted_origin(reply) as origin, personal_proxy(origin.url) as (proxy, _):
        bodies = [Answer.of(proxy.ask(get(b"/city?city=" + city))).body for city in (b"Oslo", b"%3Cb%3E", b"Oslo", b"")]

    assert bodies[0] == bodies[2] == PAGE.replace(b"Hi", b"Hello Oslo")
    assert bodies[1] == PAGE.replace(b"Hi", b"Hello &lt;b&gt;")
    assert bodies[3] == PAGE


@pytest.mark.parametrize("with_length", [True, False])
def test_a_page_over_the_bound_streams_through(with_length: bool) -> None:
    started, seen = threading.Event(), threading.Event()
    half = b"<h1>Hi</h1>" + b"x" * 2000

    def reply(connection: Connection) -> None:
        connection.read_message()
        length = b"Content-Length: %d" % (2 * len(half)) if with_length else b"X-A: b"
        connection.send(b"\r\n".join([b"HTTP/1.1 200 OK", HTML, length]) + b"\r\n\r\n" + half)
        started.set()
        assert seen.wait(PATIENCE_SECONDS)
        connection.send(half)

    with (
        scripted_origin(reply) as origin,
        personal_proxy(origin.url, page_bytes=1000) as (proxy, _),
        proxy.connect() as browser,
    ):
        browser.send(get(b"/"))
        assert started.wait(PATIENCE_SECONDS)
        first = browser.read_until(b"x" * 2000)
        seen.set()
        rest = browser.read_to_end()

    body = first.partition(b"\r\n\r\n")[2] + rest
    assert body.count(b"<h1>Hi</h1>") == 2
    assert b"cache-control: private, no-cache\r\n" in first


def test_a_page_that_takes_too_long_streams_through() -> None:
    seen = threading.Event()

    def reply(connection: Connection) -> None:
        connection.read_message()
        connection.send(b"HTTP/1.1 200 OK\r\n" + HTML + b"\r\nContent-Length: 22\r\n\r\n<h1>Hi</h1>")
        assert seen.wait(PATIENCE_SECONDS)
        connection.send(b"<p>end</p>.")

    with (
        scripted_origin(reply) as origin,
        personal_proxy(origin.url, page_seconds=0.05) as (proxy, _),
        proxy.connect() as browser,
    ):
        browser.send(get(b"/"))
        assert browser.read_until(b"</h1>").endswith(b"\r\n\r\n<h1>Hi</h1>")
        seen.set()
        assert browser.read_to_end() == b"<p>end</p>."


BREAKS = {
    "a length that is not reached": b"Content-Length: 100\r\n\r\n<h1>Hi</h1>",
    "chunks that do not end": b"Transfer-Encoding: chunked\r\n\r\nb\r\n<h1>Hi</h1>\r\n",
}


@pytest.mark.parametrize("rest", BREAKS.values(), ids=BREAKS.keys())
def test_a_page_that_breaks_off_is_broken_off_to_the_browser(rest: bytes) -> None:
    _, answer = through(get(b"/"), b"HTTP/1.1 200 OK\r\n" + HTML + b"\r\n" + rest)

    assert answer.status == b"HTTP/1.1 200 OK"
    assert b"Hello" not in answer.body
    assert not answer.body.endswith(b"0\r\n\r\n")
    assert answer["content-length"] in ("100", "")


def test_an_error_while_deciding_costs_the_change_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    with (
        scripted_origin(replying(ok(PAGE, HTML))) as origin,
        personal_proxy(origin.url, observer=broken_observer()) as (proxy, pipeline),
    ):
        answer = Answer.of(proxy.ask(get(b"/search")))
        failures = dict(pipeline.failures)

    assert answer.body == PAGE
    assert answer["cache-control"] == "private, no-cache"
    assert failures == {"decide": 1}
    assert [record.getMessage() for record in caplog.records if record.name == "proxy.failures"] == [
        "GET /search: decide failed, the origin's page goes out"
    ]


def test_a_strange_content_type_costs_no_page() -> None:
    _, answer = through(get(b"/"), ok(PAGE, b"Content-Type: text/html; charset*0=a; charset*=b"))

    assert (answer.status, answer.body) == (b"HTTP/1.1 200 OK", CHANGED)


def test_a_get_with_a_body_puts_no_plain_page_into_a_shared_cache() -> None:
    heard, answer = through(get(b"/", b"Content-Length: 2") + b"ab", ok(PAGE, HTML, *CACHING))

    assert heard.endswith(b"\r\n\r\nab")
    assert (answer.body, answer["cache-control"]) == (PAGE, "private, no-cache")
    assert not answer["surrogate-control"]


def test_paths_that_nobody_has_are_not_remembered() -> None:
    with scripted_origin(replying(*[ok()] * 100)) as origin, personal_proxy(origin.url) as (proxy, _):
        proxy.ask(get(b"/"))
        tracemalloc.start()
        with proxy.connect() as browser:
            for number in range(99):
                # One character beyond the BMP makes each of them take four bytes.
                path = b"/%F0%9F%98%80" + b"x" * 8_000 + b"%d" % number
                browser.send(b"GET " + path + b" HTTP/1.1\r\nHost: shop.example\r\n\r\n")
                browser.read_message()
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert held < 99 * 16_000


def test_an_upload_to_a_touched_url_is_not_held() -> None:
    heard, answer = through(get(b"/", b"Content-Length: 2", b'If-Match: "1"', method=b"POST") + b"ab", ok(PAGE, HTML))

    assert heard.endswith(b"\r\n\r\nab")
    assert b'if-match: "1"' in heard
    assert answer.body == PAGE


def test_no_path_of_a_page_makes_a_terminal_do_something(caplog: pytest.LogCaptureFixture) -> None:
    book = book_of("experiences: {x: {pages: /**, change: [{select: '#none', text: Hi}]}}")
    with scripted_origin(replying(ok(PAGE, HTML))) as origin, running_proxy(origin.url, book=book) as proxy:
        proxy.ask(get(b"/%c2%9b2J"))

    assert "shop.example/%C2%9B2J: 'x' is left out" in caplog.text
    assert "\x9b" not in caplog.text
