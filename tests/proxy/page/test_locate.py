from __future__ import annotations

import pytest

from proxy.page.locate import (
    Located,
    RefusedError,
    SelectorError,
    Tag,
    attribute_value,
    check_selector,
    declared_encoding,
    latin1_reading,
    shown_text,
)


def spans(body: bytes, selector: str) -> list[tuple[bytes, bytes, bytes]]:
    """The start tag, content and end tag of each match."""
    return [
        (body[p.start : p.open_end], body[p.open_end : p.close_start], body[p.close_start : p.end])
        for p in Located(body).find(selector)
    ]


@pytest.mark.parametrize(
    ("body", "selector", "expected"),
    [
        (b"a<p>b</p>c", "p", (b"<p>", b"b", b"</p>")),
        (b"<P\n CLASS='>' >b</P >c", "p", (b"<P\n CLASS='>' >", b"b", b"</P >")),
        (b"<p></p>", "p", (b"<p>", b"", b"</p>")),
        (b"<ul><li>a<li>b</ul>", "li:first-child", (b"<li>", b"a", b"")),
        (b"<ul><li>a<li>b</ul>", "li:last-child", (b"<li>", b"b", b"")),
        (b"<p>a<div>b</div>", "p", (b"<p>", b"a", b"")),
        (b"<p>a", "p", (b"<p>", b"a", b"")),
        (b"<body><p>a</body></html>", "p", (b"<p>", b"a", b"")),
        (b"<p>a</body></html>", "p", (b"<p>", b"a", b"")),
        (b"<table><tr><td>a<td>b<tr><td>c</table>", "tr:first-child", (b"<tr>", b"<td>a<td>b", b"")),
        (b"<dl><dt>a<dd>b</dl>", "dt", (b"<dt>", b"a", b"")),
        (b"<select><option>a<option>b</select>", "option", (b"<option>", b"a", b"")),
        (b"<div>a<br>b</div>", "br", (b"<br>", b"", b"")),
        (b"<svg><path d='M0'/><g>x</g></svg>", "path", (b"<path d='M0'/>", b"", b"")),
        (b"<script>if (a</b>c) '</p>'</script>", "script", (b"<script>", b"if (a</b>c) '</p>'", b"</script>")),
        (b"<textarea>\n<p>a</textarea>", "textarea", (b"<textarea>", b"\n<p>a", b"</textarea>")),
        (b"<!-- <p>x</p> --><p>a</p>", "p", (b"<p>", b"a", b"</p>")),
        (b"\xef\xbb\xbf<p>a</p>", "p", (b"<p>", b"a", b"</p>")),
        (b"<i>\r\n\r</i>\0<p>\r\na</p>", "p", (b"<p>", b"\r\na", b"</p>")),
        ("<i>é☃</i><p>ü</p>".encode(), "p", (b"<p>", "ü".encode(), b"</p>")),
        (b"<x-card>a</x-card>", "x-card", (b"<x-card>", b"a", b"</x-card>")),
    ],
)  # fmt: skip
def test_tags_and_content_lie_where_the_page_has_them(
    body: bytes, selector: str, expected: tuple[bytes, bytes, bytes]
) -> None:
    assert spans(body, selector)[0] == expected


def test_attributes_lie_where_the_page_has_them() -> None:
    body = b"<p ID = 'a'  class=b hidden data-x=\"1>2\">"
    (place,) = Located(body).find("p")

    assert {name: body[slice(*span)] for name, span in place.attributes.items()} == {
        "id": b"ID = 'a'", "class": b"class=b", "hidden": b"hidden", "data-x": b'data-x="1>2"',
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "selector", "why"),
    [
        (b"<table><tr><td>a</table>", "tbody", "<tbody> is not written in the page: the parser implied it"),
        (b"<p>a", "html", "<html> is not written in the page: the parser implied it"),
        (b"<table>a<p>b</p></table>", "p", "<p> is misnested: the parser moves it elsewhere"),
        (b"<p>a <i>b</p>c</i>", "p + i", "<i> is not written in the page: the parser implied it"),
    ],
)  # fmt: skip
def test_what_has_no_bytes_of_its_own_is_refused(body: bytes, selector: str, why: str) -> None:
    with pytest.raises(RefusedError) as refused:
        Located(body).find(selector)
    assert str(refused.value) == why


def test_matches_come_in_the_order_of_the_page_and_none_from_templates() -> None:
    body = b"<p id=a><template><p id=t><b><p id=u></b></template><p id=b><div><p id=c></div>"
    located = Located(body)

    assert [place.element.attrs["id"] for place in located.find("p")] == ["a", "b", "c"]
    assert [element.tag for element in located.elements("template, div")] == ["template", "div"]


def test_a_shadow_root_is_a_template_like_others() -> None:
    assert Located(b"<div><template shadowrootmode=open><p>a</p></template></div>").find("p") == []


@pytest.mark.parametrize("selector", ["p:nope", "p[", "", "> p", "p::before"])
def test_what_is_no_selector_is_told(selector: str) -> None:
    with pytest.raises(SelectorError):
        Located(b"<p>").find(selector)
    assert check_selector(selector)


@pytest.mark.parametrize("selector", ["#a .b > c", "p:nth-child(2n+1)", "a[href^='/x' i]", "p:not(.a, .b)", "h1, h2"])
def test_what_is_a_selector_is_told_too(selector: str) -> None:
    assert check_selector(selector) is None


def test_the_reading_has_a_character_for_each_byte() -> None:
    assert latin1_reading(b"\xef\xbb\xbfa\r\n\0\xc3\xa9") == "   a \n Ã©"


def test_an_end_too_far_to_be_found_is_refused() -> None:
    with pytest.raises(RefusedError, match="<p> ends where too many others do"):
        Located(b"<div>" * 100 + b"<p>a").find("p")


def test_what_is_left_open_before_a_place_and_at_its_end_is_known() -> None:
    located = Located(b"<ul><li>a<li>b</ul><p>c</p><p>d</p>")
    first, second = located.find("li")
    (listing,) = located.find("ul")
    paragraph = located.find("p")[1]

    assert located.open_before(second) == first
    assert located.open_before(first) is None
    assert located.open_at_end(listing) == second
    assert located.open_at_end(first) is None
    assert located.open_before(paragraph) is None


@pytest.mark.parametrize(
    ("body", "label", "expected"),
    [
        (b"<meta charset=koi8-r>", None, ("KOI8-R", True)),
        (b"<meta charset=koi8-r>", "latin1", ("windows-1252", True)),
        (b"<p>", None, ("windows-1252", False)),
        (b"<p>", "nope", ("windows-1252", False)),
    ],
)
def test_an_encoding_is_declared_or_guessed(body: bytes, label: str | None, expected: tuple[str, bool]) -> None:
    assert declared_encoding(body, label) == expected


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("a &amp; b", "a & b"),
        ("<b>1</b>&nbsp;<i>299", "1\xa0299"),
        ("x<!-- y --><script>'z'</script><style>z</style><template>z</template><noscript>z</noscript>", "x"),
    ],
)
def test_the_text_of_markup_is_what_a_browser_shows(markup: str, text: str) -> None:
    assert shown_text(markup) == text


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('title="a &amp; b"', "a & b"),
        ("TITLE = 'it''", "it"),
        ("href=/a?b=c&d=e", "/a?b=c&d=e"),
        ("data-x=a/", "a/"),
        ('class="a  b"', "a  b"),
        ("hidden", ""),
        ('x=""', ""),
    ],
)
def test_the_value_of_an_attribute_is_read_from_its_source(source: str, value: str) -> None:
    assert attribute_value(source) == value


def test_what_an_element_contains_is_found_from_it_on() -> None:
    page = Located(b"<ul><li>1<ul><li>2</ul></ul>")
    outer = page.elements("ul")[0]
    assert len(page.inside(outer, ":scope > li")) == 1
    assert len(page.inside(outer, "li")) == 2
    with pytest.raises(SelectorError):
        page.inside(outer, "> li")


def test_what_costs_minutes_on_a_large_page_is_refused_there_alone() -> None:
    small, large = Located(b"<ul><li>a<b>b</b></ul>"), Located(b"<ul>" + b"<li>a" * 2_000 + b"</ul>")
    assert len(small.find("ul:has(b) > li")) == 1
    with pytest.raises(RefusedError, match=r"more than 2,000 tags `:has\(\)` can only stand in the last part"):
        large.find("ul:has(b) > li")
    with pytest.raises(RefusedError, match="more than 2,000 tags"):
        large.inside(large.elements("ul")[0], "li:has(b) *")
    assert large.find("li:has(b)") == []


def test_a_tag_is_told_by_where_it_begins() -> None:
    page = b'<!-- <p> --><p id=a CLASS="b">x<br>y</p ><table><td>z</table>'
    located = Located(page)

    def tag(written: bytes) -> Tag | None:
        return located.tag_at(page.index(written, 12))

    assert tag(b"<p") == Tag("p", 30, {"id": (15, 19), "class": (20, 29)})
    assert tag(b"<br") == Tag("br", 35, {})
    assert tag(b"</p") == Tag("p", 41, {})
    assert tag(b"<td") == Tag("td", 52, {})
    assert tag(b"</table") == Tag("table", 61, {})
    assert (located.tag_at(5), tag(b"x"), located.tag_at(-1)) == (None, None, None)


def test_raw_text_is_that_of_scripts_and_style_sheets() -> None:
    page = b"<p>a</p><script>b<c</script><svg><style>d</style></svg><style>e</style><script>f"
    spans = [Located(page).raw_text_around(page.index(letter)) for letter in (b"a<", b"b<", b"c<", b"d<", b"e<", b"f")]
    assert spans == [None, (16, 19), (16, 19), None, (62, 63), None]
