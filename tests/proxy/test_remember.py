"""What is remembered of visitors, whole: a real server, a real file of profiles, and rules on what was remembered."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from proxy.profile.database import prepare
from proxy.profile.model import Event, PageView, Profile
from proxy.profile.observe import MAX_TEXT_LENGTH
from proxy.profile.sqlite import SqliteProfileStore
from proxy.remember import Memory
from proxy.settings.model import Settings
from proxy.visitor.consent import EVERY_TIER, Answer, Consent, make_consent_reader
from proxy.visitor.identity import IdentityReader, Visitor
from proxy.visitor.observe import make_observer
from tests.proxy.origins import Connection, RunningServer, ok, running_proxy, scripted_origin
from tests.proxy.profile.browsing import break_profiles
from tests.proxy.requests import page_request
from tests.rules.reading import rulebook

KEYS = (b"k" * 32,)
TUESDAY = datetime(2026, 12, 1, 10, tzinfo=UTC)
PATIENCE_SECONDS = 30
HTML = b"Content-Type: text/html; charset=utf-8"
PAGE = b"<!doctype html><title>t</title><h1>Hello</h1>"
BOOK = """
experiences:
  second: {pages: /count, who: {visits.count: 2}, change: [{select: h1, text: "Again"}]}
  new: {pages: /new, who: {visitor.new: true}, change: [{select: h1, text: "New"}]}
  business: {pages: /flights, who: {source.campaign: meetings}, change: [{select: h1, text: "Business"}]}
  leisure: {pages: /flights, who: {source.campaign: beaches}, change: [{select: h1, text: "Leisure"}]}
  window: {pages: /window, who: {session.started: {within: 2m}}, change: [{select: h1, text: "Now"}]}
  loyal: {pages: /loyal, who: {visits.within.7d: {at_least: 3}}, change: [{select: h1, text: "Loyal"}]}
  searched: {pages: /searched, who: {session.searches: {at_least: 1}}, change: [{select: h1, text: "Found it?"}]}
  landed: {pages: /landed, change: [{select: h1, text: "From {{ session.landing }}, page {{ session.pages }}"}]}
  first: {pages: /first, who: {first_source.campaign: meetings}, change: [{select: h1, text: "First"}]}
  bought: {pages: /bought, who: {purchases.products: tent-2}, change: [{select: h1, text: "{{ purchases.total }}"}]}
  vegan: {pages: /diet, who: {visitor.preferences.diet: vegan}, change: [{select: h1, text: "Vegan"}]}
"""
REPLIES = {
    b"/error": b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\nnot",
    b"/order": (
        b"HTTP/1.1 303 See Other\r\nLocation: /thanks\r\nContent-Length: 0\r\n"
        b'Tailor-Purchase: total=149.90, products=("tent-2" "stove")\r\n\r\n'
    ),
    b"/new?bought": ok(PAGE, HTML + b"\r\nTailor-Purchase: total=1"),
    b"/odd": b"HTTP/1.1 204 No Content\r\nTailor-Purchase: a lot\r\n\r\n",
    b"/data": ok(b"{}", b"Content-Type: application/json"),
}
YES, NO = "uc_consent=essential,functional", "uc_consent=essential"
BROWSER = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
BOT = "User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)\r\n"


def site(connection: Connection) -> None:
    while message := connection.read_message():
        target = message.split(b" ", 2)[1]
        connection.send(REPLIES.get(target) or REPLIES.get(target.partition(b"?")[0], ok(PAGE, HTML)))


@dataclass
class Site:
    """A site whose visitors are remembered, and one browser of theirs with its cookies."""

    proxy: RunningServer
    store: SqliteProfileStore
    clock: dict[str, datetime]
    cookies: dict[str, str] = field(default_factory=dict)

    def see(self, path: str, *, method: str = "GET", headers: str = "", consent: str = YES) -> str:
        """The heading of a page, as this browser gets it."""
        cookies = "; ".join([consent, *(f"{name}={value}" for name, value in self.cookies.items())])
        agent = "" if headers.startswith("User-Agent") else BROWSER
        head = f"{method} {path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\nCookie: {cookies}\r\n"
        head += f"{agent}{headers}\r\n"
        answer = self.proxy.ask(head.encode("latin-1")).decode()
        for name, value in re.findall(r"(?m)^set-cookie: (tailor_id)=([^;]*)", answer):
            self.cookies[name] = value
        found = re.search(r"<h1>(.*)</h1>", answer)
        return found[1] if found else ""

    def wait(self, **time: float) -> None:
        self.clock["now"] += timedelta(**time)

    @property
    def visitor_id(self) -> str:
        return self.cookies["tailor_id"].partition(".")[0]

    @property
    def profile(self) -> Profile | None:
        return self.store.read(self.visitor_id)

    @property
    def rows(self) -> int:
        assert self.store.flush(PATIENCE_SECONDS)
        return self.store.counts()["rows"]


@contextlib.contextmanager
def remembering(folder: Path, consent: str = "usercentrics") -> Iterator[Site]:
    settings = Settings.model_validate({"origin": "http://origin.example", "consent": consent, "data": folder})
    clock = {"now": TUESDAY}
    path = folder / "profiles.db"
    prepare(path, TUESDAY)
    with contextlib.closing(SqliteProfileStore(path, now=lambda: clock["now"], batch_seconds=0)) as store:
        identity = IdentityReader(make_consent_reader(settings), KEYS, now=lambda: clock["now"])
        with (
            scripted_origin(site) as origin,
            running_proxy(
                origin.url,
                book=rulebook(folder / "rules", BOOK),
                now=lambda: clock["now"],
                identity=identity,
                profiles=store,
                keys=KEYS,
            ) as proxy,
        ):
            yield Site(proxy, store, clock)


def test_a_visitor_is_new_on_the_first_visit_and_comes_back_on_the_second(tmp_path: Path) -> None:
    with remembering(tmp_path) as shop:
        assert [shop.see("/new"), shop.see("/count"), shop.see("/new")] == ["New", "Hello", "New"]
        shop.wait(minutes=31)
        assert [shop.see("/new"), shop.see("/count")] == ["Hello", "Again"]
        shop.wait(minutes=31)
        assert shop.see("/count") == "Hello"


def test_the_business_traveller_at_ten_is_the_leisure_traveller_at_eight(tmp_path: Path) -> None:
    with remembering(tmp_path) as shop:
        assert shop.see("/flights?utm_campaign=meetings&utm_medium=cpc") == "Business"
        assert shop.see("/flights") == "Business"
        shop.wait(hours=10)
        assert shop.see("/flights?utm_campaign=beaches&utm_source=instagram") == "Leisure"
        assert [shop.see("/flights"), shop.see("/first")] == ["Leisure", "First"]
        shop.wait(hours=10)
        assert shop.see("/flights") == "Hello"


def test_a_window_of_two_minutes_is_open_for_two_minutes(tmp_path: Path) -> None:
    with remembering(tmp_path) as shop:
        assert shop.see("/window") == "Now"
        shop.wait(minutes=2)
        assert shop.see("/window") == "Now"
        shop.wait(seconds=1)
        assert shop.see("/window") == "Hello"


def test_visits_of_a_week_are_counted(tmp_path: Path) -> None:
    with remembering(tmp_path) as shop:
        seen = []
        for _ in range(4):
            seen.append(shop.see("/loyal"))
            shop.wait(days=3)
        assert seen == ["Hello", "Hello", "Loyal", "Loyal"]


def test_a_session_tells_where_it_began_and_what_was_searched(tmp_path: Path) -> None:
    with remembering(tmp_path) as shop:
        assert shop.see("/searched?q=tent") == "Found it?"
        assert shop.see("/landed") == "From /searched, page 2"
        shop.wait(hours=1)
        assert shop.see("/landed") == "From /landed, page 1"


def test_pages_that_no_experience_names_count_for_those_who_are_known(tmp_path: Path) -> None:
    with remembering(tmp_path) as shop:
        shop.see("/elsewhere")
        assert (shop.cookies, shop.rows) == ({}, 0)
        shop.see("/new")
        shop.see("/elsewhere")
        assert shop.profile is not None
        assert shop.profile.pages == 2


@pytest.mark.parametrize(
    ("path", "method", "headers"),
    [
        ("/error", "GET", ""),
        ("/data", "GET", ""),
        ("/new", "HEAD", ""),
        ("/new", "POST", "Content-Length: 0\r\n"),
        ("/new", "GET", "Sec-Purpose: prefetch;prerender\r\n"),
        ("/new", "GET", "Purpose: prefetch\r\n"),
        ("/new", "GET", "Purpose: Prefetch\r\n"),
        ("/new", "GET", "X-Purpose: preview\r\n"),
        ("/new", "GET", "Sec-Fetch-Dest: iframe\r\n"),
        ("/new", "GET", "Sec-Fetch-Dest: empty\r\n"),
        ("/new", "GET", BOT),
    ],
)
def test_what_is_no_page_view_is_not_remembered(tmp_path: Path, path: str, method: str, headers: str) -> None:
    with remembering(tmp_path) as shop:
        shop.see("/new", headers="Sec-Fetch-Dest: document\r\n")
        shop.see(path, method=method, headers=headers)
        assert shop.profile is not None
        assert shop.profile.pages == 1


def test_a_bot_has_no_profile_and_is_never_new(tmp_path: Path) -> None:
    with remembering(tmp_path, "not-required") as shop:
        assert shop.see("/new", headers=BOT) == "Hello"
        assert shop.rows == 0


@pytest.mark.parametrize("consent", ["", NO])
def test_without_consent_nothing_is_remembered_or_known(tmp_path: Path, consent: str) -> None:
    with remembering(tmp_path) as shop:
        assert [shop.see("/new", consent=consent) for _ in range(3)] == ["Hello"] * 3
        assert shop.see("/flights?utm_campaign=meetings", consent=consent) == "Business"
        assert shop.see("/flights", consent=consent) == "Hello"
        assert (shop.rows, shop.cookies) == (0, {})


@pytest.mark.parametrize(("path", "headers"), [("/new", ""), ("/elsewhere", ""), ("/new", "Sec-GPC: 1\r\n")])
def test_consent_taken_back_erases_the_row_and_every_byte_of_it(tmp_path: Path, path: str, headers: str) -> None:
    with remembering(tmp_path) as shop:
        shop.see("/new?utm_campaign=canary-of-the-campaign")
        assert shop.rows == 1
        known = shop.visitor_id
        shop.see(path, headers=headers, consent=YES if headers else NO)
        assert shop.rows == 0
        assert shop.store.read(known) is None
        left = b"".join(each.read_bytes() for each in tmp_path.glob("profiles.db*"))
        assert b"canary-of-the-campaign" not in left


def test_a_store_that_fails_costs_no_page_and_makes_nobody_new(tmp_path: Path) -> None:
    with remembering(tmp_path) as shop:
        assert shop.see("/new?utm_campaign=meetings") == "New"
        assert shop.store.flush(PATIENCE_SECONDS)
        break_profiles(tmp_path / "profiles.db")
        assert [shop.see("/new"), shop.see("/flights?utm_campaign=beaches")] == ["Hello", "Leisure"]
        assert shop.store.counts()["errors"] > 0


def test_a_purchase_that_the_origin_tells_of_counts_from_the_next_request_on(tmp_path: Path) -> None:
    with remembering(tmp_path) as visited:
        assert visited.see("/bought") == "Hello"
        visited.see("/order", method="POST", headers="Content-Length: 0\r\n")
        visited.see("/order", method="POST", headers="Content-Length: 0\r\n")
        assert visited.see("/bought") == "299.8"
        assert visited.profile is not None
        assert visited.profile.purchases.count == 2


def test_a_purchase_of_one_whose_browser_has_no_id_yet_leaves_no_row_that_is_nobodys(tmp_path: Path) -> None:
    with remembering(tmp_path) as visited:
        visited.see("/order", method="POST", headers="Content-Length: 0\r\n")
        assert (visited.cookies, visited.rows) == ({}, 0)
        visited.see("/new?bought")
        assert visited.rows == 1


@pytest.mark.parametrize("consent", [NO, ""])
def test_without_consent_no_purchase_is_remembered(consent: str, tmp_path: Path) -> None:
    with remembering(tmp_path) as visited:
        visited.see("/order", method="POST", headers="Content-Length: 0\r\n", consent=consent)
        assert visited.rows == 0


def test_a_purchase_that_can_not_be_read_is_counted_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with remembering(tmp_path) as visited:
        visited.see("/bought")
        for _ in range(3):
            visited.see("/odd", method="POST", headers="Content-Length: 0\r\n")
        assert visited.profile is not None
        assert visited.profile.purchases.count == 0
    assert sum("Tailor-Purchase" in message for message in caplog.messages) == 1


def test_of_a_long_path_no_more_waits_for_the_disk_than_is_kept(tmp_path: Path) -> None:
    events: list[Event] = []

    class Listening(SqliteProfileStore):
        def remember(self, visitor_id: str, event: Event, at: datetime) -> None:
            events.append(event)

    prepare(tmp_path / "profiles.db", TUESDAY)
    with contextlib.closing(Listening(tmp_path / "profiles.db", now=lambda: TUESDAY)) as store:
        memory = Memory(make_observer((), {}), lambda: TUESDAY, store)
        agent = BROWSER.removeprefix("User-Agent: ").strip()
        memory.remember(
            page_request("/" + "x" * 8_000, user_agent=agent), Visitor(Consent(Answer.YES, EVERY_TIER), "a")
        )
    assert events == [PageView("/" + "x" * (MAX_TEXT_LENGTH - 1))]
