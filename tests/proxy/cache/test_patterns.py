from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.cache.patterns import CookiePatterns, NamePatterns

LISTED = NamePatterns.of(["gclid", "UTM_*", "*_id", "a*z"])


@pytest.mark.parametrize("name", ["gclid", "GCLID", "utm_", "utm_source", "UTM_Source", "ad_id", "az", "abcz"])
def test_a_name_is_listed_in_any_case(name: str) -> None:
    assert LISTED.has(name)


@pytest.mark.parametrize("name", ["", "gclid2", "xgclid", "utm", "id", "abc"])
def test_other_names_are_not(name: str) -> None:
    assert not LISTED.has(name)


def test_an_empty_list_has_no_name() -> None:
    assert not NamePatterns.of([]).has("")


@pytest.mark.parametrize(
    ("globs", "cookies", "expected"),
    [
        (("a*c*e",), b"abcde=1", True),
        (("a*c*e",), b"ace=1", True),
        (("a*c*e",), b"ae=1; c=2", False),
        (("a*c*e",), b"abc=de", False),
        (("*",), b"x", True),
        (("a.b",), b"axb=1", False),
        (("sess*",), b"x=1;\tSESSION = 2", True),
        (("*_id",), b"x_id_y=1", False),
        (("*_id",), b"x_id_id=1", True),
        ((), b"a=1", False),
    ],
)
def test_cookies_are_found_by_their_whole_names(globs: tuple[str, ...], cookies: bytes, expected: bool) -> None:
    assert CookiePatterns(globs).are_in(cookies) is expected


@pytest.mark.parametrize("name", [b"wp_in_x", b"wp.in.x", b"wp in_x", b"wp[in.x", b"WP+in.x"])
def test_what_php_reads_as_an_underscore_is_one(name: bytes) -> None:
    assert CookiePatterns(("wp_in_*",), in_php=True).are_in(b"a=1; " + name + b"=1")
    assert CookiePatterns(("wp_in_*",)).are_in(name + b"=1") is (name == b"wp_in_x")


@given(
    st.lists(st.text("ab*", min_size=1, max_size=5), max_size=3),
    st.lists(st.tuples(st.text("ab", min_size=1, max_size=6), st.text("ab", max_size=2)), min_size=1, max_size=4),
)
def test_cookies_are_found_as_names_are(globs: list[str], pairs: list[tuple[str, str]]) -> None:
    field = "; ".join(f"{name}={value}" for name, value in pairs).encode()
    names = NamePatterns.of(globs)
    others = [(name, value) for name, value in pairs if not names.has(name)]

    assert CookiePatterns(tuple(globs)).are_in(field) is (len(others) < len(pairs))
    assert CookiePatterns(tuple(globs)).taken_off(field) == "; ".join(f"{n}={v}" for n, v in others).encode()


def test_a_hostile_cookie_is_read_in_linear_time() -> None:
    """It would take hours else; a minute is what the suite gives a test."""
    assert not CookiePatterns(("a*a*a*a*b",)).are_in(b"a" * 60_000 + b"=" + b";a" * 2_000)
