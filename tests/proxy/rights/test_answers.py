"""The page of visitors' rights, whole: a real server, a real file of profiles, and forms as browsers send them."""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from proxy.profile import database
from proxy.profile.database import connect_to_write, prepare
from proxy.profile.sqlite import SqliteProfileStore
from proxy.rights.answers import MAX_CONFIRMING, MAX_FORM_BYTES, Rights
from proxy.rights.page import MePage
from proxy.rights.tokens import FormTokens
from proxy.rights.words import LANGUAGES
from proxy.settings.model import Settings
from proxy.settings.values import ConsentSource
from proxy.visitor.consent import ConsentReader, make_consent_reader
from proxy.visitor.identity import IdentityReader
from rules.model import RuleBook
from tests.proxy.origins import Connection, RunningServer, ok, running_proxy, scripted_origin
from tests.proxy.profile.browsing import break_profiles
from tests.proxy.requests import page_request
from tests.rules.reading import rulebook

if TYPE_CHECKING:
    from starlette.types import Message

KEYS = (b"k" * 32,)
PATIENCE_SECONDS = 30
NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)
BROWSER = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
YES, NO = "uc_consent=essential,functional", "uc_consent=essential"
BOOK = """
experiences:
  vegan: {pages: /, who: {visitor.preferences.diet: [vegan, fish]}, change: [{select: h1, text: Green}]}
  named: {pages: /, change: [{select: h1, text: "Hei {{ visitor.preferences.name }}"}]}
"""


def site(connection: Connection) -> None:
    while connection.read_message():
        connection.send(ok(b"<!doctype html><title>t</title><h1>Hello</h1>", b"Content-Type: text/html"))


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def token(self) -> str:
        found = re.search(r'name="token" value="([^"]*)"', self.body)
        assert found is not None
        return html.unescape(found[1])


@dataclass
class Browser:
    """One browser on the site, with its cookies."""

    proxy: RunningServer
    store: SqliteProfileStore
    clock: dict[str, datetime]
    path: Path
    consent: str = YES
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, target: str, *, method: str = "GET", headers: str = "", body: str = "") -> Answer:
        cookies = "; ".join([self.consent, *(f"{name}={value}" for name, value in self.cookies.items())])
        length = f"Content-Length: {len(body)}\r\n" if method == "POST" else ""
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\nCookie: {cookies}\r\n"
            f"{BROWSER}{length}{headers}\r\n{body}"
        )
        answer = self.proxy.ask(head.encode("latin-1")).decode()
        top, _, content = answer.partition("\r\n\r\n")
        status, *fields = top.split("\r\n")
        for name, value in re.findall(r"(?m)^set-cookie: (tailor_id)=([^;]*)", top):
            self.cookies[name] = value
        self.cookies = {name: value for name, value in self.cookies.items() if value}
        return Answer(int(status.split(" ")[1]), dict(line.split(": ", 1) for line in fields), content)

    def send_form(self, headers: str = "Sec-Fetch-Site: same-origin\r\n", /, **form: str) -> Answer:
        kind = "Content-Type: application/x-www-form-urlencoded\r\n"
        return self.ask("/_tailor/me?lang=en", method="POST", headers=kind + headers, body=urlencode(form))

    @property
    def me(self) -> Answer:
        return self.ask("/_tailor/me")


@contextlib.contextmanager
def browsing(folder: Path, consent: str = "usercentrics") -> Iterator[Browser]:
    settings = Settings.model_validate({"origin": "http://origin.example", "consent": consent})
    clock = {"now": NOON}
    path = folder / "profiles.db"
    prepare(path, NOON)
    identity = IdentityReader(make_consent_reader(settings), KEYS, now=lambda: clock["now"])
    with (
        contextlib.closing(SqliteProfileStore(path, now=lambda: clock["now"], batch_seconds=0)) as store,
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
        yield Browser(proxy, store, clock, path)


def heading(answer: Answer) -> str:
    (found,) = re.findall("<h1>(.*)</h1>", answer.body)
    return str(found)


def test_a_visitor_sees_what_is_remembered(tmp_path: Path) -> None:
    with browsing(tmp_path) as browser:
        browser.ask("/?utm_campaign=spring&utm_medium=email")
        page = browser.me
        assert page.status == 200
        assert "an email (spring)" in page.body
        assert "2026-12-02 12:00 UTC" in page.body


@pytest.mark.parametrize("name", ["me", "me.json"])
def test_the_page_is_for_this_visitor_alone(tmp_path: Path, name: str) -> None:
    with browsing(tmp_path) as browser:
        browser.ask("/")
        headers = browser.ask(f"/_tailor/{name}").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "script-src" not in headers["content-security-policy"]


def test_a_head_has_the_length_of_the_page_and_no_body(tmp_path: Path) -> None:
    with browsing(tmp_path) as browser:
        browser.ask("/")
        page, head = browser.me, browser.ask("/_tailor/me", method="HEAD")
    assert (head.status, head.body) == (200, "")
    assert head.headers["content-length"] == page.headers["content-length"] == str(len(page.body.encode()))


@pytest.mark.parametrize("consent", ["", NO])
def test_without_consent_nothing_is_known_and_nothing_is_set(tmp_path: Path, consent: str) -> None:
    with browsing(tmp_path) as browser:
        browser.consent = consent
        page = browser.me
        assert LANGUAGES["en"].no_consent in html.unescape(page.body)
        assert "<form" not in page.body
        assert "set-cookie" not in page.headers
        assert json.loads(browser.ask("/_tailor/me.json").body) == {}


def test_who_took_the_consent_back_is_erased_here_too(tmp_path: Path) -> None:
    with browsing(tmp_path) as browser:
        browser.ask("/")
        browser.consent = NO
        assert browser.me.headers["set-cookie"].startswith("tailor_id=; Path=/; Max-Age=0")
        assert browser.store.flush(30)
        assert browser.store.counts()["rows"] == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_speaks_the_visitors_language(tmp_path: Path, language: str) -> None:
    with browsing(tmp_path) as browser:
        asked = browser.ask(f"/_tailor/me?lang={language}")
        accepted = browser.ask("/_tailor/me", headers=f"Accept-Language: {language}-XX\r\n")
    assert asked.headers["content-language"] == accepted.headers["content-language"] == language
    assert LANGUAGES[language].title in html.unescape(asked.body)
    assert f'<html lang="{language}">' in accepted.body


def test_what_a_visitor_tells_decides_the_next_page(tmp_path: Path) -> None:
    with browsing(tmp_path) as browser:
        assert heading(browser.ask("/")) == "Hello"
        page = browser.me
        assert re.findall(r"<option[^>]*>([^<]*)</option>", page.body) == ["not told", "vegan", "fish"]
        saved = browser.send_form(token=page.token, do="save", **{"preference.diet": "vegan"})
        assert (saved.status, LANGUAGES["en"].saved in saved.body) == (200, True)
        assert "<option selected>vegan</option>" in saved.body
        assert heading(browser.ask("/")) == "Green"
        corrected = {"preference.diet": "", "preference.name": "Kari"}
        browser.send_form(token=browser.me.token, do="save", **corrected)
        assert heading(browser.ask("/")) == "Hei Kari"


@pytest.mark.parametrize(
    "told", [{"preference.diet": "gold"}, {"preference.name": "x" * 101}, {"preference.name": "a\x00b"}, {"other": "x"}]
)
def test_what_was_not_asked_is_not_remembered(tmp_path: Path, told: dict[str, str]) -> None:
    with browsing(tmp_path) as browser:
        browser.ask("/")
        assert browser.send_form(token=browser.me.token, do="save", **told).status == 200
        assert json.loads(browser.ask("/_tailor/me.json").body)["preferences"] == {}


def test_all_of_it_can_be_taken_along(tmp_path: Path) -> None:
    with browsing(tmp_path) as browser:
        browser.ask("/?utm_campaign=spring")
        file = browser.ask("/_tailor/me.json")
    assert file.headers["content-type"] == "application/json"
    assert file.headers["content-disposition"] == 'attachment; filename="profile.json"'
    assert json.loads(file.body)["first_source"]["campaign"] == "spring"


def test_erasing_is_complete_and_confirmed_on_the_page(tmp_path: Path) -> None:
    with browsing(tmp_path) as browser:
        browser.ask("/?utm_campaign=canary-of-the-campaign")
        page = browser.me
        assert browser.store.flush(30)
        erased = browser.send_form(token=page.token, do="erase")
        assert (erased.status, LANGUAGES["en"].erased in erased.body) == (200, True)
        assert "canary" not in erased.body
        assert browser.cookies == {}
        assert browser.store.counts()["rows"] == 0
        left = b"".join(each.read_bytes() for each in tmp_path.glob("profiles.db*"))
        assert b"canary-of-the-campaign" not in left


def test_where_nobody_can_consent_the_page_says_that_nothing_is_known() -> None:
    with scripted_origin(site) as origin, running_proxy(origin.url) as proxy:
        answer = proxy.ask(b"GET /_tailor/me HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n").decode()
    assert answer.startswith("HTTP/1.1 200 OK\r\n")
    assert LANGUAGES["en"].nothing in answer


def test_of_a_store_that_can_not_be_read_nothing_is_claimed(tmp_path: Path) -> None:
    with browsing(tmp_path) as browser:
        browser.ask("/")
        assert browser.store.flush(30)
        break_profiles(browser.path)
        answers = [browser.me, browser.ask("/_tailor/me.json")]
    assert [(answer.status, LANGUAGES["en"].later in answer.body) for answer in answers] == [(503, True)] * 2


def test_erasing_that_can_not_be_done_now_is_not_confirmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    with browsing(tmp_path) as browser:
        browser.ask("/")
        assert browser.store.flush(30)
        token = browser.me.token
        with contextlib.closing(connect_to_write(browser.path)) as other:
            other.execute("BEGIN EXCLUSIVE")
            answer = browser.send_form(token=token, do="erase")
            other.execute("COMMIT")
        assert (answer.status, LANGUAGES["en"].later in answer.body) == (503, True)
        assert LANGUAGES["en"].erased not in answer.body
        assert browser.cookies == {}
        assert browser.store.flush(30)
        assert browser.store.counts()["rows"] == 0


@pytest.mark.parametrize(
    "headers",
    [
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
    ],
)
@pytest.mark.parametrize("do", ["erase", "save"])
def test_a_form_from_elsewhere_changes_nothing(tmp_path: Path, headers: str, do: str) -> None:
    with browsing(tmp_path) as browser:
        browser.ask("/")
        answer = browser.send_form(headers, token=browser.me.token, do=do, **{"preference.diet": "vegan"})
        assert (answer.status, LANGUAGES["en"].stale in answer.body) == (403, True)
        assert json.loads(browser.ask("/_tailor/me.json").body)["preferences"] == {}


def test_a_form_without_its_token_or_with_anothers_changes_nothing(tmp_path: Path) -> None:
    with browsing(tmp_path) as browser:
        browser.ask("/")
        mine, cookies = browser.me.token, browser.cookies
        browser.cookies = {}
        browser.ask("/")
        foreign = browser.me.token
        browser.cookies = cookies
        assert [browser.send_form(token=token, do="erase").status for token in ("", "x", foreign)] == [403] * 3
        browser.clock["now"] += timedelta(hours=3)
        assert browser.send_form(token=mine, do="erase").status == 403
        assert browser.store.flush(30)
        assert browser.store.counts()["rows"] == 2


def test_a_form_without_consent_changes_nothing(tmp_path: Path) -> None:
    with browsing(tmp_path) as browser:
        browser.ask("/")
        token = browser.me.token
        browser.consent = ""
        assert browser.send_form(token=token, do="save").status == 403


def test_forms_are_bounded_and_of_one_kind(tmp_path: Path) -> None:
    with browsing(tmp_path) as browser:
        browser.ask("/")
        token = browser.me.token
        assert browser.send_form(token=token, do="save", more="x" * MAX_FORM_BYTES).status == 413
        assert browser.ask("/_tailor/me", method="POST", body="{}").status == 415
        assert browser.send_form(token=token).status == 400
        assert browser.send_form(token=token, do="nonsense").status == 400


@pytest.mark.parametrize(
    ("name", "method", "allowed"),
    [("me", "DELETE", "GET, HEAD, POST"), ("me.json", "POST", "GET, HEAD"), ("me", "OPTIONS", "GET, HEAD, POST")],
)
def test_other_methods_are_refused(tmp_path: Path, name: str, method: str, allowed: str) -> None:
    with browsing(tmp_path) as browser:
        answer = browser.ask(f"/_tailor/{name}", method=method)
    assert (answer.status, answer.headers["allow"]) == (405, allowed)


def test_what_is_told_is_shown_as_text(tmp_path: Path) -> None:
    with browsing(tmp_path) as browser:
        browser.ask("/?utm_campaign=%3Cscript%3Ealert(1)%3C/script%3E")
        browser.send_form(token=browser.me.token, do="save", **{"preference.name": '"><img src=x>'})
        page = browser.me
    assert "<script" not in page.body
    assert "<img" not in page.body
    assert "&lt;script&gt;alert(1)" in page.body


def test_however_many_forms_wait_for_the_disk_few_threads_do(tmp_path: Path) -> None:
    gate = threading.Event()

    class Stuck(SqliteProfileStore):
        def flush(self, seconds: float) -> bool:
            return gate.wait(PATIENCE_SECONDS) and super().flush(seconds)

    class Threads(ThreadPoolExecutor):
        asked = 0

        def submit(self, *work: Any, **more: Any) -> Future[Any]:
            self.asked += 1
            return super().submit(*work, **more)

    prepare(tmp_path / "profiles.db", NOON)
    with contextlib.closing(Stuck(tmp_path / "profiles.db", now=lambda: NOON, batch_seconds=0)) as store:
        identity = IdentityReader(ConsentReader(ConsentSource.NOT_REQUIRED), KEYS, now=lambda: NOON)
        rights = Rights(MePage.open(), identity, KEYS, store=store, now=lambda: NOON, book=RuleBook())
        cookie = identity.read((), is_https=False).cookies[0][1].partition(b";")[0].decode()
        token = FormTokens(KEYS, lambda: NOON).make(cookie.partition("=")[2].partition(".")[0])
        kind = "application/x-www-form-urlencoded"
        form = replace(page_request(cookie=cookie, content_type=kind), method="POST")
        body = urlencode({"do": "save", "token": token}).encode()
        statuses: list[int] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body}

        async def send(message: Message) -> None:
            statuses.extend([message["status"]] if "status" in message else [])

        async def send_forms() -> None:
            threads = Threads()
            asyncio.get_running_loop().set_default_executor(threads)
            forms = [asyncio.create_task(rights.respond("me", form, receive, send)) for _ in range(MAX_CONFIRMING + 3)]
            await asyncio.sleep(0)  # each runs until it has to wait
            assert threads.asked == MAX_CONFIRMING
            gate.set()
            await asyncio.gather(*forms)

        asyncio.run(send_forms())
    assert statuses == [200] * (MAX_CONFIRMING + 3)
