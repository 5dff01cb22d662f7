"""Redirects and served pages, through real sockets: a scripted origin, a visitor, and what they see of each other."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pytest

from proxy.hosts import Hosts
from proxy.names import SiteName
from proxy.request import RequestReader
from proxy.routing import MAX_HOPS, STAY_SECONDS
from proxy.settings.model import Settings
from proxy.visitor.consent import make_consent_reader
from proxy.visitor.identity import IdentityReader
from rules.experiments import choose_variant
from rules.model import RuleBook
from tests.docs.fences import blocks, prose
from tests.proxy.origins import Connection, RunningServer, ok, running_proxy, scripted_origin
from tests.proxy.page.cutting import book_of
from tests.proxy.test_pipeline_pages import Answer, broken_observer, get
from tests.rules.reading import NOON

HTML = b"Content-Type: text/html"
PAGES = {
    b"/": b"<h1>Home</h1>",
    b"/a": b"<h1>A</h1>",
    b"/b": b"<h1>B</h1><p>b</p>",
    b"/page": b"<h1>Page</h1>",
}
LEADING_AWAY = """
experiences:
  away:
    pages: /a
    {away}
  above:
    pages: /a
    priority: 1
    change: [{{select: {select}, text: Above}}]
  below:
    pages: /a
    priority: -1
    change: [{{select: h1, text: Below}}]
"""


@dataclass
class Site:
    """The proxy before an origin, and what that was asked for."""

    proxy: RunningServer
    asked: list[bytes]
    heads: list[bytes]

    def get(self, target: bytes, *fields: bytes, method: bytes = b"GET") -> Answer:
        return Answer.of(self.proxy.ask(get(target, *fields, method=method)))


@contextlib.contextmanager
def site(rules: str | RuleBook, replies: Mapping[bytes, bytes] | None = None, **options: object) -> Iterator[Site]:
    """`replies` are the origin's by path, where they are not PAGES; options are `running_proxy`'s."""
    asked: list[bytes] = []
    heads: list[bytes] = []

    def script(connection: Connection) -> None:
        while message := connection.read_message():
            target = message.split(b" ")[1]
            path = target.partition(b"?")[0]
            asked.append(target)
            heads.append(message.lower())
            missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n" + HTML + b"\r\n\r\nnone"
            page = ok(PAGES[path], HTML, b'ETag: "1"', b"Cache-Control: max-age=60") if path in PAGES else missing
            connection.send((replies or {}).get(path, page))

    book = book_of(rules) if isinstance(rules, str) else rules
    with scripted_origin(script) as origin, running_proxy(origin.url, book=book, **options) as proxy:  # type: ignore[arg-type]
        yield Site(proxy, asked, heads)


def redirect(path: str, to: str, more: str = "") -> str:
    name = path.strip("/*") or "home"
    return f"  from-{name}: {{pages: {path}, redirect: '{to}'{more}}}\n"


def moved(where: bytes, status: bytes = b"302 Found") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nLocation: " + where + b"\r\nContent-Length: 0\r\n\r\n"


def test_a_redirect_happens_at_once_and_is_the_visitors_alone() -> None:
    with site(redirect("/a", "/b")) as shop:
        answer = shop.get(b"/a")

    assert (answer.status, answer.body) == (b"HTTP/1.1 302 Found", b"")
    assert answer.headers == [
        ("location", "/b"), ("cache-control", "private, no-store"), ("content-length", "0"), ("connection", "close"),
    ]  # fmt: skip
    assert shop.asked == []


def test_a_head_is_redirected_as_a_get_is() -> None:
    with site(redirect("/a", "/b")) as shop:
        assert shop.get(b"/a", method=b"HEAD").headers == shop.get(b"/a").headers


def test_a_post_passes() -> None:
    rules = redirect("/a", "/b") + "  serving: {pages: /page, serve: /b}\n"
    with site(rules) as shop:
        assert shop.get(b"/a", b"Content-Length: 2\r\n\r\nhi", method=b"POST").body.endswith(PAGES[b"/a"])
        assert shop.get(b"/page", method=b"POST").body.endswith(PAGES[b"/page"])

    assert shop.asked == [b"/a", b"/page"]


@pytest.mark.parametrize(
    "field",
    [b"Sec-Fetch-Dest: image", b"Sec-Fetch-Dest: script", b"Accept: image/avif,image/*,*/*;q=0.8",
     b"Accept: text/css,*/*;q=0.1"],
)  # fmt: skip
@pytest.mark.parametrize("away", ["redirect: /b", "serve: /b"])
def test_a_part_of_a_page_is_led_nowhere(away: str, field: bytes) -> None:
    with site(f"  x: {{pages: /**, {away}}}") as shop:
        assert shop.get(b"/page", field).body == PAGES[b"/page"]


def test_campaign_parameters_survive_a_redirect_and_others_do_not() -> None:
    with site(redirect("/a", "/b?x=1")) as shop:
        assert shop.get(b"/a?y=2&utm_source=mail&gclid=z")["location"] == "/b?x=1&utm_source=mail&gclid=z"


def test_a_signed_link_of_ours_goes_along_on_this_site_alone() -> None:
    rules = "site: {link_hosts: [other.example]}\nexperiences:\n"
    rules += redirect("/a", "/b#top") + redirect("/page", "https://other.example/")
    with site(rules) as shop:
        assert shop.get(b"/a?tailor_company=x.y&z=1")["location"] == "/b?tailor_company=x.y#top"
        assert shop.get(b"/page?tailor_company=x.y")["location"] == "https://other.example/"


def test_a_served_page_stands_under_the_visitors_url() -> None:
    with site("  x: {pages: /a, serve: /b}") as shop:
        answer = shop.get(b"/a?q=1", b'If-None-Match: "1"')

    assert (answer.status, answer.body) == (b"HTTP/1.1 200 OK", PAGES[b"/b"])
    assert answer["cache-control"] == "private, no-cache"
    assert answer["etag"] == ""
    assert shop.asked == [b"/b?q=1"]
    assert b"if-none-match" not in shop.heads[0]


def test_a_served_path_with_a_query_keeps_its_own() -> None:
    with site("  x: {pages: /a, serve: '/b?v=2'}") as shop:
        assert shop.get(b"/a?q=1").body == PAGES[b"/b"]

    assert shop.asked == [b"/b?v=2"]


def test_a_head_of_a_served_page_says_what_a_get_would() -> None:
    with site("  x: {pages: /a, serve: /b, change: [{select: h1, text: C}]}") as shop:
        head, whole = shop.get(b"/a", method=b"HEAD"), shop.get(b"/a")

    assert (head.headers, head.body) == (whole.headers, b"")


def test_changes_beside_a_serve_and_those_below_it_are_made_on_the_served_page() -> None:
    rules = """
  x: {pages: /a, serve: /b, change: [{select: h1, text: C}]}
  y: {pages: /a, priority: -1, change: [{select: p, text: c}]}
  z: {pages: /b, change: [{select: h1, text: 'never, since it is for another URL'}]}
"""
    with site(rules) as shop:
        assert shop.get(b"/a").body == b"<h1>C</h1><p>c</p>"


def test_rules_of_the_served_page_are_not_asked() -> None:
    with site("  x: {pages: /a, serve: /b}\n  y: {pages: /b, serve: /a}") as shop:
        assert [shop.get(path).body for path in (b"/a", b"/b")] == [PAGES[b"/b"], PAGES[b"/a"]]


UNSERVABLE = {
    "an error": b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n" + HTML + b"\r\n\r\nno",
    "a redirect": moved(b"/login"),
    "no page": ok(b"{}", b"Content-Type: application/json"),
    "nothing": b"",
    "a page without the place": ok(b"<h2>B</h2>", HTML),
}


@pytest.mark.parametrize("reply", UNSERVABLE.values(), ids=UNSERVABLE.keys())
def test_where_a_page_cannot_be_served_the_visitors_own_goes_out(
    reply: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    rules = """
  x: {pages: /a, serve: /b, change: [{select: h1, text: C}]}
  y: {pages: /a, priority: -1, change: [{select: h1, text: Below}]}
"""

    with site(rules, {b"/b": reply} if reply else {b"/b": b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n"}) as shop:
        answer = shop.get(b"/a")

    assert answer.body == b"<h1>Below</h1>"
    assert "'x' is left out: what it serves" in caplog.text


@pytest.mark.parametrize("away", ["redirect: /b", "serve: /b"])
def test_a_choice_that_wins_and_is_shown_keeps_the_visitor_on_the_page(away: str) -> None:
    with site(LEADING_AWAY.format(away=away, select="h1")) as shop:
        answer = shop.get(b"/a")

    assert answer.body == b"<h1>Above</h1>"
    assert shop.asked == [b"/a"]


def test_a_redirect_happens_where_what_wins_over_it_is_not_on_the_page() -> None:
    with site(LEADING_AWAY.format(away="redirect: /b", select="h9")) as shop:
        answer = shop.get(b"/a")

    assert (answer["location"], answer.body) == ("/b", b"")


def test_a_page_is_served_where_what_wins_over_that_is_not_on_the_page() -> None:
    with site(LEADING_AWAY.format(away="serve: /b", select="h9")) as shop:
        assert shop.get(b"/a").body == b"<h1>Below</h1><p>b</p>"


def test_a_redirect_happens_where_the_page_is_none() -> None:
    with site(LEADING_AWAY.format(away="redirect: /b", select="h1"), {b"/a": ok(b"{}")}) as shop:
        assert shop.get(b"/a")["location"] == "/b"


def test_of_two_that_lead_away_the_higher_wins() -> None:
    rules = "  low: {pages: /a, redirect: /b}\n  high: {pages: /a, priority: 1, serve: /page}"
    with site(rules) as shop:
        assert shop.get(b"/a").body == PAGES[b"/page"]


def test_a_visitor_for_whom_nothing_leads_away_gets_the_page_alone() -> None:
    with site("  x: {pages: /a, who: {page.query.go: known}, redirect: /b}", {b"/a": ok(b"%PDF", b"Age: 1")}) as shop:
        answer = shop.get(b"/a")

    assert (answer.body, answer["cache-control"], answer["age"]) == (b"%PDF", "private, no-cache", "")


@pytest.mark.parametrize(
    "to",
    ["/a", "/a#top", "", "?", "/./x/../a", "/%61", "http://shop.example/a", "https://SHOP.EXAMPLE:443/a",
     "//shop.example:8080/a"],
)  # fmt: skip
def test_a_redirect_to_the_very_page_is_not_done(to: str, caplog: pytest.LogCaptureFixture) -> None:
    away = redirect("/**", f'{{{{ page.query.none or "{to}" }}}}')
    rules = f"site: {{link_hosts: [shop.example]}}\nexperiences:\n{away}"
    with site(rules) as shop:
        assert [shop.get(b"/a").body for _ in range(2)] == [PAGES[b"/a"]] * 2

    (message,) = [record.getMessage() for record in caplog.records]
    assert message == (
        "shop.example/a: 'from-home' is left out: it redirects to the very page that it is on (say `except:`)"
    )


def test_a_landing_page_may_be_the_end_of_a_redirect_from_everywhere() -> None:
    with site(redirect("/**", "/b?v=1")) as shop:
        assert shop.get(b"/a?utm_source=x")["location"] == "/b?v=1&utm_source=x"
        assert shop.get(b"/b?v=1&utm_source=x").body == PAGES[b"/b"]


def test_under_a_public_url_the_name_in_front_is_the_same_site() -> None:
    rules = "site: {link_hosts: [www.shop.example]}\nexperiences:\n" + redirect("/a", "https://www.shop.example/a")
    with site(rules, reader=RequestReader(public_url="https://shop.example")) as shop:
        away = shop.get(b"/a")
        there = Answer.of(shop.proxy.ask(get(b"/a").replace(b"shop.example", b"www.shop.example")))

    assert away["location"] == "https://www.shop.example/a"
    assert there.body == PAGES[b"/a"]


CIRCLES = {
    "of two": redirect("/a", "/b") + redirect("/b", "/a"),
    "of three": redirect("/a", "/page") + redirect("/page", "/b") + redirect("/b", "/a"),
    "below what wins": redirect("/a", "/b") + redirect("/b", "/a")
    + "  top: {pages: /b, priority: 9, change: [{select: h9, text: x}]}\n",
}  # fmt: skip


@pytest.mark.parametrize("rules", CIRCLES.values(), ids=CIRCLES.keys())
def test_no_redirect_of_a_circle_is_done(rules: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "proxy.routing")
    with site(rules) as shop:
        assert [shop.get(path).body for path in (b"/a", b"/b", b"/a")] == [PAGES[b"/a"], PAGES[b"/b"], PAGES[b"/a"]]

    messages = [record.getMessage() for record in caplog.records if record.name == "proxy.routing"]
    assert len(messages) == 2
    assert "'from-a' is left out: its redirects lead in a circle (from-a → " in messages[0]


def test_a_circle_over_another_host_is_none_either() -> None:
    rules = (
        "site: {link_hosts: [shop.example, www.shop.example]}\nexperiences:\n"
        + redirect("/a", "https://www.shop.example/b")
        + redirect("/b", "https://shop.example/a")
    )
    with site(rules) as shop:
        assert shop.get(b"/a").body == PAGES[b"/a"]
        there = Answer.of(shop.proxy.ask(get(b"/b").replace(b"shop.example", b"www.shop.example")))
        assert there.body == PAGES[b"/b"]


def test_what_would_be_a_circle_for_others_is_none_for_a_visitor_who_is_let_out() -> None:
    rules = redirect("/a", "/b") + redirect("/b", "/a", ", who: {device.language: nb}")
    with site(rules) as shop:
        assert shop.get(b"/a", b"Accept-Language: en")["location"] == "/b"
        assert shop.get(b"/a", b"Accept-Language: nb").body == PAGES[b"/a"]


def test_redirects_that_never_end_are_not_begun() -> None:
    with site(redirect("/a", "/a?n={{ page.query.n or 0 }}1")) as shop:
        assert shop.get(b"/a").body == PAGES[b"/a"]


def test_a_long_chain_is_done_hop_by_hop() -> None:
    rules = "".join(redirect(f"/{n}", f"/{n + 1}") for n in range(MAX_HOPS))
    with site(rules) as shop:
        assert shop.get(b"/0")["location"] == "/1"


STAY = f"tailor_stay=1; Path=/a; Max-Age={STAY_SECONDS}; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize("where", [b"/a", b"http://shop.example/a", b"//shop.example/a#x"])
@pytest.mark.parametrize("more", ["", "  other: {pages: /b, change: [{select: h1, text: x}]}\n"])
def test_a_visitor_whom_the_origin_sends_back_stays_there(where: bytes, more: str) -> None:
    with site(redirect("/a", "/b") + more, {b"/b": moved(where, b"301 Moved")}) as shop:
        assert shop.get(b"/a")["location"] == "/b"
        back = shop.get(b"/b")
        assert (back.status, back["location"]) == (b"HTTP/1.1 301 Moved Permanently", where.decode())
        assert (back["set-cookie"], back["cache-control"]) == (STAY, "private, no-cache")
        assert shop.get(b"/a", b"Cookie: x=1; tailor_stay=1").body == PAGES[b"/a"]

    assert b"cookie: x=1\r\n" in shop.heads[-1]
    assert b"tailor_stay" not in b"".join(shop.heads)


@pytest.mark.parametrize("where", [b"/b", b"/page", b"/", b"https://other.example/a"])
def test_other_redirects_of_the_origin_set_no_cookie(where: bytes) -> None:
    with site(redirect("/a", "/b") + redirect("/page", "/"), {b"/b": moved(where)}) as shop:
        answer = shop.get(b"/b")

    assert (answer["set-cookie"], answer["cache-control"]) == ("", "")


def test_a_page_is_served_also_to_one_who_is_to_stay() -> None:
    with site("  x: {pages: /a, serve: /b}") as shop:
        assert shop.get(b"/a", b"Cookie: tailor_stay=1").body == PAGES[b"/b"]


def test_an_origin_under_its_own_name_is_asked_for_the_served_page_too() -> None:
    hosts = Hosts(SiteName.of(b"http", b"cms.example"))
    rules = redirect("/a", "/b") + "  x: {pages: /page, serve: /b}"
    with site(rules, {b"/b": moved(b"http://cms.example/a")}, hosts=hosts) as shop:
        assert shop.get(b"/b")["set-cookie"] == STAY
        assert shop.get(b"/page").body == PAGES[b"/page"]

    assert all(b"host: cms.example" in head for head in shop.heads)


EXPERIMENT = """
experiences:
  front:
    pages: /
    experiment: {split: {original: 34, there: 33, here: 33}}
    variants:
      there: {redirect: /b}
      here: {serve: /b}
"""


def test_an_experiment_sends_each_visitor_to_one_of_its_pages() -> None:
    book = book_of(EXPERIMENT)
    (front,) = book.experiences
    assert front.experiment is not None
    ids = [f"{number:022}" for number in range(12)]
    fresh = iter(ids)
    settings = Settings.model_validate({"origin": "http://origin.example", "consent": "not-required"})
    identity = IdentityReader(make_consent_reader(settings), (b"k" * 32,), now=lambda: NOON, new_id=lambda: next(fresh))
    seen: dict[str, set[tuple[str, bytes]]] = {}
    with site(book, identity=identity) as shop:
        for visitor_id in ids:
            answer = shop.get(
                b"/", b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
            )
            arm = choose_variant(front, front.experiment, visitor_id)
            seen.setdefault(arm.id if arm else "original", set()).add((answer["location"], answer.body))
            assert answer["set-cookie"].startswith(f"tailor_id={visitor_id}.")

    assert seen == {"original": {("", PAGES[b"/"])}, "there": {("/b", b"")}, "here": {("", PAGES[b"/b"])}}


def test_a_bot_takes_no_part_in_an_experiment() -> None:
    settings = Settings.model_validate({"origin": "http://origin.example", "consent": "not-required"})
    identity = IdentityReader(make_consent_reader(settings), (b"k" * 32,), now=lambda: NOON)
    with site(EXPERIMENT.replace("original: 34, ", "").replace("33", "50"), identity=identity) as shop:
        assert shop.get(b"/", b"User-Agent: Googlebot/2.1").body == PAGES[b"/"]


def test_a_redirect_whose_end_cannot_be_foreseen_is_done() -> None:
    rules = redirect("/a", "/b") + redirect("/b", "/a", ", who: {source.medium: direct}")
    with site(rules, observer=broken_observer()) as shop:
        assert shop.get(b"/a")["location"] == "/b"
        assert shop.get(b"/b").body == PAGES[b"/b"]


def test_where_routing_fails_the_origins_page_goes_out(caplog: pytest.LogCaptureFixture) -> None:
    book = book_of("  x: {pages: /a, serve: /b}")
    (experience,) = book.experiences
    # No rule file can say this.
    broken = replace(experience, variants=(replace(experience.variants[0], serve="/\u00f8"),))
    with site(replace(book, experiences=(broken,))) as shop:
        assert shop.get(b"/a").body == PAGES[b"/a"]

    assert "GET /a: route failed, the origin's page goes out" in caplog.text


def test_the_cookie_is_as_the_guide_on_consent_shows_it() -> None:
    assert STAY in prose("docs/consent.md")


def test_the_example_of_the_guide_does_what_it_says() -> None:
    (example,) = (block for block in blocks("docs/rules.md", "yaml") if block.note == "leading")
    banks = {b"/pricing-banks": ok(b"<h1>Banks</h1>", HTML)}
    with site(example.text, banks) as shop:
        assert shop.get(b"/", b"Accept-Language: de-DE,en;q=0.5")["location"] == "/de/"
        assert shop.get(b"/").body == PAGES[b"/"]
        moved_to = shop.get(b"/shop?utm_source=google&page=2")["location"]
        assert moved_to == "https://shop.example/?from=google&utm_source=google"
        assert shop.get(b"/pricing?for=banks").body == b"<h1>Prices for banks</h1>"
