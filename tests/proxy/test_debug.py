"""What a response tells of itself to who has a token, behind the real server, and to nobody else."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest

from proxy.app import App
from proxy.cache.page_cache import PageCache
from proxy.cache.policy import Policy
from proxy.cache.store import PageStore
from proxy.debug import Debug
from proxy.debug_tokens import DebugTokens, sign_token
from proxy.ledger import Ledger
from proxy.monitoring.accounting import Accounting
from proxy.monitoring.traffic import Traffic
from proxy.origin.client import Origin
from proxy.origin.errors import OriginError
from proxy.page.memory import CutMemory
from proxy.pipeline import Pipeline
from proxy.request import RequestReader
from proxy.stand_in import StandIn
from rules.model import RuleBook
from tests.proxy.caching import FRESH, HTML, PAGE, Client, Got, Site
from tests.proxy.origins import plain_observer, running_server, scripted_origin
from tests.proxy.page.cutting import book_of
from tests.proxy.structured import parse_list

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
KEYS = (b"k" * 32,)
TOKEN = f"Tailor-Debug: {sign_token(KEYS, NOON, 60)}"
OVER = f"Tailor-Debug: {sign_token(KEYS, NOON, -1)}"
BOOK = book_of("""
experiences:
  hero: {pages: /, change: [{select: h1, text: Hello}]}
  swedes: {pages: /, who: {device.language: sv}, change: [{select: p, all: true, text: Hej}]}
  nowhere: {pages: /, change: [{select: .nowhere, text: Hi}]}
  away: {pages: /old, redirect: /}
""")


class Rules:
    book = BOOK


@contextlib.contextmanager
def debugged(site: Site) -> Iterator[Client]:
    """A connection to the proxy as `tailor serve` makes it of its parts."""
    site.put("/", PAGE, HTML, FRESH, ("cdn-cache-control", "max-age=60"))
    site.put("/plain", PAGE, HTML, FRESH)
    site.put("/old", PAGE, HTML)
    ledger, reader, numbers = Ledger(1 << 20), RequestReader(), count(1)
    cuts, observer = CutMemory(ledger), plain_observer()
    with scripted_origin(site.answer) as server:
        origin = Origin(server.url)
        cache = PageCache(PageStore(ledger), Policy(), now=NOON.timestamp, failures=(OriginError,))

        def make_pipeline(book: RuleBook, stand_in: StandIn | None = None) -> Pipeline:
            return Pipeline(origin, observer, book, now=lambda: NOON, cuts=cuts, cache=cache, stand_in=stand_in)

        pipeline = make_pipeline(BOOK)
        debug = Debug(
            pipeline, Rules(), make_pipeline, DebugTokens(KEYS, lambda: NOON), clock=lambda: next(numbers) / 1000
        )
        accounting = Accounting(Traffic(), reader, clock=lambda: 0.0, new_id=lambda: "r1")
        express = pipeline.express(reader, prefix="/_tailor")
        assert express is not None

        async def close() -> None:
            await cache.close()
            await origin.close()
            cuts.close()

        app = accounting.app(App(debug, reader))
        with running_server(lambda: app, close, express.answer) as proxy, proxy.connect() as connection:
            yield Client(connection)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def client(site: Site) -> Iterator[Client]:
    with debugged(site) as client:
        yield client


def told_by(got: Got) -> dict[str, dict[str, object]]:
    return dict(parse_list(got["x-tailor"].encode()))


def is_debugged(got: Got) -> bool:
    return bool(got["x-tailor"] or got["server-timing"])


def test_with_a_token_each_experience_is_told_of_with_its_reason(client: Client) -> None:
    got = client.get("/", TOKEN)
    told = told_by(got)
    assert [*told] == ["*", "hero", "swedes", "nowhere"]
    assert told["hero"] == {"shown": True}
    assert "device.language: sv" in str(told["swedes"]["why"])
    assert told["nowhere"]["why"] == ".nowhere: its selector finds nothing"


def test_the_name_of_the_request_is_told_by_which_the_log_has_it(client: Client) -> None:
    assert told_by(client.get("/", TOKEN))["*"]["id"] == "r1"


def test_every_step_is_timed_and_all_of_them_together(client: Client) -> None:
    timing = client.get("/", TOKEN)["server-timing"]
    steps = dict(re.findall(r"(\w+);dur=([0-9.]+)(?:, |$)", timing))
    assert [*steps] == ["identify", "observe", "decide", "route", "fetch", "cut", "respond", "total"]
    assert float(steps["total"]) == sum(float(each) for name, each in steps.items() if name != "total")


def test_the_page_is_the_one_that_everybody_gets(client: Client) -> None:
    assert client.get("/", TOKEN).body == client.get("/").body


def test_such_a_response_is_kept_by_no_cache(client: Client) -> None:
    got = client.get("/", TOKEN)
    assert got["cache-control"] == "no-store"
    assert got["cdn-cache-control"] == ""


def test_who_asks_next_without_a_token_is_told_nothing(client: Client) -> None:
    assert is_debugged(client.get("/", TOKEN))
    assert not is_debugged(client.get("/"))
    assert not is_debugged(client.get("/"))
    assert is_debugged(client.get("/", TOKEN))


@pytest.mark.parametrize("fields", [[OVER], [f"{TOKEN}x"], ["Tailor-Debug:"], [TOKEN, TOKEN], ["Tailor-Debug: 1"]])
def test_a_token_that_is_wrong_or_over_is_as_none(client: Client, fields: list[str]) -> None:
    plain, got = client.get("/"), client.get("/", *fields)
    assert not is_debugged(got)
    assert (got.status, got.body, got["cache-control"]) == (plain.status, plain.body, plain["cache-control"])


@pytest.mark.parametrize("field", [TOKEN, OVER, "Tailor-Debug: 1"])
def test_the_origin_hears_of_no_token(site: Site, client: Client, field: str) -> None:
    client.get("/", field)
    client.get("/plain", field)
    assert site.asked
    assert not any(b"tailor-debug" in asked.lower() for asked in site.asked)


def test_where_no_rule_applies_that_is_what_is_told(client: Client) -> None:
    told = told_by(client.get("/plain", TOKEN))
    assert told == {"*": {"id": "r1", "why": "no experience is for this page"}}


def test_a_redirect_tells_which_experience_it_is_of(client: Client) -> None:
    got = client.get("/old", TOKEN)
    assert got.status == 302
    assert told_by(got)["away"] == {"shown": True}


def test_a_head_is_told_the_same(client: Client) -> None:
    assert is_debugged(client.get("/", TOKEN, method="HEAD"))
