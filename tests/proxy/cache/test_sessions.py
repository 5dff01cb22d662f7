from __future__ import annotations

import pytest

from proxy.cache.sessions import bears_session, session_cookies
from proxy.settings.cache import SessionPreset

EVERY_COOKIE = session_cookies(SessionPreset)


@pytest.mark.parametrize(
    "cookie",
    [
        b"wordpress_logged_in_0123456789abcdef=editor%7C1",
        b"wordpress_sec_0123456789abcdef=x",
        b"wp-postpass_0123456789abcdef=x",
        b"comment_author_0123456789abcdef=x",
        b"woocommerce_items_in_cart=1",
        b"wp_woocommerce_session_0123456789abcdef=x",
        b"sessionid=x",
        b"messages=x",
        b"SESS0123456789abcdef=x",
        b"SSESS0123456789abcdef=x",
        b"ghost-members-ssr=x",
        b"ghost-members-ssr.sig=x",
        b"X-Magento-Vary=x",
        b"PHPSESSID=x",
        b"cart=x",
        b"secure_customer_sig=x",
        b"theme=dark; sessionid=x",
        b"theme=dark;sessionid=x",
        b"SessionID=x",
        b"sessionid",
    ],
)
def test_a_session_is_known_by_its_cookie(cookie: bytes) -> None:
    assert bears_session([cookie], EVERY_COOKIE)


@pytest.mark.parametrize(
    "cookie",
    [
        b"",
        b";;",
        b"theme=dark",
        b"theme=sessionid",
        b"_ga=GA1.1.1; _gid=x",
        b"wordpress_test_cookie=WP+Cookie+check",
        b"mysessionid=x",
        b"cart_count=0",
        b"OptanonConsent=groups=C0001:1",
        b"caf\xe9=x",
    ],
)
def test_other_cookies_are_no_session(cookie: bytes) -> None:
    assert not bears_session([cookie], EVERY_COOKIE)


def test_every_line_of_cookies_counts() -> None:
    assert bears_session([b"theme=dark", b"sessionid=x"], EVERY_COOKIE)


def test_an_operator_adds_cookies_to_those_of_a_preset() -> None:
    listed = session_cookies([SessionPreset.DJANGO], ["members_*"])
    assert bears_session([b"members_42=x"], listed)
    assert bears_session([b"sessionid=x"], listed)
    assert not bears_session([b"cart=x"], listed)
