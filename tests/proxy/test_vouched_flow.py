"""What the site vouches for, on the way of a request, through real sockets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from proxy.request import RequestReader
from proxy.visitor.consent import ConsentReader
from proxy.visitor.observe import make_observer
from proxy.visitor.vouched import Vouched
from proxy.visitor.vouched_cookie import SignedCookieReader
from proxy.visitor.vouched_header import Carrier
from tests.proxy.origins import Connection, RunningServer, ScriptedOrigin, ok, running_proxy, scripted_origin
from tests.proxy.page.cutting import book_of
from tests.proxy.visitor.signing import SECRET, signed_cookie

RULES = """
experiences:
  customers:
    pages: [/, /account]
    who: {visitor.status: customer}
    change: [{select: h1, text: "Welcome back, {{ visitor.name or 'you' }}"}]
  heavy:
    pages: /seats
    who: {visitor.seats: {at_least: 5}, visitor.lists: beta}
    change: [{select: h1, text: Many seats}]
"""
HTML = b"Content-Type: text/html; charset=utf-8"
PAGE = b"<!doctype html><h1>Hello</h1>"
SAID = b'Tailor-Visitor: status=customer, name="Kari"'
CACHING = (
    b"Cache-Control: public, max-age=600\r\nSurrogate-Control: max-age=600\r\nExpires: Thu, 01 Jan 2099 00:00:00 GMT"
)
REPLIES = {
    b"/login": b"HTTP/1.1 303 See Other\r\nLocation: /\r\nContent-Length: 0\r\n" + SAID + b"\r\n\r\n",
    b"/logout": ok(b"bye", b"Tailor-Visitor:"),
    b"/data": ok(b"{}", b"Content-Type: application/json", SAID, CACHING, b'ETag: "1"'),
    b"/account": ok(PAGE, HTML, SAID, CACHING),
    b"/twice": ok(b"", b"Tailor-Visitor: status=customer", b"tailor-visitor: name=Kari"),
    b"/broken": ok(b"", b"Tailor-Visitor: {}"),
    b"/plain": ok(b"", CACHING),
}


def site(connection: Connection) -> None:
    while message := connection.read_message():
        method, path, _ = message.split(b" ", 2)
        reply = REPLIES.get(path, ok(PAGE, HTML))
        connection.send(reply.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if method == b"HEAD" else reply)


def carrier() -> Carrier:
    return Carrier([b"k" * 32], ConsentReader(), now=lambda: datetime.now(UTC))


@contextmanager
def shop(*, https: bool = False, vouched: Vouched | None = None) -> Iterator[tuple[RunningServer, ScriptedOrigin]]:
    vouched = vouched or Vouched(carrier=carrier())
    with (
        scripted_origin(site) as origin,
        running_proxy(
            origin.url,
            book=book_of(RULES),
            reader=RequestReader(public_url="https://shop.example" if https else None),
            observer=make_observer((), {"status": "shop_status"}, vouched=vouched),
            vouched=vouched,
        ) as proxy,
    ):
        yield proxy, origin


def ask(proxy: RunningServer, path: str, *fields: str, method: str = "GET") -> tuple[dict[str, list[str]], str]:
    """The fields of the response, and its body."""
    head = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: shop.example", "Connection: close", *fields])
    answer = proxy.ask(head.encode("latin-1") + b"\r\n\r\n").decode("latin-1")
    written, _, body = answer.partition("\r\n\r\n")
    found: dict[str, list[str]] = {}
    for line in written.split("\r\n")[1:]:
        name, _, value = line.partition(": ")
        found.setdefault(name.lower().rstrip(":"), []).append(value)
    return found, body


def cookie_of(fields: dict[str, list[str]]) -> str:
    (value,) = fields["set-cookie"]
    return "Cookie: " + value.partition(";")[0]


def test_what_the_origin_says_at_the_login_counts_from_the_next_page_on() -> None:
    with shop() as (proxy, _):
        assert "Hello" in ask(proxy, "/")[1]
        fields, _ = ask(proxy, "/login", "Content-Length: 0", method="POST")
        assert "Welcome back, Kari" in ask(proxy, "/", cookie_of(fields))[1]


def test_the_page_that_bears_the_word_is_not_yet_changed_by_it() -> None:
    with shop() as (proxy, _):
        fields, body = ask(proxy, "/account")
        assert "Hello" in body
        assert "Welcome back, Kari" in ask(proxy, "/account", cookie_of(fields))[1]


@pytest.mark.parametrize("path", ["/login", "/logout", "/data", "/account", "/twice", "/broken"])
@pytest.mark.parametrize("configured", [True, False])
def test_the_word_never_reaches_the_browser_and_no_cache_keeps_what_came_with_it(path: str, configured: bool) -> None:
    with shop(vouched=None if configured else Vouched()) as (proxy, _):
        for method in ("GET", "HEAD"):
            fields, _ = ask(proxy, path, method=method)
            assert "tailor-visitor" not in fields
            assert "no-store" in fields["cache-control"][0]
            assert len(fields["cache-control"]) == 1
            assert not {"surrogate-control", "expires"} & fields.keys()
            assert ("set-cookie" in fields) is (configured and path not in ("/logout", "/broken"))


def test_a_response_without_it_is_left_as_it_is() -> None:
    with shop() as (proxy, _):
        fields, _ = ask(proxy, "/plain", "Cookie: tailor_vouched=x")
    assert fields["cache-control"] == ["public, max-age=600"]
    assert "set-cookie" not in fields


def test_a_logout_takes_the_cookie_back() -> None:
    with shop() as (proxy, _):
        cookie = cookie_of(ask(proxy, "/data")[0])
        fields, _ = ask(proxy, "/logout", cookie)
    assert fields["set-cookie"] == ["tailor_vouched=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"]


def test_several_lines_are_one_word() -> None:
    with shop() as (proxy, _):
        assert "Welcome back, Kari" in ask(proxy, "/", cookie_of(ask(proxy, "/twice")[0]))[1]


def test_neither_our_cookie_nor_a_browsers_own_word_reaches_the_origin() -> None:
    with shop() as (proxy, origin):
        cookie = cookie_of(ask(proxy, "/data")[0])
        for path in ("/", "/plain"):
            ask(proxy, path, cookie + "; session=1", "Tailor-Visitor: status=customer", "Tailor_Visitor: status=owner")
        heard = origin.heard.lower()
    assert b"cookie: session=1\r\n" in heard
    assert b"tailor_vouched" not in heard
    assert not re.search(rb"tailor.visitor", heard)


def test_a_browsers_own_word_and_a_forged_cookie_count_for_nothing() -> None:
    with shop() as (proxy, _):
        cookie = cookie_of(ask(proxy, "/data")[0])
        assert "Hello" in ask(proxy, "/", "Tailor-Visitor: status=customer")[1]
        assert "Hello" in ask(proxy, "/", cookie[:-3] + "abc")[1]


def test_on_https_the_cookie_is_bound_to_the_host() -> None:
    with shop(https=True) as (proxy, origin):
        fields, _ = ask(proxy, "/data")
        assert fields["set-cookie"][0].startswith("__Host-tailor_vouched=")
        assert fields["set-cookie"][0].endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
        assert "Welcome back, Kari" in ask(proxy, "/", cookie_of(fields))[1]
        assert b"tailor_vouched" not in origin.heard


def test_a_signed_cookie_counts_for_its_own_request_in_its_own_types() -> None:
    reader = SignedCookieReader("shop_visitor", lambda: [SECRET], now=lambda: datetime.now(UTC))
    signed = signed_cookie({"status": "customer", "seats": 5, "lists": ["alpha", "beta"]}).decode()
    with shop(vouched=Vouched(cookie=reader)) as (proxy, _):
        assert "Welcome back, you" in ask(proxy, "/", f"Cookie: shop_visitor={signed}")[1]
        assert "Many seats" in ask(proxy, "/seats", f"Cookie: shop_visitor={signed}")[1]
        assert "Hello" in ask(proxy, "/seats", f"Cookie: shop_visitor={signed[:-1]}")[1]
        assert "Hello" in ask(proxy, "/")[1]


def test_a_fault_while_carrying_costs_no_page(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Carrier):
        def carry(self, said: bytes, headers: object, *, is_https: bool) -> tuple[tuple[bytes, bytes], ...]:
            raise RuntimeError("no pen")

    broken = Broken([b"k" * 32], ConsentReader(), now=lambda: datetime.now(UTC))
    with shop(vouched=Vouched(carrier=broken)) as (proxy, _):
        fields, body = ask(proxy, "/data")
    assert body == "{}"
    assert "tailor-visitor" not in fields
    assert "vouch failed" in caplog.text
