"""The express way says what the usual way says, only sooner; and where it may not, it says nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import Message, Scope

from proxy.app import App
from proxy.cache.page_cache import PageCache
from proxy.cache.policy import Policy
from proxy.cache.sessions import session_cookies
from proxy.cache.store import PageStore
from proxy.edge import Edge
from proxy.express import Express
from proxy.ledger import Ledger
from proxy.origin.client import Origin
from proxy.origin.errors import OriginError
from proxy.page.memory import CutMemory
from proxy.pipeline import Pipeline
from proxy.request import RequestReader
from proxy.settings.cache import SessionPreset
from proxy.settings.values import ConsentSource
from proxy.visitor.consent import ConsentReader
from proxy.visitor.identity import IdentityReader
from proxy.visitor.observe import make_observer
from tests.isolation.wire import decoded
from tests.proxy.caching import FRESH, HTML, PAGE, Client, Got, Site, cached
from tests.proxy.origins import scripted_origin
from tests.proxy.page.cutting import book_of

KEY = b"k" * 32
NOON = datetime(2026, 11, 2, 12, 30, tzinfo=UTC)
BOOK = book_of("""
site: {timezone: Europe/Oslo}
experiences:
  hero:
    pages: /
    change:
      select: h1
      text: "{{ visitor.company | default('Everyone') }} from {{ source.campaign | default('there') }}"
  phones: {pages: /, who: {device.type: mobile}, change: {select: p, all: true, add_class: small}}
  swedes: {pages: /, who: {device.language: sv}, change: {select: title, text: Hej, seo: true}}
  noon: {pages: /, who: {time.hour: [12, 13]}, change: {select: h1, add_class: noon}}
  trial:
    pages: /
    experiment: {split: {a: 50, b: 50}}
    variants:
      a: {change: {select: h1, insert: {first: "<b>A</b>"}}}
      b: {change: {select: h1, insert: {first: "<b>B</b>"}}}
  nowhere: {pages: /other, change: {select: h6, text: Never}}
""")


def site() -> Site:
    site = Site()
    site.put("/", PAGE, HTML, FRESH, ("etag", '"v1"'), ("vary", "Accept-Encoding"))
    site.put("/other", PAGE, HTML, FRESH, ("etag", '"o1"'), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"))
    site.put("/plain", PAGE, HTML, FRESH, ("etag", '"p1"'))
    site.put("/x.css", b"a{}" * 99, ("content-type", "text/css"), FRESH)
    return site


def identity() -> IdentityReader:
    return IdentityReader(
        ConsentReader(ConsentSource.COOKIE, "ok", ("yes",)), [KEY], now=lambda: NOON, new_id="n".ljust(22, "x").__str__
    )


def options(*, is_express: bool) -> dict[str, object]:
    observer = make_observer((), {"company": "company"})
    return {
        "book": BOOK,
        "observer": observer,
        "identity": identity(),
        "now": lambda: NOON,
        "is_express": is_express,
        "reader": RequestReader(trusted_proxies=(ip_network("127.0.0.0/8"),)),
        "edge": Edge(KEY, 60, session_cookies(SessionPreset)),
        "policy": Policy(sessions=session_cookies(SessionPreset)),
    }


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Client, Client]]:
    """A connection to the proxy with the express way, and one to the proxy without; what they ask for is stored."""
    with (
        cached(site(), **options(is_express=True)) as express,
        cached(site(), **options(is_express=False)) as usual,
        express.connect() as one,
        usual.connect() as other,
    ):
        yield Client(one), Client(other)


def scope(target: str, *fields: str, method: str = "GET") -> Scope:
    """A request as the server reads it."""
    path, _, query = target.partition("?")
    lines = ["Host: shop.example", *"\r\n".join(fields).splitlines()]
    pairs = (line.partition(":") for line in lines)
    return {
        "type": "http",
        "method": method,
        "scheme": "http",
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.strip().encode("latin-1")) for name, _, value in pairs],
        "client": ("127.0.0.1", 1),
    }


@contextmanager
def warmed() -> Iterator[tuple[Express, Pipeline]]:
    """The express way by itself, once the usual one has answered for every page."""
    observer = make_observer((), {"company": "company"})
    ledger = Ledger(1 << 20)
    with scripted_origin(site().answer) as server, asyncio.Runner() as runner:
        origin = Origin(server.url)
        policy = Policy(sessions=session_cookies(SessionPreset))
        cache = PageCache(PageStore(ledger), policy, now=NOON.timestamp, failures=(OriginError,))
        cuts = CutMemory(ledger)
        pipeline = Pipeline(origin, observer, BOOK, now=lambda: NOON, cuts=cuts, identity=identity(), cache=cache)
        express = pipeline.express(RequestReader(), prefix="/_tailor")
        assert express is not None

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            pass

        for target in ("/", "/plain", "/x.css", "/other"):
            runner.run(App(pipeline, RequestReader())(scope(target), receive, send))
        yield express, pipeline
        cuts.close()
        runner.run(cache.close())
        runner.run(origin.close())


def at_once(*targets: str, fields: Sequence[str] = (), method: str = "GET") -> list[bool]:
    """Which of these requests the express way answers."""
    with warmed() as (express, _):
        return [express.answer(scope(target, *fields, method=method)) is not None for target in targets]


def told(got: Got) -> tuple[int, list[tuple[str, str]], bytes]:
    """What a visitor gets, but for the order of fields, and the moment at which it was stored.

    A coded body gets smaller once a thread had time for it, so not what it takes but what it says is compared.
    """
    coding = got["content-encoding"]
    passing = {"age", "content-length"} if coding else {"age"}
    fields = [(name, value.split("; ttl=")[0]) for name, value in got.headers if name not in passing]
    return got.status, sorted(fields), decoded(got.body, coding) if got.body else b""


def signed_id(name: str) -> str:
    """The cookie that a visitor of this name got."""
    reader = IdentityReader(
        ConsentReader(ConsentSource.COOKIE, "ok", ("yes",)), [KEY], now=lambda: NOON, new_id=lambda: name.ljust(22, "x")
    )
    (_, cookie), *_ = reader.read(((b"cookie", b"ok=yes"),), is_https=False).cookies
    return cookie.split(b";")[0].decode()


def told_key(client: Client, target: str, fields: Sequence[str]) -> str:
    """The field by which a cache in front says under which key it keeps what it gets."""
    asked = [each for each in fields if not each.startswith("Tailor-Variant")]
    return f"Tailor-Variant: {client.get(f'/_tailor/decide{target}', *asked)['tailor-variant']}"


FIELDS = [
    "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "User-Agent: Googlebot/2.1",
    "Accept-Language: sv",
    "Accept-Encoding: gzip",
    "Accept-Encoding: identity",
    "Referer: https://www.google.com/",
    "Sec-Fetch-Dest: image",
    "Sec-GPC: 1",
    "Connection: keep-alive",
    "Cookie: company=Acme",
    "Cookie: company=Bolt; theme=dark",
    "Cookie: ok=yes",
    "Cookie: ok=no",
    "Cookie: sessionid=1",
    f"Cookie: ok=yes; {signed_id('a')}; company=Acme",
    f"Cookie: ok=yes; {signed_id('b')}",
    f"Cookie: ok=yes; {signed_id('a')}; {signed_id('b')}",
    f"Cookie: ok=yes; {signed_id('a')}tampered",
    "X-HTTP-Method-Override: HEAD",
    "If-Modified-Since: Mon, 02 Nov 2026 12:30:00 GMT",
    'If-None-Match: "v1"',
    'If-None-Match: "o1"',
    "If-None-Match: *",
    "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
    "Range: bytes=0-9",
    "Authorization: Basic eDp5",
    "X-Forwarded-For: 203.0.113.9",
    "X-Unknown: 1",
    f"Tailor-Variant: {'f' * 32}",
    "Tailor-Variant: plain",
    "Tailor-Variant: told",
]
TARGETS = ["/", "/?utm_campaign=x", "/?utm_campaign=y&gclid=1", "/?page=2", "/other", "/plain", "/x.css", "/gone", "//"]


def test_what_is_in_memory_needs_no_task() -> None:
    assert set(at_once("/", "/?utm_campaign=x", "/plain", "/x.css", "/other")) == {True}
    assert set(at_once("/", fields=("Cookie: company=Acme", "If-None-Match: *"))) == {True}


@pytest.mark.parametrize(
    "field",
    [
        "Authorization: Basic eDp5",
        "Cache-Control: no-cache",
        "Cookie: sessionid=1",
        "Range: bytes=0-9",
        "Content-Length: 0",
        "Transfer-Encoding: chunked",
        "X-Twice: 1\r\nX-Twice: 1",
    ],
)
def test_what_is_out_of_the_ordinary_goes_the_usual_way(field: str) -> None:
    assert at_once("/", fields=(field,)) == [False]


def test_what_isn_t_stored_goes_the_usual_way() -> None:
    assert at_once("/gone", "/%2f", "/_tailor/me", "/?tailor_preview=1") == [False] * 4


@pytest.mark.parametrize("target", ["/%2f", "/a/../b", "/?\x80"])
def test_a_request_that_is_refused_is_no_failure(target: str) -> None:
    with warmed() as (express, pipeline):
        assert express.answer(scope(target)) is None
        assert pipeline.failures == {}


def test_a_method_that_isn_t_for_reading_goes_the_usual_way() -> None:
    assert at_once("/plain", method="POST") == [False]


def test_what_a_cache_in_front_may_keep_goes_the_usual_way() -> None:
    fields = ("Tailor-Variant: " + "f" * 32,)
    assert at_once("/", fields=fields) == [False]
    assert at_once("/plain", fields=("Tailor-Variant: plain",)) == [True]


def test_what_it_shows_is_counted() -> None:
    with warmed() as (express, pipeline):
        before = pipeline.counts()["shown"]
        assert isinstance(before, Counter)
        before = before.copy()
        answered = [express.answer(scope("/")) for _ in range(3)]
        told = pipeline.counts()["shown"]
    assert None not in answered
    assert told == before + Counter(hero=3, noon=3)


def test_another_rulebook_holds_at_once() -> None:
    with warmed() as (express, pipeline):
        before = express.answer(scope("/"))
        pipeline.use(book_of("  a: {pages: /, change: {select: h1, text: Later}}"))
        assert before is not None
        assert b"Everyone" in before[1]
        # It is not cut yet by the new rule.
        assert express.answer(scope("/")) is None


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    target=st.sampled_from(TARGETS),
    fields=st.lists(st.sampled_from(FIELDS), max_size=4),
    method=st.sampled_from(["GET", "GET", "GET", "HEAD"]),
)
def test_it_says_what_the_usual_way_says(
    both: tuple[Client, Client], target: str, fields: list[str], method: str
) -> None:
    fields = [told_key(both[1], target, fields) if each.endswith(": told") else each for each in fields]
    express, usual = ([client.get(target, *fields, method=method) for _ in range(3)] for client in both)

    assert list(map(told, express)) == list(map(told, usual))
