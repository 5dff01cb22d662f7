from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.linting.common_urls import common_url, covers
from rules.pages import PagePattern

PATHS = st.lists(st.sampled_from(["a", "b", "", "*", "**", "a*", "*b"]), min_size=1, max_size=5).map(
    lambda segments: "/" + "/".join(segments)
)


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        ("/", "/", "/"),
        ("/products/*", "/**/sale", "/products/sale"),
        ("/products/new-*", "/products/*-tents", "/products/new--tents"),
        ("/blog/**", "/blog/", "/blog/"),
        ("/blog/**", "/blog", None),
        ("/a/*", "/a/", None),
        ("/a", "/b", None),
        ("/a*", "/b*", None),
        ("/*a", "/*b", None),
        ("/caf%C3%A9", "/café", "/café"),
    ],
)
def test_two_patterns_meet_where_one_path_fits_both(one: str, other: str, path: str | None) -> None:
    found = common_url(PagePattern(one), PagePattern(other))
    assert (found.path if found else None) == path


@given(one=PATHS, other=PATHS)
def test_a_common_url_fits_both_patterns(one: str, other: str) -> None:
    patterns = PagePattern(one), PagePattern(other)
    found = common_url(*patterns)
    assert found is None or all(found.fits(pattern) for pattern in patterns)


@given(one=PATHS, path=st.lists(st.sampled_from(["a", "b", "", "ab"]), min_size=1, max_size=5).map("/".join))
def test_a_pattern_meets_every_path_that_fits_it(one: str, path: str) -> None:
    pattern, literal = PagePattern(one), PagePattern(f"/{path}")
    assert (common_url(pattern, literal) is not None) is pattern.matches("", f"/{path}", {})


def test_hosts_and_queries_have_to_meet_too() -> None:
    shop = PagePattern("/", "*.shop.example", (("ref", "news*"),))
    found = common_url(shop, PagePattern("/**", "www.*", (("page", "2"),)))
    assert found is not None
    assert (found.host, dict(found.query)) == ("www..shop.example", {"ref": "news", "page": "2"})
    assert common_url(shop, PagePattern("/", query=(("ref", "ad"),))) is None
    assert common_url(shop, PagePattern("/", host="blog.example")) is None


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("/**", "/a/*", True),
        ("/a/*", "/a/b", True),
        ("/a/*", "/a/*", True),
        ("/a/*", "/a/b/c", False),
        ("/a/b", "/a/*", False),
    ],
)
def test_a_pattern_covers_what_surely_fits_it(wide: str, narrow: str, *, expected: bool) -> None:
    assert covers(PagePattern(wide), PagePattern(narrow)) is expected


def test_a_pattern_with_a_query_covers_only_itself() -> None:
    asking = PagePattern("/", query=(("ref", "news"),))
    assert covers(PagePattern("/"), asking)
    assert not covers(asking, PagePattern("/"))
    assert not covers(PagePattern("/", host="shop.example"), PagePattern("/"))
