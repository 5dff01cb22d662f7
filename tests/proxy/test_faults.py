"""Faults on the way of a page, through the real server: whatever fails, visitors get what the origin sent.

Each fault is a small hostile implementation of what is handed in (a reader, a store, a clock, a resolver, a rulebook,
an origin), or work that hangs in the real worker threads. Nothing is handed in where pages are decoded and rendered:
there pages fail for real (a coding that is broken), or the ledger does, which both call. Where a fault is, the counter
says; that nobody waits too long, the connections' own patience.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NoReturn

import pytest

from proxy.app import App
from proxy.cache.page_cache import PageCache
from proxy.cache.policy import Policy
from proxy.cache.store import PageStore
from proxy.company.account import Accounts
from proxy.company.finder import CompanyFinder
from proxy.company.resolver import Columns, SparingResolver
from proxy.holding import Holding
from proxy.hosts import Hosts
from proxy.ledger import Ledger
from proxy.origin.breaker import Breaker
from proxy.origin.client import Origin
from proxy.origin.errors import OriginError
from proxy.page.memory import LARGE_BYTES, CutMemory
from proxy.page.source import AddressMapping
from proxy.page.threads import Threads
from proxy.pipeline import Pipeline
from proxy.profile.database import prepare
from proxy.profile.model import Event, Profile
from proxy.profile.sqlite import SqliteProfileStore
from proxy.profile.store import ProfileStore
from proxy.remember import Memory
from proxy.request import Request, RequestReader
from proxy.settings.values import ConsentSource
from proxy.stand_in import StandIn
from proxy.visitor.consent import Consent, ConsentReader
from proxy.visitor.geo import Header
from proxy.visitor.identity import IdentityReader
from proxy.visitor.location import Locator
from proxy.visitor.observe import Observer
from proxy.visitor.place import Place
from proxy.visitor.source import Source, SourceReader
from proxy.visitor.vouched import Vouched
from proxy.wire import Address, Headers
from rules.model import Experience, RuleBook
from tests.proxy.caching import Client, Got
from tests.proxy.origins import (
    PATIENCE_SECONDS,
    Connection,
    RunningServer,
    ok,
    plain_observer,
    running_server,
    scripted_origin,
)
from tests.proxy.page.cutting import book_of

HTML = b"Content-Type: text/html; charset=utf-8"
PAGE = b"<!doctype html><title>T</title><h1>Hi</h1>" + b"<p>Text of the origin's</p>" * 20
LARGE_PAGE = PAGE + b"<p>x</p>" * (LARGE_BYTES // 8)
KEY = b"k" * 32
BROWSER = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

BOOK = book_of(
    """
experiences:
  home: {pages: /, change: [{select: h1, text: Hello}]}
  large: {pages: /large, change: [{select: h1, text: Hello}]}
  geo: {pages: /geo, change: [{select: h1, text: "Hello {{ geo.city or 'you' }}"}]}
  source: {pages: /source, change: [{select: h1, text: "Hello {{ source.medium or 'you' }}"}]}
  visitor: {pages: /visitor, change: [{select: h1, text: "Hello {{ visitor.plan or 'you' }}"}]}
  company: {pages: /company, change: [{select: h1, text: "Hello {{ company.name or 'you' }}"}]}
  profile: {pages: /profile, change: [{select: h1, text: "Hello {{ session.pages or 'you' }}"}]}
  away: {pages: /away, redirect: /away}
"""
)


def fail(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("a fault of the test's")


class BrokenConsent(ConsentReader):
    def read(self, headers: object) -> Consent:
        fail()


class BrokenSources(SourceReader):
    def read(self, query: Mapping[str, str], referer: str, own_hosts: Collection[str]) -> Source:
        fail()


class BrokenLocator(Locator):
    def locate(self, header: Header | None, client: Address | None) -> Place:
        fail()


class BrokenVouched(Vouched):
    def signals(self, headers: Headers, *, is_https: bool) -> NoReturn:
        fail()

    def carry(self, said: bytes, headers: Headers, *, is_https: bool) -> Headers:
        fail()


class BrokenBook(RuleBook):
    @property
    def live(self) -> tuple[Experience, ...]:
        fail()


class BrokenHosts(Hosts):
    def mapping(self, request: Request, headers: Headers) -> AddressMapping | None:
        fail()


class BrokenLedger(Ledger):
    """Keeps nothing: whoever enters something, or takes it up again, fails."""

    def enter(self, key: Hashable, size: int, drop: Callable[[], object], *, body: bytes = b"") -> bool:
        fail()


class ForgetfulLedger(Ledger):
    """Fails where what was entered is used."""

    def touch(self, key: Hashable) -> None:
        fail()


class RigidLedger(Ledger):
    """Fails where what was entered grows, as a cut does whose body is rendered in one more coding."""

    def resize(self, key: Hashable, size: int) -> None:
        fail()


class BrokenThreads(Threads):
    async def run(self, work: Callable[[], object]) -> NoReturn:
        fail()


class BrokenStandIn(StandIn):
    """Fails where an experience is left out since it would lead nowhere: on the way of a route."""

    def hear_left_out(self, experience: str, why: str) -> None:
        fail()


class ForgetfulStore:
    """A store of profiles of which nothing can be had; `fails` says at what."""

    def __init__(self, fails: Collection[str]) -> None:
        self._fails = fails

    def read(self, visitor_id: str) -> Profile | None:
        return fail() if "read" in self._fails else None

    def remember(self, visitor_id: str, event: Event, at: datetime) -> None:
        if "remember" in self._fails:
            fail()

    def erase(self, visitor_id: str) -> None: ...

    def flush(self, seconds: float) -> bool:
        return True

    def counts(self) -> Mapping[str, int]:
        return {}

    def close(self) -> None: ...


class SilentResolver:
    """Never answers."""

    async def resolve(self, address: Address) -> Columns | None:
        await asyncio.Event().wait()
        return None


class BrokenFinder(CompanyFinder):
    def find_now(self, address: Address | None, *, link: str = "", email: str = "") -> NoReturn:
        fail()


def observing(**readers: Any) -> Observer:
    whole = plain_observer()
    parts: dict[str, Any] = {"devices": whole.devices, "sources": whole.sources, "locator": whole.locator, **readers}
    return Observer(**parts)


@dataclass
class Site:
    """Sends the same page for every URL, and counts how often it was asked."""

    page: bytes = PAGE
    fields: tuple[bytes, ...] = (b"Cache-Control: max-age=60",)
    asked: list[bytes] = field(default_factory=list)

    def answer(self, connection: Connection) -> None:
        while request := connection.read_message():
            self.asked.append(request)
            connection.send(ok(self.page, HTML, *self.fields))


@dataclass(frozen=True)
class Proxy:
    """A running proxy, and what it counted."""

    server: RunningServer
    pipeline: Pipeline
    threads: Threads

    def get(self, target: str, *fields: str) -> Got:
        with self.server.connect() as connection:
            return Client(connection).get(target, BROWSER, *fields)

    @property
    def failures(self) -> dict[str, int]:
        return dict(self.pipeline.failures)


def every_visitor(consent: ConsentReader | None = None) -> IdentityReader:
    consent = consent or ConsentReader(ConsentSource.NOT_REQUIRED)
    return IdentityReader(consent, (KEY,), now=lambda: datetime.now(UTC))


@contextlib.contextmanager
def running(
    site: Site | str,
    *,
    book: RuleBook = BOOK,
    ledger: Ledger | None = None,
    cache_ledger: Ledger | None = None,
    threads: Threads | None = None,
    cut_seconds: float = PATIENCE_SECONDS,
    consent: ConsentReader | None = None,
    observer: Observer | None = None,
    store: ProfileStore | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    is_cached: bool = True,
    origin_options: Mapping[str, Any] | None = None,
    **parts: Any,
) -> Iterator[Proxy]:
    """The proxy as it runs in production, but for the parts that a test breaks."""
    threads = threads or Threads()
    clock = lambda: datetime.now(UTC).timestamp()  # noqa: E731 - a clock is handed in as a function
    observer = observer or plain_observer()
    with contextlib.ExitStack() as stack:
        url = site if isinstance(site, str) else stack.enter_context(scripted_origin(site.answer)).url
        origin = Origin(url, **(origin_options or {}))
        # One that is empty is false.
        ledger = Ledger(1 << 22) if ledger is None else ledger
        cuts = CutMemory(ledger, cut_seconds=cut_seconds, threads=threads)
        pages = PageStore(Ledger(1 << 22) if cache_ledger is None else cache_ledger)
        cache = PageCache(pages, Policy(), now=clock, failures=(OriginError,)) if is_cached else None
        pipeline = Pipeline(
            origin,
            observer,
            book,
            now=now,
            cuts=cuts,
            cache=cache,
            identity=every_visitor(consent),
            memory=Memory(observer, lambda: datetime.now(UTC), store),
            **parts,
        )
        reader = RequestReader(trusted_proxies=(ip_network("127.0.0.0/8"),))
        app = App(pipeline, reader)
        express = pipeline.express(reader, prefix="/_tailor")

        async def close() -> None:
            if cache is not None:
                await cache.close()
            cuts.close()
            await origin.close()

        server = stack.enter_context(running_server(lambda: app, close, express.answer if express else None))
        yield Proxy(server, pipeline, threads)


@pytest.mark.parametrize("target", ["/", "/geo", "/source", "/visitor", "/company", "/profile"])
def test_without_a_fault_each_of_these_pages_is_changed(target: str) -> None:
    with running(Site(), store=ForgetfulStore(())) as proxy:
        got = proxy.get(target)

    assert (got.status, got.body.startswith(PAGE[: PAGE.index(b"Hi")] + b"Hello")) == (200, True)
    assert proxy.failures == {}


Fault = tuple[str, Mapping[str, Any], str]

FAULTS: Mapping[str, Fault] = {
    "the rulebook can't be read": ("/", {"book": BrokenBook()}, "plan"),
    "the clock": ("/", {"now": fail}, "decide"),
    "a visitor's place": ("/geo", {"observer": observing(locator=BrokenLocator())}, "decide"),
    "a visitor's source": ("/source", {"observer": observing(sources=BrokenSources())}, "decide"),
    "who vouches for a visitor": ("/visitor", {"observer": observing(vouched=BrokenVouched())}, "decide"),
    "a visitor's company": ("/company", {"companies": BrokenFinder()}, "decide"),
    "what is remembered of a visitor": ("/profile", {"store": ForgetfulStore({"read"})}, "decide"),
    "where a rule leads": ("/away", {"stand_in": BrokenStandIn()}, "route"),
    "what a page's addresses become": ("/", {"hosts": BrokenHosts()}, "hold"),
    "what is kept of cuts": ("/", {"ledger": BrokenLedger(1 << 20)}, "cut"),
    "the threads in which large pages are cut": ("/large", {"threads": BrokenThreads()}, "cut"),
    "the page cache": ("/plain", {"cache_ledger": BrokenLedger(1 << 20)}, "cache"),
}


@pytest.mark.parametrize(("target", "parts", "stage"), FAULTS.values(), ids=FAULTS.keys())
def test_whatever_fails_the_origins_page_goes_out_and_the_next_request_is_served(
    target: str, parts: Mapping[str, Any], stage: str
) -> None:
    site = Site(LARGE_PAGE if target == "/large" else PAGE)
    parts = {"is_cached": stage == "cache", **parts}
    with running(site, **parts) as proxy:
        first, second = proxy.get(target), proxy.get(target)

        assert [(got.status, got.body) for got in (first, second)] == [(200, site.page)] * 2
        assert proxy.failures == {stage: 2}
        assert proxy.get("/other").body == site.page


def test_a_visitor_who_cannot_be_told_is_anybody() -> None:
    with running(Site(), consent=BrokenConsent()) as proxy:
        got = proxy.get("/")

    assert (got.status, got.body, got["set-cookie"]) == (200, PAGE.replace(b"Hi", b"Hello"), "")
    assert proxy.failures == {"identify": 1}


def test_a_page_that_cannot_be_remembered_is_shown() -> None:
    with running(Site(), store=ForgetfulStore({"remember"}), is_cached=False) as proxy:
        got = proxy.get("/")

    assert (got.status, got.body) == (200, PAGE.replace(b"Hi", b"Hello"))
    assert proxy.failures == {"remember": 1}


def test_a_word_of_the_origins_on_the_visitor_that_cannot_be_kept_costs_no_page() -> None:
    with running(Site(fields=(b"Tailor-Visitor: plan=pro",)), vouched=BrokenVouched()) as proxy:
        got = proxy.get("/")

    assert (got.status, got.body) == (200, PAGE.replace(b"Hi", b"Hello"))
    assert proxy.failures == {"vouch": 1}


def test_a_page_that_cannot_be_rendered_goes_out_as_it_came() -> None:
    with running(Site(), ledger=RigidLedger(1 << 20), is_cached=False) as proxy:
        got = proxy.get("/", "Accept-Encoding: gzip")

        assert (got.status, got.body, got["content-encoding"]) == (200, PAGE, "")
        assert proxy.failures == {"cut": 1}
        assert proxy.get("/").body == PAGE.replace(b"Hi", b"Hello")


def test_a_page_in_a_broken_coding_goes_out_as_it_came() -> None:
    with running(Site(fields=(b"Content-Encoding: gzip",))) as proxy:
        got = proxy.get("/", "Accept-Encoding: gzip")

    assert (got.status, got.body, got["content-encoding"]) == (200, PAGE, "gzip")


def test_a_page_is_changed_though_the_page_cache_fails() -> None:
    with running(Site(), cache_ledger=BrokenLedger(1 << 20)) as proxy:
        got = proxy.get("/")

    assert (got.status, got.body) == (200, PAGE.replace(b"Hi", b"Hello"))
    assert proxy.failures == {"cache": 1}


def test_what_fails_at_once_is_tried_the_usual_way() -> None:
    with running(Site(), ledger=ForgetfulLedger(1 << 20)) as proxy, proxy.server.connect() as connection:
        browser = Client(connection)
        answers = [browser.get("/") for _ in range(3)]

    assert [got.status for got in answers] == [200] * 3
    assert answers[-1].body == PAGE
    assert {"express", "cut"} <= proxy.failures.keys()


def test_a_body_that_is_sent_once_is_not_sent_again_where_the_page_cache_fails() -> None:
    site = Site()
    with running(site, cache_ledger=BrokenLedger(1 << 20)) as proxy, proxy.server.connect() as connection:
        connection.send(b"POST /plain HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 2\r\n\r\nhi")
        got = Client(connection).read()

    assert (got.status, got.body, len(site.asked)) == (200, PAGE, 1)


@contextlib.contextmanager
def hung(proxy: Proxy, times: int = 1) -> Iterator[None]:
    """So many of the proxy's worker threads hang."""
    blocked, begun = threading.Event(), threading.Semaphore(0)

    def hang() -> None:
        begun.release()
        blocked.wait(PATIENCE_SECONDS * 2)

    threads = [
        threading.Thread(target=lambda: asyncio.run(proxy.threads.run(hang)), name="hangs") for _ in range(times)
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in threads:
            assert begun.acquire(timeout=PATIENCE_SECONDS)
        yield
    finally:
        blocked.set()
        for thread in threads:
            thread.join()


def test_a_cut_that_hangs_costs_a_visitor_no_more_than_its_deadline() -> None:
    site = Site(LARGE_PAGE)
    with running(site, threads=Threads(most=1), cut_seconds=0.05) as proxy, hung(proxy):
        late, plain = proxy.get("/large"), proxy.get("/plain")

        assert (late.status, late.body) == (200, LARGE_PAGE)
        assert late["cache-control"] == "private, no-cache"
        assert plain.body == LARGE_PAGE
        assert proxy.failures == {"cut-late": 1}


def test_where_too_many_cuts_hang_nobody_waits_for_one_more() -> None:
    threads = Threads(most=1, waiting=0)
    with running(Site(LARGE_PAGE), threads=threads) as proxy, hung(proxy):
        got = proxy.get("/large")

        assert (got.status, got.body) == (200, LARGE_PAGE)
        assert proxy.failures == {"cut-crowded": 1}


def test_a_page_that_was_late_is_changed_once_the_threads_go_on() -> None:
    with running(Site(LARGE_PAGE), threads=Threads(most=1), cut_seconds=PATIENCE_SECONDS) as proxy:
        with hung(proxy):
            pass
        got = proxy.get("/large")

    assert got.body == LARGE_PAGE.replace(b"Hi", b"Hello")
    assert proxy.failures == {}


def test_a_resolver_that_never_answers_costs_a_visitor_no_more_than_its_deadline() -> None:
    resolver = SparingResolver(SilentResolver(), clock=lambda: 0.0, wait_seconds=0.05)
    finder = CompanyFinder(Accounts, resolver=resolver)
    with running(Site(), companies=finder) as proxy:
        got = proxy.get("/company", "X-Forwarded-For: 8.8.8.8")

    assert (got.status, got.body) == (200, PAGE.replace(b"Hi", b"Hello you"))
    assert resolver.counts["late"] == 1


def test_a_disk_that_hangs_costs_a_visitor_what_is_remembered_of_them_and_no_page(tmp_path: Path) -> None:
    path, goes_on = tmp_path / "profiles.db", threading.Event()

    def clock() -> datetime:
        # The thread that reads the file doesn't get to see it.
        if threading.current_thread().name == "profiles-read":
            goes_on.wait(PATIENCE_SECONDS)
        return datetime.now(UTC)

    prepare(path, datetime.now(UTC))
    with contextlib.closing(SqliteProfileStore(path, now=clock, read_seconds=0.01)) as store:
        with running(Site(), store=store) as proxy:
            answers = [proxy.get("/profile") for _ in range(2)]
        goes_on.set()

    assert [(got.status, got.body) for got in answers] == [(200, PAGE.replace(b"Hi", b"Hello you"))] * 2
    assert proxy.failures == {}


def test_pages_for_which_there_is_no_room_go_out_as_they_came() -> None:
    with running(Site(), holding=Holding(len(PAGE) - 1), is_cached=False) as proxy:
        got = proxy.get("/")

    assert (got.status, got.body) == (200, PAGE)
    assert proxy.failures == {"hold-crowded": 1}


def test_an_origin_that_is_down_is_spared_while_the_page_cache_answers() -> None:
    breaker = Breaker(clock=time.monotonic, failures=1, rest_seconds=PATIENCE_SECONDS * 10)
    site = Site(fields=(b"Cache-Control: max-age=60, stale-if-error=60",))
    with contextlib.ExitStack() as stack:
        url = (origin := stack.enter_context(contextlib.ExitStack())).enter_context(scripted_origin(site.answer)).url
        proxy = stack.enter_context(running(url, origin_options={"breaker": breaker}))
        proxy.get("/")
        origin.close()
        down, spared, kept = proxy.get("/down"), proxy.get("/down"), proxy.get("/")

    assert [(got.status, got["proxy-status"]) for got in (down, spared)] == [
        (502, "tailor; error=connection_refused"),
        (502, 'tailor; error=destination_unavailable; details="left alone after failures in a row"'),
    ]
    assert (kept.status, kept.body) == (200, PAGE.replace(b"Hi", b"Hello"))
    assert proxy.pipeline.counts()["origin_requests"] == {
        "open": 0,
        "waiting": 0,
        "crowded": 0,
        "given_up": 1,
        "spared": 1,
    }


def test_who_finds_no_place_at_a_slow_origin_is_told_when_to_come_again() -> None:
    asked, answer = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        connection.read_message()
        asked.set()
        assert answer.wait(PATIENCE_SECONDS)
        connection.send(ok(PAGE, HTML))

    with contextlib.ExitStack() as stack:
        url = stack.enter_context(scripted_origin(slow)).url
        options = {"connections": 1, "connect_seconds": 0.05}
        proxy = stack.enter_context(running(url, origin_options=options))
        first = Client(stack.enter_context(proxy.server.connect()))
        first.send("/first")
        assert asked.wait(PATIENCE_SECONDS)
        crowded = proxy.get("/second")
        answer.set()

        assert (crowded.status, crowded["retry-after"]) == (503, "1")
        assert crowded["proxy-status"] == "tailor; error=connection_limit_reached"
        assert first.read().body == PAGE
        assert proxy.get("/third").body == PAGE
