from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from proxy.request import RequestReader
from proxy.rights.tokens import LIFETIME, FormTokens, comes_from_here

NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)
OLD, NEW = b"o" * 32, b"n" * 32


def tokens(*keys: bytes, at: datetime = NOON) -> FormTokens:
    return FormTokens(keys, lambda: at)


def test_a_token_fits_its_visitor_and_nobody_else() -> None:
    token = tokens(NEW).make("anna")
    assert "anna" not in token
    assert tokens(NEW).fits(token, "anna") is True
    assert tokens(NEW).fits(token, "berit") is False
    assert tokens(OLD).fits(token, "anna") is False


def test_a_token_of_an_older_key_fits_while_that_is_listed() -> None:
    assert tokens(NEW, OLD).fits(tokens(OLD).make("anna"), "anna") is True


def test_a_token_fits_for_a_while() -> None:
    token = tokens(NEW).make("anna")
    assert tokens(NEW, at=NOON + LIFETIME).fits(token, "anna") is True
    assert tokens(NEW, at=NOON + LIFETIME + timedelta(seconds=1)).fits(token, "anna") is False


@pytest.mark.parametrize("token", ["", ".", "a.b", "x" * 10_000, "\udce9"])
def test_what_is_no_token_does_not_fit(token: str) -> None:
    assert tokens(NEW).fits(token, "anna") is False


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ([], True),
        ([(b"sec-fetch-site", b"same-origin")], True),
        ([(b"sec-fetch-site", b"same-origin"), (b"origin", b"null")], True),
        ([(b"sec-fetch-site", b"same-site")], False),
        ([(b"sec-fetch-site", b"cross-site"), (b"origin", b"http://shop.example")], False),
        ([(b"sec-fetch-site", b"none")], False),
        ([(b"origin", b"http://shop.example")], True),
        ([(b"origin", b"http://SHOP.example")], True),
        ([(b"origin", b"https://shop.example")], False),
        ([(b"origin", b"http://shop.example:81")], False),
        ([(b"origin", b"http://shop.example.evil")], False),
        ([(b"origin", b"null")], False),
    ],
)
def test_only_a_page_of_this_site_may_send_a_form(headers: list[tuple[bytes, bytes]], ours: bool) -> None:
    scope = {
        "method": "POST",
        "scheme": "http",
        "raw_path": b"/_tailor/me",
        "query_string": b"",
        "headers": [(b"host", b"shop.example"), *headers],
        "client": ("127.0.0.1", 1),
    }
    assert comes_from_here(RequestReader().read(scope)) is ours
