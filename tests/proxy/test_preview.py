"""The preview, whole: a real server before an origin that says what the test scripts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest

from proxy.app import App
from proxy.ledger import Ledger
from proxy.origin.client import Origin
from proxy.page.memory import CutMemory
from proxy.pipeline import Pipeline
from proxy.preview import COOKIE, Preview
from proxy.request import RequestReader
from proxy.stand_in import StandIn
from proxy.visitor.consent import ConsentReader
from proxy.visitor.identity import IdentityReader
from rules.model import RuleBook
from tests.proxy.origins import (
    RunningServer,
    ScriptedOrigin,
    ok,
    plain_observer,
    replying,
    running_proxy,
    running_server,
    scripted_origin,
)
from tests.proxy.page.cutting import book_of
from tests.proxy.structured import parse_list

RULES = """
goals:
  bought: {page: /thanks}
experiences:
  hero:
    pages: /
    priority: 9
    who: {geo.country: [NO, SE]}
    change: [{select: h1, text: "Hello {{ geo.city or 'you' }}"}]
  night:
    pages: /
    when: {hours: "20:00-23:00", timezone: visitor}
    change: [{select: p, text: Good evening}]
  no-such-place:
    pages: /
    draft: true
    change: [{select: "#nowhere", text: Hi}]
  button:
    pages: /pricing
    experiment: {goal: bought, split: {original: 50, bold: 50}}
    variants: {bold: {change: [{select: p, text: Buy}]}}
  members:
    pages: /club
    who: {visitor.plan: gold}
    change: [{select: p, text: Gold}]
  away: {pages: /old, redirect: /new}
  beside: {pages: /old, change: [{select: p, text: Stay}]}
"""
PAGE = b"<!doctype html><h1>Hi</h1><p>page</p>"
HTML = (b"Content-Type: text/html; charset=utf-8", b"Cache-Control: public, max-age=60", b"ETag: x", b"Age: 5")
NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)


@dataclass
class Rules:
    """A rulebook that runs, and what is wrong with a later one."""

    book: RuleBook
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Author:
    """Somebody who looks at the preview, as curl does: no cookie is kept."""

    server: RunningServer
    origin: ScriptedOrigin

    def get(self, target: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.get(self.server.url + target, headers=named, trust_env=False)

    def told(self, target: str, **headers: str) -> Mapping[str, Mapping[str, object]]:
        return told(self.get(target, **headers))


def told(response: httpx.Response) -> dict[str, dict[str, object]]:
    """`X-Tailor`: the parameters of each item by its name."""
    return dict(parse_list(response.headers["x-tailor"].encode()))


@contextlib.contextmanager
def previewing(*replies: bytes, rules: Rules | None = None) -> Iterator[Author]:
    running = rules or Rules(book_of(RULES))
    with scripted_origin(replying(*(replies or [ok(PAGE, *HTML)] * 3))) as site:
        origin = Origin(site.url)
        cuts = CutMemory(Ledger(1 << 20))
        identity = IdentityReader(ConsentReader(), now=lambda: NOON)

        def make_pipeline(book: RuleBook, stand_in: StandIn) -> Pipeline:
            return Pipeline(
                origin, plain_observer(), book, now=lambda: NOON, cuts=cuts, identity=identity, stand_in=stand_in
            )

        app = App(Preview(running, make_pipeline), RequestReader())
        with running_server(lambda: app, origin.close) as server:
            yield Author(server, site)


@pytest.fixture
def author() -> Iterator[Author]:
    with previewing() as somebody:
        yield somebody


def test_a_persona_sees_what_such_a_visitor_would_see_and_the_header_says_why(author: Author) -> None:
    response = author.get("/?tailor.as=geo.country:SE,geo.city:Lund")
    assert "<h1>Hello Lund</h1><p>page</p>" in response.text
    assert told(response) == {
        "*": {"as": "geo.country:SE,geo.city:Lund"},
        "hero": {"shown": True},
        "night": {
            "not": True,
            "why": 'not now, by when: {hours: "20:00-23:00", timezone: visitor} (saw 2026-12-02T12:00:00+00:00)',
        },
        "no-such-place": {"not": True, "draft": True, "why": "#nowhere: its selector finds nothing"},
    }


def test_oneself_has_no_country_that_is_known(author: Author) -> None:
    assert author.told("/")["hero"] == {
        "not": True,
        "why": "unknown, by geo.country: [NO, SE] (saw no value)",
    }


def test_the_moment_is_on_the_personas_clock(author: Author) -> None:
    told_of = author.told("/?tailor.as=at:2026-12-24T21:00,geo.timezone:Asia/Tokyo")
    assert told_of["night"] == {"shown": True}


def test_a_persona_is_kept_in_a_cookie_until_it_is_emptied(author: Author) -> None:
    first = author.get("/?tailor.as=geo.country:SE")
    (cookie,) = first.headers.get_list("set-cookie")
    assert cookie == f"{COOKIE.decode()}=geo.country%3ASE; Path=/; HttpOnly; SameSite=Lax"
    pair = cookie.partition(";")[0]
    assert author.told("/", cookie=pair)["hero"] == {"shown": True}
    emptied = author.get("/?tailor.as=", cookie=pair)
    assert "Max-Age=0" in emptied.headers["set-cookie"]
    assert "not" in told(emptied)["hero"]


def test_neither_parameter_nor_cookie_reach_the_origin_and_all_else_does(author: Author) -> None:
    author.get("/?a=1&tailor%2Eas=geo.country:SE&b=2", cookie="a=1; tailor_as=geo.country%3ANO; b=2")
    heard = author.origin.heard
    assert heard.startswith(b"GET /?a=1&b=2 HTTP/1.1\r\n")
    assert b"cookie: a=1; b=2\r\n" in heard
    assert b"tailor_as" not in heard


def test_no_cache_may_keep_a_response(author: Author) -> None:
    response = author.get("/")
    assert response.headers.get_list("cache-control") == ["no-store"]
    assert "age" not in response.headers


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("geo.contry:SE", "tailor.as: unknown signal `geo.contry`\n  did you mean 'geo.country'?"),
        ("geo.eu:perhaps", "tailor.as: `geo.eu` is `true` or `false`, not `perhaps`"),
        ("geo.city:%3Cscript%3E,geo.city:b", "tailor.as: `geo.city` is said twice"),
        ("source.term:" + "x" * 4000, "tailor.as: this is more than a browser keeps in a cookie"),
        ("variant.button:loud", "tailor.as: unknown variant `loud`\n  it has original, bold"),
    ],
)
def test_what_can_not_be_is_a_plain_text_that_says_what_it_should_be(
    author: Author, written: str, complaint: str
) -> None:
    response = author.get(f"/?tailor.as={written}")
    assert response.status_code == 400
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text.startswith(complaint)
    assert "?tailor.as=" in response.text
    assert "set-cookie" not in response.headers


def test_an_experiment_says_its_arm() -> None:
    with previewing() as author:
        bold = author.get("/pricing?tailor.as=variant.button:bold")
        assert "<p>Buy</p>" in bold.text
        assert told(bold)["button"] == {"shown": True, "arm": "bold"}
        original = author.told("/pricing?tailor.as=variant.button:original")
        assert original["button"] == {"not": True, "arm": "original", "why": "sees the original"}
        assert author.told("/pricing")["button"] == {"not": True, "why": "not enrolled"}


def test_one_id_is_always_in_the_same_arm() -> None:
    with previewing(*[ok(PAGE, *HTML)] * 2) as author:
        arms = [author.told("/pricing?tailor.as=id:anna")["button"]["arm"] for _ in range(2)]
        assert arms[0] == arms[1]


def test_without_consent_there_is_no_id_and_no_signal_that_needs_it() -> None:
    with previewing() as author:
        assert author.told("/pricing?tailor.as=id:anna,consent:no")["button"]["why"] == "not enrolled"
        assert author.told("/club?tailor.as=visitor.plan:gold")["members"] == {"shown": True}


def test_who_is_led_away_is_told_by_which_experience() -> None:
    with previewing(ok(PAGE.replace(b"<p>", b"<b>"), *HTML)) as author:
        response = author.get("/old", accept="text/html")
        assert (response.status_code, response.headers["location"]) == (302, "/new")
        assert told(response)["away"] == {"shown": True}
        assert told(response)["beside"] == {"not": True, "why": "`away` leads to another page"}
        assert response.headers["cache-control"] == "no-store"


def test_a_page_that_no_experience_is_for_says_so() -> None:
    with previewing(ok(PAGE, *HTML)) as author:
        assert author.told("/elsewhere") == {"*": {"why": "no experience is for this page"}}


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (ok(PAGE, *HTML).replace(b"200 OK", b"404 Not Found"), "the page is not changed: the origin answers with 404"),
        (ok(b"{}", b"Content-Type: application/json"), "the page is not changed: it is no HTML"),
    ],
)
def test_what_can_not_be_changed_says_why(reply: bytes, why: str) -> None:
    with previewing(reply) as author:
        assert author.told("/?tailor.as=geo.country:SE")["hero"] == {"not": True, "why": why}


def test_a_rulebook_that_is_edited_is_the_next_requests() -> None:
    rules = Rules(RuleBook())
    with previewing(rules=rules) as author:
        assert "*" in author.told("/")
        rules.book = book_of(RULES)
        assert "hero" in author.told("/")


def test_a_broken_rulebook_shows_its_problems_and_the_last_one_stays() -> None:
    with previewing(rules=Rules(book_of(RULES), ("rules/a.yaml:1:1: “what” is this",))) as author:
        response = author.get("/?tailor.as=geo.country:SE")
    assert "Hello" in response.text
    ((problem, _),) = parse_list(response.headers["x-tailor-problems"].encode())
    assert problem == "rules/a.yaml:1:1: “what” is this"


@pytest.mark.parametrize("host", ["localhost:8090", "127.0.0.1", "shop.localhost:8090", "[::1]:8090"])
def test_a_name_of_this_machine_is_answered(author: Author, host: str) -> None:
    assert author.get("/", host=host).status_code == 200


def test_a_name_of_a_foreign_page_that_points_here_is_not() -> None:
    with previewing(ok()) as author:
        assert author.get("/", host="rebound.example:8090").status_code == 403
        author.get("/elsewhere")


def test_rules_for_a_host_are_seen_under_it() -> None:
    book = book_of("experiences: {x: {pages: {path: /, host: shop.example}, change: [{select: p, text: Shop}]}}")
    with previewing(rules=Rules(book)) as author:
        assert "x" not in author.told("/")
        assert author.told("/?tailor.as=host:shop.example")["x"] == {"shown": True}
        assert b"host: 127.0.0.1" in author.origin.heard.lower()


def test_serving_visitors_knows_nothing_of_it() -> None:
    page = ok(PAGE, *HTML)
    with (
        scripted_origin(replying(page, page)) as origin,
        running_proxy(origin.url, book=book_of(RULES)) as proxy,
    ):
        asked = httpx.get(
            f"{proxy.url}/?tailor.as=geo.country:SE", headers={"cookie": "tailor_as=geo.country%3ASE"}, trust_env=False
        )
        assert "<h1>Hi</h1>" in asked.text
        assert "x-tailor" not in asked.headers
        assert "set-cookie" not in asked.headers
        # To the origin they are what any other parameter and cookie are.
        assert b"/?tailor.as=geo.country:SE HTTP" in origin.heard
        assert b"tailor_as=geo.country%3ASE" in origin.heard
