"""Evenday's site and its rulebook: the pages, the sign-up, and what it changes once Tailor stands in front."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from examples.saas.origin.app import make_app
from examples.saas.origin.content import BOARDS, INDUSTRIES, POSTS, SIZES
from examples.stage import ROOT
from proxy.company.accounts_file import load_accounts
from proxy.company.links import sign_company
from proxy.parameters import COMPANY
from proxy.rule_files import read_folder
from rules.load import load_rulebook
from tests.examples.running import running_site, running_tailor

PAGES = ("/", "/pricing", "/customers", "/blog", "/signup", "/welcome", *(f"/blog/{post.slug}" for post in POSTS))
KEY = b"k" * 32
FORM = {"company": "Aldervale", "industry": "healthcare", "employees": "1000-4999"}


def ask(method: str, url: str, site: str = "http://evenday.example", **given: Any) -> httpx.Response:
    async def answer() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(make_app()), base_url=site) as client:
            return await client.request(method, url, **given)

    return asyncio.run(answer())


def page(url: str) -> LexborHTMLParser:
    response = ask("GET", url)
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return LexborHTMLParser(response.text)


@pytest.mark.parametrize("url", PAGES)
def test_every_page_has_one_headline_and_its_links_lead_somewhere(url: str) -> None:
    tree = page(url)
    assert len(tree.css("h1")) == 1
    found = (*tree.css("body a, link[rel=stylesheet], link[rel=icon]"), *tree.css("img"))
    targets = {element.attributes.get("href") or element.attributes.get("src") or "" for element in found}
    for target in sorted(target for target in targets if not target.startswith("#")):
        assert target.startswith("/"), "relative to the host, so that a proxy can stand before it"
        assert ask("GET", target).status_code == 200, target


def test_a_page_is_the_same_bytes_under_each_host() -> None:
    for url in PAGES:
        assert ask("GET", url, "http://127.0.0.1:8080").content == ask("GET", url).content


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_is_a_picture_whose_bars_stay_within_it(name: str) -> None:
    response = ask("GET", f"/boards/{name}.svg")
    assert response.headers["content-type"] == "image/svg+xml"
    for bar in ET.fromstring(response.content).iter("{http://www.w3.org/2000/svg}rect"):  # noqa: S314 - our own
        assert float(bar.attrib["x"]) >= 0
        assert float(bar.attrib["x"]) + float(bar.attrib["width"]) <= 720


@pytest.mark.parametrize("industry", INDUSTRIES)
@pytest.mark.parametrize("size", SIZES)
def test_signing_up_keeps_industry_and_size(industry: str, size: str) -> None:
    response = ask("POST", "/signup", data={"company": "Aldervale", "industry": industry, "employees": size})
    assert (response.status_code, response.headers["location"]) == (303, "/welcome")
    assert dict(response.cookies) == {"evenday_industry": industry, "evenday_employees": size}


@pytest.mark.parametrize("wrong", [{"company": " "}, {"industry": "piracy"}, {"employees": "many"}])
def test_a_form_that_makes_no_sense_is_refused(wrong: dict[str, str]) -> None:
    assert ask("POST", "/signup", data=FORM | wrong).status_code == 400


def test_another_sites_form_is_refused() -> None:
    assert ask("POST", "/signup", data=FORM, headers={"origin": "http://evil.example"}).status_code == 403


@pytest.mark.parametrize("url", ["/nowhere", "/blog/nothing", "/boards/none.svg"])
def test_what_is_not_there_is_a_page_that_says_so(url: str) -> None:
    response = ask("GET", url)
    assert response.status_code == 404
    assert "<h1>Not Found.</h1>" in response.text


def test_the_rulebook_loads_and_every_place_it_names_is_on_a_page() -> None:
    book = load_rulebook(read_folder(ROOT / "examples" / "saas" / "rules"))
    assert 6 <= len(book.live) <= 10
    where = {"pricing": "/pricing", "sign": "/signup"}
    trees = {url: page(url) for url in ("/", "/pricing", "/signup", "/blog/works-council")}
    for experience in book.experiences:
        url = where.get(experience.id.partition("-")[0], "/")
        for change in experience.changes:
            tree = trees["/blog/works-council" if change.select == "#next" else url]
            assert len(tree.css(change.select)) == 1, f"{experience.id}: {change.select}"


def test_every_picture_that_the_rulebook_brings_exists() -> None:
    written = (ROOT / "examples/saas/rules/home.yaml").read_text("utf-8")
    for name in BOARDS.keys() - {"week"}:
        assert f"/boards/{name}.svg" in written


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with running_site("saas") as url:
        yield url


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("secret") / "secret"
    file.write_bytes(KEY)
    file.chmod(0o600)
    return file


@pytest.fixture(scope="module")
def tailor(site: str, secret: Path) -> Iterator[str]:
    with running_tailor("saas", site, "--secret-file", str(secret)) as url:
        yield url


def seen_from(address: str, url: str) -> httpx.Response:
    """The page as it is seen at an address; the demo trusts this machine's word on it."""
    return httpx.get(url, headers={"x-forwarded-for": address}, trust_env=False)


def seen(url: str, **cookies: str) -> LexborHTMLParser:
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    response = httpx.get(url, headers={"cookie": header}, trust_env=False)
    assert response.status_code == 200
    return LexborHTMLParser(response.text)


def texts(tree: LexborHTMLParser, select: str) -> list[str]:
    return [" ".join(element.text().split()) for element in tree.css(select)]


def test_a_hospital_is_shown_a_ward(tailor: str) -> None:
    tree = seen(f"{tailor}/?industry=healthcare")
    assert texts(tree, "h1, #story h2") == ["Nights that fill themselves.", "A third fewer agency shifts"]
    assert tree.css("#hero img")[0].attributes["src"] == "/boards/healthcare.svg"


def test_a_campaigns_words_win_over_an_industrys_whole(tailor: str) -> None:
    tree = seen(f"{tailor}/?industry=healthcare&utm_campaign=spreadsheet-planners")
    assert texts(tree, "h1, #hero a.cta, #story h2") == [
        "Fourteen tabs, and none of them is the rota.",
        "Bring your spreadsheet",
        "Saturdays are filled by Tuesday",
    ]


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8:b:1::7"])
def test_a_company_of_the_first_tier_is_called_by_its_name(tailor: str, address: str) -> None:
    tree = LexborHTMLParser(seen_from(address, tailor).text)
    assert texts(tree, "h1") == ["Shifts that fill themselves, at Brackenfold."]


def test_one_of_the_second_tier_is_shown_its_industry(tailor: str) -> None:
    tree = LexborHTMLParser(seen_from("203.0.113.130", tailor).text)
    assert texts(tree, "h1") == ["Nights that fill themselves."]


def test_the_customer_of_a_provider_gets_the_sites_own_bytes(site: str, tailor: str) -> None:
    assert seen_from("192.0.2.7", tailor).content == httpx.get(site, trust_env=False).content


def test_a_signed_link_tells_the_company_at_home_too(tailor: str) -> None:
    link = f"{tailor}/?{COMPANY}={sign_company('saltmere', [KEY])}"
    assert texts(LexborHTMLParser(seen_from("192.0.2.7", link).text), "h1") == [
        "Shifts that fill themselves, at Saltmere."
    ]


def test_a_link_that_was_tampered_with_tells_nothing(site: str, tailor: str) -> None:
    forged = f"{tailor}/?{COMPANY}={sign_company('saltmere', [b'f' * 32])}"
    assert seen_from("192.0.2.7", forged).content == httpx.get(site, trust_env=False).content


def test_the_accounts_are_fine() -> None:
    accounts = load_accounts(ROOT / "examples/saas/accounts.csv")
    assert {account.alias for account in accounts.all} == {"Brackenfold", "Saltmere", "Wharfgate"}


def test_a_short_link_leads_to_the_page_for_hospitals(tailor: str) -> None:
    response = httpx.get(f"{tailor}/hospitals?utm_campaign=poster&x=1", trust_env=False)
    assert (response.status_code, response.headers["location"]) == (302, "/?industry=healthcare&utm_campaign=poster")


def test_prices_fit_the_size_that_was_told_at_sign_up(tailor: str) -> None:
    with httpx.Client(base_url=tailor, trust_env=False) as client:
        assert client.post("/signup", data=FORM, headers={"origin": tailor}).status_code == 303
        prices = LexborHTMLParser(client.get("/pricing").text)
        post = LexborHTMLParser(client.get("/blog/works-council").text)
        home = LexborHTMLParser(client.get("/").text)
    assert [plan.id for plan in prices.css(".plans > li")] == ["business", "enterprise"]
    assert "With 1000-4999 people" in texts(prices, ".intro .lead")[0]
    assert texts(post, "#next strong") == ["Rolling out to 1000-4999 people?"]
    assert texts(home, "#top-action, #hero a.cta") == ["Talk to us", "Plan one ward, free"]


def test_small_companies_are_spared_the_large_plan(tailor: str) -> None:
    tree = seen(f"{tailor}/pricing", evenday_employees="1-49")
    assert [plan.id for plan in tree.css(".plans > li")] == ["team", "business"]
    assert [plan.id for plan in tree.css(".plans > li.fits")] == ["team"]


@pytest.mark.parametrize("url", PAGES)
def test_whom_no_rule_speaks_of_gets_the_sites_own_bytes(site: str, tailor: str, url: str) -> None:
    assert httpx.get(tailor + url, trust_env=False).content == httpx.get(site + url, trust_env=False).content
