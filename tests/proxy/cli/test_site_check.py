from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from proxy.cli.site_check import OriginDownError, SiteCheck, check_site
from rules.model import RuleBook
from tests.proxy.origins import asgi_origin, replying, scripted_origin
from tests.rules.reading import rulebook

HOME = "<h1>Hi</h1><ul class=a><li>1<li>2</ul><a class=cta>x</a><a class=cta>y</a><p class=caf\xe9>z</p>"


def site(pages: Mapping[str, Response]) -> Starlette:
    def answer(request: Request) -> Response:
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        host = request.headers["host"].partition(":")[0]
        return pages.get(f"{host}{target}") or pages.get(target) or HTMLResponse("gone", 404)

    return Starlette(routes=[Route("/{path:path}", answer)])


async def checked(book: RuleBook, url: str) -> SiteCheck:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        return await check_site(book, client)


def look(folder: Path, text: str, pages: Mapping[str, Response]) -> SiteCheck:
    with asgi_origin(site(pages)) as origin:
        return asyncio.run(checked(rulebook(folder, text), origin.url))


def told(folder: Path, text: str, pages: Mapping[str, Response]) -> list[str]:
    return [
        f"{each.position.line}:{each.position.column} {each.message}" for each in look(folder, text, pages).problems
    ]


def experience(change: str, pages: str = "/") -> str:
    return f"experiences:\n  a:\n    pages: {pages}\n    change:\n      - {change}\n"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("{select: h1, text: Hi}", []),
        ("{select: h2, text: Hi}", ["5:9 `h2` finds nothing on /"]),
        ("{select: h2, text: Hi, optional: true}", []),
        ("{select: a.cta, text: Hi}", ["5:9 `a.cta` finds 2 places on /"]),
        ("{select: a.cta, text: Hi, all: true}", []),
        ("{select: p.caf\xe9, text: Hi}", []),
        ("{select: ul, rank: {items: '> li', read: {n: 'b'}, by: [{boost: 1, where: {item.n: x}}]}}", []),
        (
            "{select: ul, rank: {items: '> p', read: {n: 'b'}, by: [{boost: 1, where: {item.n: x}}]}}",
            ["5:9 `> p` finds no items in `ul` on /"],
        ),
    ],
)
def test_a_place_that_is_not_found_as_it_should_be_is_told(tmp_path: Path, change: str, expected: list[str]) -> None:
    assert told(tmp_path, experience(change), {"/": HTMLResponse(HOME)}) == expected


def test_pages_with_a_star_are_looked_up_where_a_test_visits_one(tmp_path: Path) -> None:
    text = experience("{select: h1, text: Hi}", "[/products/*, /b]")
    visit = "tests: [{name: x, visit: {page: /products/tent?x=1}, shows: a}]\n"
    pages = {"/b": HTMLResponse(HOME), "/products/tent?x=1": HTMLResponse("<p>no heading")}
    assert look(tmp_path, text, pages).pages == 1
    assert told(tmp_path, text + visit, pages) == ["5:9 `h1` finds nothing on /products/tent?x=1"]


def test_the_query_and_the_host_of_a_pattern_are_asked_for(tmp_path: Path) -> None:
    text = experience("{select: h1, text: Hi}", "{path: /, host: shop.example, query: {ref: news}}")
    assert told(tmp_path, text, {"shop.example/?ref=news": HTMLResponse(HOME)}) == []


def test_the_changes_beside_serve_are_looked_up_on_the_page_that_is_served(tmp_path: Path) -> None:
    text = "experiences:\n  a: {pages: /, serve: /b, change: {select: h1, text: Hi}}\n"
    assert told(tmp_path, text, {"/": HTMLResponse("<p>"), "/b": HTMLResponse(HOME)}) == []
    assert told(tmp_path, text, {"/": HTMLResponse(HOME)}) == ["2:3 `a` is for /b, which answers 404"]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (HTMLResponse("x", 500), "answers 500"),
        (Response("{}", media_type="application/json"), "is no page that can be changed"),
        (RedirectResponse("https://elsewhere.example/"), "leads to another site, https://elsewhere.example/"),
        (RedirectResponse("/"), "leads on and on, at last to /"),
        (HTMLResponse("<b><i><p>" * 20_000), "is never changed: it has, or would become, too many elements"),
        (Response("x", media_type="text/html; charset=utf-16"), "is never changed: its charset is UTF-16"),
    ],
)
def test_a_page_that_can_not_be_changed_is_told(tmp_path: Path, page: Response, expected: str) -> None:
    (problem,) = told(tmp_path, experience("{select: h1, text: Hi}"), {"/": page})
    assert problem.startswith(f"2:3 `a` is for /, which {expected}")


def test_redirects_within_the_site_are_followed(tmp_path: Path) -> None:
    pages = {"/": RedirectResponse("/start?x=1"), "/start?x=1": HTMLResponse(HOME)}
    assert told(tmp_path, experience("{select: h1, text: Hi}"), pages) == []


def test_what_only_redirects_needs_no_page(tmp_path: Path) -> None:
    assert look(tmp_path, "experiences: {a: {pages: /, redirect: /b}}", {}).pages == 0


def test_a_page_that_several_rules_name_is_asked_for_once(tmp_path: Path) -> None:
    change = "change: {select: h1, text: Hi}"
    text = f"experiences:\n  a: {{pages: /, {change}}}\n  b: {{pages: [/, /c], {change}}}\n"
    assert look(tmp_path, text, {"/": HTMLResponse(HOME), "/c": HTMLResponse(HOME)}) == SiteCheck((), 2)


def test_an_answer_that_breaks_off_is_told_and_an_origin_that_is_gone_ends_it(tmp_path: Path) -> None:
    book = rulebook(tmp_path, experience("{select: h1, text: Hi}"))
    with scripted_origin(replying(b"")) as origin:
        (problem,) = asyncio.run(checked(book, origin.url)).problems
    assert problem.message.startswith("`a` is for /, which does not come as it should: ")
    with pytest.raises(OriginDownError):
        asyncio.run(checked(book, origin.url))
