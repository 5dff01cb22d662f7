"""What a decision comes to on the pages of a site, through real sockets."""

from __future__ import annotations

import gzip

import httpx
import pytest

from proxy.cli.origin_pages import OriginPages, UnreachableError
from rules.run_tests import Result, run_tests
from tests.proxy.origins import ok, replying, scripted_origin
from tests.proxy.page.cutting import book_of
from tests.rules.reading import NOON

RULES = """
experiences:
  hero: {pages: /**, priority: 1, change: [{select: h1, text: "Hej {{ geo.city or 'du' }}"}]}
  second: {pages: /**, change: [{select: h1, text: Second}]}
  away: {pages: /old, priority: 9, redirect: /new}
tests:
"""
HTML = b"Content-Type: text/html"


def results(tests: str, *replies: bytes) -> tuple[Result, ...]:
    with scripted_origin(replying(*replies)) as site, httpx.Client(base_url=site.url, trust_env=False) as client:
        return run_tests(book_of(RULES + tests), NOON, OriginPages(client).look)


def test_a_place_that_another_experience_won_is_not_shown() -> None:
    (result,) = results("  - {name: it, visit: {page: /}, shows: [hero, second]}", ok(b"<h1>Hi</h1>", HTML))
    assert [(miss.experience.id, miss.left_out) for miss in result.misses] == [
        ("second", "h1: 'hero' changes the same place and wins")
    ]


def test_what_lost_its_place_is_hidden() -> None:
    (result,) = results("  - {name: it, visit: {page: /}, hides: second}", ok(b"<h1>Hi</h1>", HTML))
    assert not result.failed


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        (
            "<h1>Hi</h1><p>caf\N{LATIN SMALL LETTER E WITH ACUTE}</p>".encode("iso-8859-1"),
            (HTML + b"; charset=iso-8859-1",),
        ),
        (gzip.compress("<h1>Hi</h1><p>café</p>".encode()), (HTML + b"; charset=utf-8", b"Content-Encoding: gzip")),
        (b"<h1>Hi</h1><p>caf&eacute;</p>", (HTML,)),
    ],
    ids=["another charset", "compressed", "a reference"],
)
def test_texts_are_compared_as_a_browser_reads_them(page: bytes, fields: tuple[bytes, ...]) -> None:
    tests = "  - {name: it, visit: {page: /, geo.city: Malmö}, places: {h1: Hej Malmö, p: café}}"
    (result,) = results(tests, ok(page, *fields))
    assert result.wrong_texts == ()


def test_the_page_is_asked_for_with_its_query_and_host() -> None:
    tests = '  - {name: it, visit: {page: "/a b?q=x&r=ö", host: shop.example}, shows: hero}'
    with (
        scripted_origin(replying(ok(b"<h1>Hi</h1>", HTML))) as site,
        httpx.Client(base_url=site.url, trust_env=False) as client,
    ):
        run_tests(book_of(RULES + tests), NOON, OriginPages(client).look)
    assert site.heard.startswith(b"GET /a%20b?q=x&r=%C3%B6 HTTP/1.1\r\n")
    assert b"Host: shop.example\r\n" in site.heard.title().replace(b"Shop.Example", b"shop.example")


@pytest.mark.parametrize(
    ("reply", "trouble"),
    [
        (
            b"HTTP/1.1 301 Moved\r\nLocation: /b/\r\nContent-Length: 0\r\n\r\n",
            "/b: the origin answers with 301, to /b/, and Tailor changes no such page",
        ),
        (
            ok(b"{}", b"Content-Type: application/json"),
            "/b: the origin sends what Tailor passes on untouched (not HTML, too large, or no-transform)",
        ),
        (ok(b"<h1>Hi</h1>", HTML + b"; charset=utf-16"), "/b: pages in UTF-16"),
        (b"nonsense\r\n\r\n", "/b: the origin did not answer as it should: "),
        (ok(b"<b>" * 300 + b"<h1>Hi</h1>", HTML), "/b: its elements are nested too deep"),
    ],
)
def test_a_page_that_can_not_be_changed_is_told(reply: bytes, trouble: str) -> None:
    tests = "  - {name: it, visit: {page: /b}, shows: hero}\n  - {name: again, visit: {page: /b}, shows: hero}"
    told = results(tests, reply)
    assert [result.trouble.startswith(trouble) for result in told] == [True, True], told[0].trouble
    assert all(result.failed and not result.misses for result in told)


def test_who_is_led_away_is_asked_no_places() -> None:
    tests = (
        "  - {name: it, visit: {page: /old}, shows: away}\n"
        "  - {name: places, visit: {page: /old}, shows: away, places: {h1: Hi}}"
    )
    plain, places = results(tests)
    assert not plain.failed
    assert places.trouble == "away leads to another page: name no places here"


def test_an_origin_that_takes_no_connection_ends_the_run() -> None:
    with scripted_origin(replying()) as gone:
        pass
    with httpx.Client(base_url=gone.url, trust_env=False) as client, pytest.raises(UnreachableError):
        run_tests(book_of(RULES + "  - {name: it, visit: {page: /}, shows: hero}"), NOON, OriginPages(client).look)
