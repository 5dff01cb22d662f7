from __future__ import annotations

import pytest

from rules.markup import HOLE, UnsafePlaceError, UrlPlace, url_places


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


def test_markup_of_many_quotes_is_read_in_linear_time() -> None:
    assert places("<a " + "x='" * 50_000 + "<b " * 50_000) == ()
    assert places("<" * 100_000 + "<!" * 50_000 + "@".replace("@", "")) == ()
