"""The example shop's origin: its pages, its forms, and that a page is the same bytes every time."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from examples.shop.origin.app import make_app
from examples.shop.origin.catalogue import CATEGORIES, PRODUCTS, Product
from examples.shop.origin.forms import is_same_origin
from examples.shop.origin.store import MAX_QUANTITY, Store, bill
from proxy.page.compile import Page, compile_cut
from proxy.rule_files import read_folder
from rules.context import make_context
from rules.decide import decide
from rules.load import load_rulebook
from rules.plan import make_plan

SHOP = Path(__file__).resolve().parents[2] / "examples" / "shop"


class Browser:
    """Keeps cookies and follows redirects."""

    def __init__(self, store: Store, site: str = "http://shop.example") -> None:
        self._app = make_app(store)
        self._site = site
        self.cookies = httpx.Cookies()

    def get(self, url: str, **given: Any) -> httpx.Response:
        return self._ask("GET", url, **given)

    def post(self, url: str, **given: Any) -> httpx.Response:
        return self._ask("POST", url, **given)

    def _ask(self, method: str, url: str, **given: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(
                transport=transport, base_url=self._site, cookies=self.cookies, follow_redirects=True
            ) as client:
                response = await client.request(method, url, **given)
                self.cookies = client.cookies
                return response

        return asyncio.run(ask())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "shop.sqlite3") as store:
        yield store


@pytest.fixture
def browser(store: Store) -> Browser:
    return Browser(store)


def page(browser: Browser, url: str) -> LexborHTMLParser:
    response = browser.get(url)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return LexborHTMLParser(response.text)


def text(tree: LexborHTMLParser, selector: str) -> str:
    (element,) = tree.css(selector)
    return " ".join(element.text().split())


PAGES = (
    "/",
    "/search",
    "/search?q=tent",
    "/cart",
    "/join",
    *(f"/categories/{category.slug}" for category in CATEGORIES),
    *(f"/products/{product.slug}" for product in PRODUCTS),
)


@pytest.mark.parametrize("url", PAGES)
def test_every_page_answers_with_one_headline_and_a_title(browser: Browser, url: str) -> None:
    tree = page(browser, url)
    assert text(tree, "h1")
    assert text(tree, "head > title")


@pytest.mark.parametrize("url", PAGES)
def test_every_link_and_picture_of_a_page_leads_somewhere(browser: Browser, url: str) -> None:
    tree = page(browser, url)
    targets = {
        *(link.attributes["href"] for link in tree.css("body a, link[rel=stylesheet], link[rel=icon]")),
        *(image.attributes["src"] for image in tree.css("img")),
        *((source.attributes["srcset"] or "").split()[0] for source in tree.css("source")),
    }
    for target in sorted(target for target in targets if target and not target.startswith("#")):
        assert target.startswith("/"), "relative to the host, so that a proxy can stand before it"
        assert browser.get(target).status_code == 200, target


def test_a_page_is_the_same_bytes_each_time_and_under_each_host(store: Store, tmp_path: Path) -> None:
    with Store(tmp_path / "other.sqlite3") as other:
        first, second = Browser(store), Browser(other, "http://127.0.0.1:8080")
        for url in PAGES:
            assert first.get(url).content == second.get(url).content == second.get(url).content


def test_campaign_parameters_change_no_byte(browser: Browser) -> None:
    assert browser.get("/?utm_campaign=winter").content == browser.get("/").content


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.slug)
def test_a_product_describes_itself_as_json_ld(browser: Browser, product: Product) -> None:
    tree = page(browser, f"/products/{product.slug}")
    (script,) = tree.css('script[type="application/ld+json"]')
    facts = json.loads(script.text())
    assert (facts["@type"], facts["name"]) == ("Product", product.name)
    assert facts["offers"]["price"] == product.price_euros


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.slug)
def test_a_product_has_a_picture_that_is_well_formed(browser: Browser, product: Product) -> None:
    response = browser.get(f"/pictures/{product.slug}.svg")
    assert response.headers["content-type"] == "image/svg+xml"
    assert ET.fromstring(response.content).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own


def test_the_hero_names_its_picture_for_every_screen_and_preloads_it(browser: Browser) -> None:
    tree = page(browser, "/")
    (image,) = tree.css("#hero picture img")
    (preload,) = tree.css("link[rel=preload][as=image]")
    assert preload.attributes["href"] == image.attributes["src"]
    assert len(tree.css("#hero picture source[srcset]")) == 1
    assert len(tree.css("a.cta")) == 1


def test_search_lists_results_with_their_facts(browser: Browser) -> None:
    results = page(browser, "/search?q=tent").css("ul.results > li")
    assert len(results) > 3
    for result in results:
        assert result.attributes["data-brand"]
        assert result.attributes["data-colour"]
        assert re.fullmatch(r"€\d+", result.css(".price")[0].text())
        assert re.fullmatch(r"\d+", result.css(".stock")[0].text())


def test_search_puts_a_hit_in_the_name_first(browser: Browser) -> None:
    first = page(browser, "/search?q=tents").css("ul.results > li")[0]
    assert "tent" in first.css("h2")[0].text()


@pytest.mark.parametrize("words", ["tent", "wool", "lantern", "winter"])
def test_search_holds_one_sponsored_result(browser: Browser, words: str) -> None:
    assert len(page(browser, f"/search?q={words}").css("ul.results > li.sponsored")) == 1


@pytest.mark.parametrize(
    "words", ["nothing like it", '"', "' OR 1=1 --", "NEAR(", "*", "<script>alert(1)</script>", "%00"]
)
def test_search_survives_any_words(browser: Browser, words: str) -> None:
    tree = LexborHTMLParser(browser.get("/search", params={"q": words}).text)
    assert not tree.css("ul.results")
    assert not tree.css("main script")


def test_a_visitor_buys_something(browser: Browser) -> None:
    for product in ("emalje-mug", "emalje-mug", "lykt-lantern"):
        response = browser.post("/cart/add", data={"product": product})
        assert response.url.path == "/cart"
    tree = page(browser, "/cart")
    assert text(tree, ".basket .count") == "3"
    assert text(tree, ".sum .total") == "€105"

    thanks = browser.post("/checkout")
    assert thanks.url.path == "/thanks"
    assert text(LexborHTMLParser(thanks.text), "#order") == "FF-1001"
    assert page(browser, "/thanks").css("#order"), "a reload shows the order again"
    assert not page(browser, "/cart").css(".lines"), "and the cart is empty"


def test_a_new_cart_is_begun_after_an_order(browser: Browser) -> None:
    for number in ("FF-1001", "FF-1002"):
        browser.post("/cart/add", data={"product": "emalje-mug"})
        assert text(LexborHTMLParser(browser.post("/checkout").text), "#order") == number


def test_what_is_paid_is_what_the_cart_said(browser: Browser) -> None:
    browser.post("/cart/add", data={"product": "emalje-mug"})
    said = text(page(browser, "/cart"), ".sum .total")
    assert said == "€27"
    assert said in text(LexborHTMLParser(browser.post("/checkout").text), "section.thanks")


def test_quantities_change_and_have_a_bound(browser: Browser, store: Store) -> None:
    browser.post("/cart/add", data={"product": "emalje-mug"})
    browser.post("/cart/change", data={"product": "emalje-mug", "quantity": "500"})
    (line,) = store.cart(browser.cookies["shop_cart"])
    assert line.quantity == MAX_QUANTITY
    browser.post("/cart/change", data={"product": "emalje-mug", "quantity": "0"})
    assert store.cart(browser.cookies["shop_cart"]) == ()


def test_checking_out_an_empty_cart_leads_back_to_it(browser: Browser) -> None:
    assert browser.post("/checkout").url.path == "/cart"
    assert browser.get("/thanks").url.path == "/cart"


def test_delivery_is_free_from_a_sum_on() -> None:
    assert bill(()).delivery == 9


@pytest.mark.parametrize(
    ("form", "status"),
    [({"product": "no-such"}, 404), ({}, 404), ({"product": "emalje-mug", "pad": "x" * 5000}, 413)],
)
def test_a_form_that_makes_no_sense_is_refused(browser: Browser, form: dict[str, str], status: int) -> None:
    assert browser.post("/cart/add", data=form).status_code == status


@pytest.mark.parametrize("quantity", ["", "-1", "1.5", "²", "many", "1000000"])
def test_a_quantity_that_is_no_number_is_refused(browser: Browser, quantity: str) -> None:
    assert browser.post("/cart/change", data={"product": "emalje-mug", "quantity": quantity}).status_code == 400


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site", "origin": "http://shop.example", "host": "shop.example"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": "http://127.0.0.1:8080", "host": "127.0.0.1:8080"}, True),
        ({"origin": "https://shop.example", "host": "10.0.0.1:9000", "x-forwarded-host": "shop.example"}, True),
        ({"origin": "http://evil.example", "host": "shop.example"}, False),
        ({"origin": "null", "host": "shop.example"}, False),
        ({"host": "shop.example"}, True),
    ],
)
def test_only_this_sites_own_forms_are_taken(headers: dict[str, str], same: bool) -> None:
    assert is_same_origin(headers) is same


def test_another_sites_form_changes_nothing(browser: Browser) -> None:
    response = browser.post("/cart/add", data={"product": "emalje-mug"}, headers={"origin": "http://evil.example"})
    assert response.status_code == 403
    assert "shop_cart" not in browser.cookies


def test_joining_keeps_a_name_and_an_activity_and_leaving_forgets_both(browser: Browser) -> None:
    joined = browser.post("/join", data={"name": " Åse  & Co ", "activity": "skiing"})
    assert joined.url.path == "/"
    assert browser.cookies["shop_member"] == "%C3%85se%20%26%20Co"
    assert browser.cookies["shop_activity"] == "skiing"
    assert text(page(browser, "/join"), "h1") == "You are in, Åse & Co."
    browser.post("/leave")
    assert not browser.cookies


@pytest.mark.parametrize("form", [{"name": ""}, {"name": "  "}, {}])
def test_joining_needs_a_name(browser: Browser, form: dict[str, str]) -> None:
    assert browser.post("/join", data=form).status_code == 400


@pytest.mark.parametrize("url", ["/nowhere", "/products/nothing", "/categories/none", "/pictures/none.svg"])
def test_what_is_not_there_is_a_page_that_says_so(browser: Browser, url: str) -> None:
    response = browser.get(url)
    assert response.status_code == 404
    assert text(LexborHTMLParser(response.text), "h1") == "This path ends here."


def test_an_unchanged_page_is_not_sent_again(browser: Browser) -> None:
    etag = browser.get("/").headers["etag"]
    again = browser.get("/", headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")


def test_a_page_with_a_cart_is_kept_by_no_shared_cache(browser: Browser) -> None:
    assert browser.get("/").headers["cache-control"].startswith("public")
    browser.post("/cart/add", data={"product": "emalje-mug"})
    assert browser.get("/").headers["cache-control"] == "private, no-cache"


def test_the_catalogue_is_seeded_anew_and_carts_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "shop.sqlite3"
    with Store(file) as store:
        store.add("mine", PRODUCTS[0])
    with Store(file) as store:
        assert [line.product for line in store.cart("mine")] == [PRODUCTS[0]]
        assert sum(len(store.products(category.slug)) for category in CATEGORIES) == len(PRODUCTS)


def test_the_rulebook_loads_and_every_place_it_names_is_on_its_page(browser: Browser) -> None:
    book = load_rulebook(read_folder(SHOP / "rules"))
    assert 6 <= len(book.live) <= 11
    search, product = "/search?q=tent", "/products/rygg-2-tent"
    where = {
        "tent-guide": search,
        "own-brand-for-members": search,
        "delivery-within-eu": product,
        "sent-by-a-chatbot": product,
    }
    for experience in book.experiences:
        tree = page(browser, where.get(experience.id, "/"))
        for change in experience.changes:
            assert len(tree.css(change.select)) == 1, f"{experience.id}: {change.select}"


def test_a_member_finds_the_own_brand_first_and_the_sponsored_result_where_it_was(browser: Browser) -> None:
    html = browser.get("/search?q=tent").content
    plan = make_plan(load_rulebook(read_folder(SHOP / "rules")), "shop.example", "/search", {"q": "tent"})
    now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    decision = decide(plan, make_context({"visitor.member": "Explorer", "page.query.q": "tent"}, now=now))
    cut = compile_cut(Page(html, "utf-8"), decision, aside=frozenset(), verify=True)
    assert cut.shown == ("tent-guide", "own-brand-for-members")

    trees = [LexborHTMLParser(each.decode()) for each in (html, b"".join(cut.fill(decision)))]
    before, after = ([item.css("h2")[0].text() for item in tree.css("ul.results > li")] for tree in trees)
    sponsored = text(trees[0], "ul.results > li.sponsored h2")
    assert after.index(sponsored) == before.index(sponsored)
    assert sorted(after) == sorted(before) != before
    assert after[0] == "Rygg 2 tent"


def test_every_picture_that_the_rulebook_brings_exists(browser: Browser) -> None:
    written = (SHOP / "rules" / "home.yaml").read_text("utf-8")
    pictures = re.findall(r"/static/\S+\.svg", written)
    assert len(pictures) == 3
    for picture in pictures:
        assert browser.get(picture).status_code == 200
