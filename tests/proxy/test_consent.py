"""Consent and identity, whole: a real server, a real client, and what is said in headers on both sides."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from proxy.request import RequestReader
from proxy.settings.model import Settings
from proxy.visitor.consent import make_consent_reader
from proxy.visitor.identity import LEEWAY, IdentityReader
from proxy.visitor.observe import Observer, make_observer
from tests.proxy.origins import Connection, RunningServer, ok, running_proxy, scripted_origin
from tests.rules.reading import rulebook

OLD, NEW, FOREIGN = b"o" * 32, b"n" * 32, b"f" * 32
START = datetime(2026, 12, 2, 12, tzinfo=UTC)
HTML = b"Content-Type: text/html"
PAGE = b"<!doctype html><title>t</title><h1>Hello</h1>"
BOOK = """
experiences:
  phones: {pages: [/, /none, /error, /redirect, /data], who: {device.type: mobile}, change: [{select: h1, text: Phone}]}
  gold: {pages: /plan, who: {visitor.plan: gold}, change: [{select: h1, text: Gold}]}
"""
REPLIES = {
    b"/error": b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\nnot",
    b"/redirect": b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
    b"/data": ok(b"{}", b"Content-Type: application/json"),
}


def site(connection: Connection) -> None:
    """An origin with a page at every path but a few, which sets a cookie of its own."""
    while message := connection.read_message():
        path = message.split(b" ", 2)[1]
        connection.send(REPLIES.get(path, ok(PAGE, HTML, b"Set-Cookie: session=1")))


@cache
def observer() -> Observer:
    return make_observer((), {"plan": "shop_plan"})


@dataclass
class Shop:
    """The site behind the proxy, on a certain day; what its origin heard is kept."""

    proxy: RunningServer
    clock: dict[str, datetime]
    heard: list[bytes] = field(default_factory=list)

    def ask(self, *cookies: str, path: str = "/", method: str = "GET", headers: str = "") -> bytes:
        cookie = f"Cookie: {'; '.join(cookies)}\r\n" if cookies else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n{headers}{cookie}\r\n"
        return self.proxy.ask(head.encode("latin-1"))

    def wait(self, time: timedelta) -> None:
        self.clock["now"] += time


@contextlib.contextmanager
def shop(folder: Path, *, keys: tuple[bytes, ...] = (NEW,), https: bool = False, **given: Any) -> Iterator[Shop]:
    """The proxy as it runs with these settings."""
    settings = Settings.model_validate({"origin": "http://origin.example", "consent": "usercentrics", **given})
    clock = {"now": START}
    identity = IdentityReader(make_consent_reader(settings), keys, now=lambda: clock["now"], days=settings.visitor_days)
    reader = RequestReader(public_url="https://shop.example" if https else None)
    with (
        scripted_origin(site) as origin,
        running_proxy(
            origin.url,
            book=rulebook(folder, BOOK),
            reader=reader,
            now=lambda: clock["now"],
            identity=identity,
            observer=observer(),
        ) as proxy,
    ):
        yield (running := Shop(proxy, clock))
        running.heard += [connection.heard for connection in origin.connections]


PHONE = (
    "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari\r\n"
)
YES, NO = "uc_consent=essential,functional", "uc_consent=essential"


def ours(answer: bytes) -> list[str]:
    """The cookies that we set, as they stand on the wire."""
    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
    return re.findall(r"(?m)^set-cookie: ((?:__Host-)?tailor_id=[^\r]*)", head)


def pair(answer: bytes) -> str:
    """The one cookie that we set, as a browser sends it back."""
    (cookie,) = ours(answer)
    return cookie.partition(";")[0]


def id_of(cookie: str) -> str:
    return cookie.partition("=")[2].partition(".")[0]


PATHS = ("/", "/none", "/error", "/redirect", "/data", "/elsewhere", "/plan", "/_tailor/livez")


@pytest.mark.parametrize("consent", ["none", "onetrust", "cookiebot", "usercentrics", "tcf"])
def test_without_consent_no_response_sets_a_cookie_of_ours(tmp_path: Path, consent: str) -> None:
    with shop(tmp_path, consent=consent) as running:
        for path in PATHS:
            for method in ("GET", "HEAD", "POST"):
                for cookies in ((), ("session=1", "tailor_id=x", "__Host-tailor_id=x")):
                    assert ours(running.ask(*cookies, path=path, method=method, headers=PHONE)) == [], (path, method)


def test_with_consent_only_pages_that_an_experience_could_touch_set_it(tmp_path: Path) -> None:
    with shop(tmp_path) as running:
        setting = [path for path in PATHS if ours(running.ask(YES, path=path))]
        heads = [path for path in PATHS if ours(running.ask(YES, path=path, method="HEAD"))]
        assert setting == heads == ["/", "/none", "/error", "/plan"]
        assert ours(running.ask(YES, method="POST", headers="Content-Length: 0\r\n")) == []


@pytest.mark.parametrize("headers", ["", PHONE], ids=["unchanged", "changed"])
def test_the_page_that_sets_it_is_private_and_keeps_the_origins_cookies(tmp_path: Path, headers: str) -> None:
    with shop(tmp_path) as running:
        answer = running.ask(YES, headers=headers)
    assert (b"<h1>Phone</h1>" in answer) is bool(headers)
    assert b"\r\nset-cookie: session=1\r\n" in answer
    assert b"\r\ncache-control: private, no-cache\r\n" in answer
    (cookie,) = ours(answer)
    attributes = "; Path=/; Max-Age=15552000; HttpOnly; SameSite=Lax"
    assert re.fullmatch(r"tailor_id=[\w-]{22}\.[\w-]+\.[\w-]+" + attributes, cookie)


def test_on_https_it_has_the_host_prefix_and_is_secure(tmp_path: Path) -> None:
    with shop(tmp_path, https=True, visitor_days=30) as running:
        answer = running.ask(YES)
        assert ours(running.ask(YES, pair(answer))) == []
    (cookie,) = ours(answer)
    assert re.fullmatch(r"__Host-tailor_id=\S+; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure", cookie)


ANSWERS = {
    "onetrust": (
        "OptanonConsent=isGpcEnabled=0&version=202401.1.0&groups=C0001%3A1%2CC0002%3A0%2CC0003%3A1",
        "OptanonConsent=isGpcEnabled=0&version=202401.1.0&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A0",
    ),
    "cookiebot": (
        "CookieConsent={stamp:%27x==%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:false%2Cver:1}",
        "CookieConsent={stamp:%27x==%27%2Cnecessary:true%2Cpreferences:false%2Cstatistics:true%2Cver:1}",
    ),
    "usercentrics": (YES, NO),
    "tcf": (
        "euconsent-v2=COw4XqLOw4XqLAAAAAENAXCAAP-gAAAfwIAAACngAI8AAA.cAEAPAAAC7gAHw4AAA",
        "euconsent-v2=COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA",
    ),
    "cookie": ("cookies_ok=all", "cookies_ok=necessary"),
}


@pytest.mark.parametrize("consent", ANSWERS)
def test_each_presets_yes_sets_a_cookie_and_its_no_takes_it_back(tmp_path: Path, consent: str) -> None:
    yes, no = ANSWERS[consent]
    own: dict[str, Any] = {"consent_cookie": "cookies_ok", "consent_category": "all"} if consent == "cookie" else {}
    with shop(tmp_path, consent=consent, **own) as running:
        assert ours(running.ask(no)) == []
        known = pair(running.ask(yes))
        assert ours(running.ask(yes, known)) == []
        assert ours(running.ask(no, known)) == ["tailor_id=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"]
        assert ours(running.ask(no, known, path="/elsewhere")) == []


def test_global_privacy_control_is_a_refusal_and_withdraws(tmp_path: Path) -> None:
    with shop(tmp_path, consent="not-required") as running:
        known = pair(running.ask())
        assert ours(running.ask(headers="Sec-GPC: 1\r\n")) == []
        assert ours(running.ask(known, headers="Sec-GPC: 1\r\n")) == [
            "tailor_id=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        ]


def test_a_withdrawal_on_https_takes_both_names_back(tmp_path: Path) -> None:
    with shop(tmp_path, https=True) as running:
        taken = ours(running.ask(NO, "tailor_id=a", "__Host-tailor_id=b", method="HEAD"))
    assert [cookie.partition(";")[0] for cookie in taken] == ["__Host-tailor_id=", "tailor_id="]


def test_a_visitor_is_known_again_for_as_long_as_the_cookie_lives(tmp_path: Path) -> None:
    with shop(tmp_path) as running:
        first = pair(running.ask(YES))
        running.wait(timedelta(days=6))
        assert ours(running.ask(YES, first)) == []
        running.wait(timedelta(days=1))
        second = pair(running.ask(YES, first))
        assert (id_of(second), second == first) == (id_of(first), False)
        running.wait(timedelta(days=180, seconds=1))
        assert id_of(pair(running.ask(YES, second))) != id_of(first)


def test_a_tampered_cookie_makes_a_new_visitor(tmp_path: Path) -> None:
    with shop(tmp_path) as running:
        known = pair(running.ask(YES))
        forged = known.replace(id_of(known), id_of(known)[::-1])
        assert id_of(pair(running.ask(YES, forged))) not in (id_of(known), id_of(forged))


def test_a_doubled_cookie_makes_the_visitor_anonymous(tmp_path: Path) -> None:
    with shop(tmp_path) as running:
        known, other = pair(running.ask(YES)), pair(running.ask(YES))
        assert ours(running.ask(YES, known, other)) == []


def test_a_cookie_from_ahead_of_the_clock_is_accepted_within_a_minute(tmp_path: Path) -> None:
    with shop(tmp_path) as running:
        known = pair(running.ask(YES))
        running.wait(-LEEWAY)
        assert ours(running.ask(YES, known)) == []
        running.wait(-timedelta(seconds=1))
        assert id_of(pair(running.ask(YES, known))) != id_of(known)


def test_an_old_key_is_accepted_and_the_cookie_signed_with_the_new_one(tmp_path: Path) -> None:
    with shop(tmp_path, keys=(OLD,)) as before:
        first = pair(before.ask(YES))
    with shop(tmp_path, keys=(NEW, OLD)) as rotating:
        second = pair(rotating.ask(YES, first))
        assert ours(rotating.ask(YES, second)) == []
    with shop(tmp_path, keys=(NEW,)) as after:
        assert ours(after.ask(YES, second)) == []
        assert id_of(pair(after.ask(YES, first))) != id_of(first)
    assert id_of(first) == id_of(second)


@pytest.mark.parametrize("path", ["/", "/elsewhere"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_the_origin_never_hears_of_the_id(tmp_path: Path, path: str, method: str) -> None:
    with shop(tmp_path) as running:
        running.ask("a=1", "tailor_id=x", YES, "__Host-tailor_id=y", path=path, method=method)
        running.ask("tailor_id=x", path=path, method=method)
    heard = b"".join(running.heard)
    assert b"tailor_id" not in heard
    assert heard.count(b"\r\ncookie: ") == 1
    assert b"\r\ncookie: a=1; uc_consent=essential,functional\r\n" in heard


def test_a_signal_whose_tier_is_not_allowed_is_unknown(tmp_path: Path) -> None:
    gold = "shop_plan=gold"
    with shop(tmp_path, company_without_consent=False) as running:
        assert b"<h1>Hello</h1>" in running.ask(gold, path="/plan")
        assert b"<h1>Hello</h1>" in running.ask(gold, NO, path="/plan")
        assert b"<h1>Gold</h1>" in running.ask(gold, YES, path="/plan")
        assert b"<h1>Hello</h1>" in running.ask(gold, YES, path="/plan", headers="Sec-GPC: 1\r\n")
        assert b"<h1>Phone</h1>" in running.ask(headers=PHONE)
    with shop(tmp_path) as lenient:
        assert b"<h1>Gold</h1>" in lenient.ask(gold, NO, path="/plan")


def test_an_identity_that_fails_leaves_the_page_and_sets_nothing(tmp_path: Path) -> None:
    with shop(tmp_path, keys=()) as running:
        answer = running.ask(YES, headers=PHONE)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"<h1>Phone</h1>" in answer
    assert ours(answer) == []
