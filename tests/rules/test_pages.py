from __future__ import annotations

import pytest

from rules.errors import MistakeError
from rules.pages import PagePattern


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("/", ["/"], ["", "/a", "//"]),
        ("/products", ["/products"], ["/products/", "/Products", "/products/a"]),
        ("/products/", ["/products/"], ["/products"]),
        (
            "/products/*",
            ["/products/shoes", "/products/a b"],
            ["/products", "/products/", "/products/a/b", "/products/a/"],
        ),
        ("/*/offer", ["/no/offer"], ["/offer", "/a/b/offer"]),
        ("/p-*", ["/p-", "/p-1"], ["/p-1/", "/p", "/p-1/2", "/q-1"]),
        ("/*.html", ["/a.html", "/.html"], ["/a.htm", "/a/b.html", "/axhtml"]),
        ("/a*b*c", ["/abc", "/a-b-c"], ["/a/b/c", "/acb"]),
        ("/**/offer", ["/offer", "/a/offer", "/a/b/offer"], ["/an-offer", "/a/offer/", "/a/offers"]),
        ("/blog/**", ["/blog/", "/blog/a", "/blog/a/b/"], ["/blog", "/blogs/a"]),
        ("/**", ["/", "/a", "/a/b/"], []),
        ("/a/**/b/*", ["/a/b/c", "/a/x/y/b/c"], ["/a/b", "/a/b/", "/ab/c"]),
        ("/**/x/**", ["/x/", "/a/x/b"], ["/x", "/a/x"]),
        ("/a.b+(c)[d]", ["/a.b+(c)[d]"], ["/aXb+(c)[d]"]),
        ("/caf%C3%A9", ["/café"], ["/caf%C3%A9"]),
        ("/café/*", ["/café/crème"], ["/cafe/creme"]),
        ("/a%20b/*", ["/a b/c"], ["/a%20b/c"]),
        ("/100%25", ["/100%"], ["/100%25"]),
        ("/100%", ["/100%"], []),
        ("/a%2Ab", ["/a*b"], ["/a-b"]),
        ("/a%2Ab/*", ["/a*b/c"], ["/a-b/c"]),
        ("/*", ["/\udc80", "/a\nb"], []),
    ],
)
def test_a_path_pattern_names_these_paths_and_not_those(pattern: str, yes: list[str], no: list[str]) -> None:
    page = PagePattern(pattern)
    assert [path for path in yes if not page.matches("", path, {})] == []
    assert [path for path in no if page.matches("", path, {})] == []


@pytest.mark.parametrize(
    ("pattern", "message", "hint"),
    [
        ("products", "the path `products` does not begin with `/`", "did you mean '/products'?"),
        ("", "the path `` does not begin with `/`", "did you mean '/'?"),
        ("**/offer", "the path `**/offer` does not begin with `/`", "did you mean '/**/offer'?"),
        (
            "https://a.example/b",
            "`https://a.example/b` is a whole URL, not a path",
            "write {path: /b, host: a.example}",
        ),
        ("/a?b=c", "`/a?b=c` is more than a path", "write {path: /a, query: {name: value}}; a fragment is never sent"),
        ("/a#b", "`/a#b` is more than a path", "write {path: /a, query: {name: value}}; a fragment is never sent"),
        ("/a**/b", "`**` in `/a**/b` shares its segment", "inside a segment write a single `*`"),
    ],
)
def test_what_is_no_path_is_refused_with_a_hint(pattern: str, message: str, hint: str) -> None:
    with pytest.raises(MistakeError) as caught:
        PagePattern(pattern)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("pattern", "host", "matches"),
    [
        ("", "any.example", True),
        ("shop.example", "Shop.Example", True),
        ("shop.example", "shop.example:8080", True),
        ("shop.example:8080", "shop.example", False),
        ("*.shop.example", "no.shop.example", True),
        ("*.shop.example", "shop.example", False),
        ("shop.example", "evil-shop.example", False),
    ],
)
def test_a_host_is_a_glob_that_ignores_case_and_port(pattern: str, host: str, matches: bool) -> None:
    assert PagePattern("/", host=pattern).matches(host, "/", {}) is matches


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ({"ref": "newsletter"}, True),
        ({"ref": "NEWS", "x": "y"}, True),
        ({"ref": "old-news"}, False),
        ({"Ref": "news"}, False),
        ({}, False),
    ],
)
def test_every_parameter_of_the_pattern_must_fit(query: dict[str, str], matches: bool) -> None:
    assert PagePattern("/", query=(("ref", "news*"),)).matches("", "/", query) is matches


def test_a_star_alone_wants_the_parameter_with_any_value() -> None:
    page = PagePattern("/", query=(("gclid", "*"),))
    assert page.matches("", "/", {"gclid": ""})
    assert not page.matches("", "/", {})


def test_patterns_are_equal_where_they_say_the_same() -> None:
    assert PagePattern("/a/*") == PagePattern("/a/*")
    assert hash(PagePattern("/a", host="b")) != hash(PagePattern("/a"))


def test_a_hostile_path_is_quickly_told() -> None:
    assert not PagePattern("/**/a/**/a/**/a/**/b").matches("", "/a" * 50_000, {})
