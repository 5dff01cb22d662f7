from __future__ import annotations

import pytest

from rules.markup import HOLE, UnsafePlaceError, UrlPlace, leads_within, url_places, urls_in

HOSTS = frozenset({"shop.example", "cdn.example"})


def places(markup: str) -> tuple[UrlPlace, ...]:
    """The places of markup in which `@` stands for a hole."""
    return url_places(markup.replace("@", HOLE))


@pytest.mark.parametrize(
    "markup",
    [
        "@",
        "a < b @",
        "<p>@</p>",
        "<p title=\"@\" class='@'>",
        "<P TITLE = '@'>",
        "<br/>@",
        "<p title='>'>@</p>",
        "<p =a>@</p>",
        "<p a= >@</p>",
        "<script>var a = '<p @'.replace('@', '')</script>".replace("@", ""),
        "<script>a</script>@",
        "<title>@</title><textarea>@</textarea>",
        '<a x=a" title="@">go</a>',
        '<a x="a"" title="@">go</a>',
        "<svg><use x='@'/></svg>",
    ],
)
def test_text_and_quoted_attributes_take_a_value(markup: str) -> None:
    assert places(markup) == ()


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<a href="/x?c=@">@</a>', [UrlPlace("href", f"/x?c={HOLE}", 0)]),
        ("<a title='@' HREF='@@'>", [UrlPlace("href", HOLE * 2, 1)]),
        ('@<img src="@" srcset="@ 2x">', [UrlPlace("src", HOLE, 1), UrlPlace("srcset", f"{HOLE} 2x", 2)]),
        ('<a class="x"" href="@">go</a>', [UrlPlace("href", HOLE, 0)]),
        ('<a x=a" href="@">go</a>', [UrlPlace("href", HOLE, 0)]),
        ("<button formaction='/@'><form action='/@'><use xlink:href='#@'>",
         [UrlPlace("formaction", f"/{HOLE}", 0), UrlPlace("action", f"/{HOLE}", 1),
          UrlPlace("xlink:href", f"#{HOLE}", 2)]),
        ('<a href="/a" title="@" href="@">', [UrlPlace("href", HOLE, 1)]),
    ],
)  # fmt: skip
def test_urls_are_told_with_the_number_of_their_first_hole(markup: str, expected: list[UrlPlace]) -> None:
    assert list(places(markup)) == expected


@pytest.mark.parametrize(
    ("markup", "where"),
    [
        ("<!-- @ -->", "a comment"),
        ("<!-- @", "a comment"),
        ("<!doctype @>", "a comment"),
        ("<?php @ ?>", "a comment"),
        ("</ @>", "a comment"),
        ("<a@>", "a tag's name"),
        ("<script>@</script>", "<script>"),
        ("<SCRIPT>@</SCRIPT>", "<script>"),
        ("<script></scriptx>@</script>", "<script>"),
        ("<script></script >@<style>@</style>", "<style>"),
        ("<noscript><p>@</p></noscript>", "<noscript>"),
        ("<iframe>@", "<iframe>"),
        ("<a title=@>", "the attribute `title` without quotes"),
        ("<a title=a@>", "the attribute `title` without quotes"),
        ("<a title=a\u00a0href='@'>", "the attribute `title` without quotes"),
        ("<a title=a\x0bhref='@'>", "the attribute `title` without quotes"),
        ("<a @>", "an attribute's name in <a>"),
        ("<a @='x'>", "an attribute's name in <a>"),
        ("<a x='a'@='x'>", "an attribute's name in <a>"),
        ('<a ="@">', "an attribute's name in <a>"),
        ('<a x=">" "@">', "an attribute's name in <a>"),
        ("<p style='color: @'>", "the attribute `style` of <p>"),
        ("<p onclick='@'>", "the attribute `onclick` of <p>"),
        ("<p OnClick='@'>", "the attribute `onclick` of <p>"),
        ("<p x=a\" onclick='@'>", "the attribute `onclick` of <p>"),
        ("<iframe srcdoc='@'>", "the attribute `srcdoc` of <iframe>"),
        ("<meta http-equiv=refresh content='0; @'>", "the attribute `content` of <meta>"),
        ("<a title='@", "a tag that is not closed"),
        ("<a title='@'", "a tag that is not closed"),
        ('<a title="x>@</a>', "a tag that is not closed"),
        ('<a title="x>y</a> @', "a tag that is not closed"),
    ],
)
def test_where_no_escaping_helps_a_value_is_refused(markup: str, where: str) -> None:
    with pytest.raises(UnsafePlaceError) as refused:
        places(markup)
    assert str(refused.value) == where


@pytest.mark.parametrize(
    "url",
    [
        "", "/", "/a?b=//evil.example", "a/b", "?a", "#javascript:a", "./a:b", "https://shop.example/a",
        "HTTPS://SHOP.EXAMPLE:8080", "http://a:b@shop.example/", "//cdn.example", "\\\\shop.example",
        "http:/shop.example", "https:shop.example", " /a",
    ],
)  # fmt: skip
def test_relative_urls_and_the_sites_own_hosts_are_within(url: str) -> None:
    assert leads_within(url, HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        "//evil.example", "\\\\evil.example", "/\\evil.example", "\\/evil.example", "///evil.example",
        "/\t/evil.example", "/\n\\evil.example", "\t//evil.example", " //evil.example", "\x00//evil.example",
        "https://evil.example", "https:evil.example", "https:\\evil.example", "ht\ntps://evil.example",
        "https://shop.example@evil.example", "https://shop.example.evil.example", "https://evil.example#shop.example",
        "https://evil.example\\@shop.example", "https://evil.example?@shop.example", "https://shop.example%2eevil/",
        "https://shop.example./", "javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)",
        "\x01javascript:alert(1)", "java&#115;cript:alert(1)", "javascript&colon;alert(1)", "data:text/html,a",
        "vbscript:a", "mailto:a@shop.example", "ftp://shop.example", "blob:https://shop.example/a", "//", "https://",
        "https://shop.example&num;@evil.example", "//shop.example&#63;@evil.example",
    ],
)  # fmt: skip
def test_everywhere_else_is_not(url: str) -> None:
    assert not leads_within(url, HOSTS)


def test_a_srcset_and_a_ping_hold_several_urls() -> None:
    assert urls_in("srcset", "/a 1x, //evil 2x") == ["/a", "1x", "//evil", "2x"]
    assert urls_in("ping", "/a  /b") == ["/a", "/b"]
    assert urls_in("href", "/a, /b 2x") == ["/a, /b 2x"]


@pytest.mark.parametrize(
    "srcset",
    [
        "/a 1x, //evil", "/a 1x,//evil", "/a ,//evil", ",//evil", " ,, //evil", "/a,\n//evil 2x", "//evil,",
        "/a 1x,https://shop.example,@evil",
    ],
)  # fmt: skip
def test_a_srcset_hides_no_url(srcset: str) -> None:
    assert not all(leads_within(url, HOSTS) for url in urls_in("srcset", srcset))


def test_markup_of_many_quotes_is_read_in_linear_time() -> None:
    assert places("<a " + "x='" * 50_000 + "<b " * 50_000) == ()
    assert places("<" * 100_000 + "<!" * 50_000 + "@".replace("@", "")) == ()
