"""Where a cut writes what: ends that are implied, newlines that are dropped, attributes as a page writes them."""

from __future__ import annotations

import pytest

from tests.proxy.page.cutting import personalize


@pytest.mark.parametrize(
    ("html", "change", "expected"),
    [
        (b"<ul><li>a<li>b</ul>", "{select: 'li:first-child', text: x}", b"<ul><li>x<li>b</ul>"),
        (b"<ul><li>a<li>b</ul>", "{select: 'li:last-child', text: x}", b"<ul><li>a<li>x</ul>"),
        (b"<ul><li>a<li>b</ul>", "{select: 'li:first-child', remove: true}", b"<ul><li>b</ul>"),
        (b"<ul><li>a<li>b</ul>", "{select: 'li:last-child', remove: true}", b"<ul><li>a</li></ul>"),
        (b"<ul><li>a<li>b</ul>", "{select: 'li:first-child', insert: {after: '<li>x</li>'}}",
         b"<ul><li>a</li><li>x</li><li>b</ul>"),
        (b"<ul><li>a<li>b</ul>", "{select: 'li:last-child', insert: {before: '<li>x</li>'}}",
         b"<ul><li>a</li><li>x</li><li>b</ul>"),
        (b"<ul><li>a<li>b</ul>", "{select: ul, insert: {last: '<li>x</li>'}}", b"<ul><li>a<li>b</li><li>x</li></ul>"),
        (b"<ul><li>a<li>b</ul>", "{select: 'li:last-child', insert: {last: '<i>x</i>'}}",
         b"<ul><li>a<li>b<i>x</i></ul>"),
        (b"<div><p>a</div>", "{select: p, insert: {after: '<i>x</i>'}}", b"<div><p>a</p><i>x</i></div>"),
        (b"<p>a<h2>b</h2>", "{select: h2, replace: '<i>x</i>'}", b"<p>a</p><i>x</i>"),
        (b"<table><tr><td>a<td>b</table>", "{select: 'td:first-child', text: x}",
         b"<table><tr><td>x<td>b</table>"),
        (b"<body><p>a</body></html>", "{select: body, insert: {last: '<i>x</i>'}}",
         b"<body><p>a</p><i>x</i></body></html>"),
    ],
)  # fmt: skip
def test_an_end_that_was_implied_is_written_where_nothing_implies_it(html: bytes, change: str, expected: bytes) -> None:
    assert personalize(html, f"- {change}") == expected


@pytest.mark.parametrize(
    ("html", "change", "expected"),
    [
        (b"<pre>\na</pre>", '{select: pre, text: "x"}', b"<pre>x</pre>"),
        (b"<pre>a</pre>", '{select: pre, text: "\\nx"}', b"<pre>\n\nx</pre>"),
        (b"<pre>a</pre>", "{select: pre, text: '{{ geo.city }}'}", b"<pre>\nOslo</pre>"),
        (b"<pre>\na</pre>", "{select: pre, insert: {first: x}}", b"<pre>\nxa</pre>"),
        (b"<pre>\r\na</pre>", "{select: pre, insert: {first: x}}", b"<pre>\r\nxa</pre>"),
        (b"<pre>a</pre>", '{select: pre, insert: {first: "\\nx"}}', b"<pre>\n\nxa</pre>"),
        (b"<textarea>\na</textarea>", '{select: textarea, text: "\\nx"}', b"<textarea>\n\nx</textarea>"),
        (b"<p>a</p>", '{select: p, text: "\\nx"}', b"<p>\nx</p>"),
    ],
)
def test_a_newline_that_a_parser_would_drop_is_written_twice(html: bytes, change: str, expected: bytes) -> None:
    assert personalize(html, f"- {change}", {"geo.city": "Oslo"}) == expected


@pytest.mark.parametrize(
    ("html", "change", "expected"),
    [
        (b"<a\n\thref=x\r\n>y</a>", "attributes: {title: t}", b'<a\n\thref=x title="t"\r\n>y</a>'),
        (b"<a b='1'c='2'>y</a>", "attributes: {b: null}", b"<a c='2'>y</a>"),
        (b"<a x=1 b='1'c='2'>y</a>", "attributes: {b: null}", b"<a x=1 c='2'>y</a>"),
        (b"<A HREF=x>y</A>", "attributes: {href: z}", b'<A HREF="z">y</A>'),
        (b"<a href=x href=y>z</a>", "attributes: {href: w}", b'<a href="w" href=y>z</a>'),
        (b"<a b=1>y</a>", "attributes: {b: null, c: d}", b'<a c="d">y</a>'),
        (b"<a b=1>y</a>", "attributes: {b: '{{ geo.city }}'}", b'<a b="O&quot;slo">y</a>'),
        (b"<a/>y</a>", "attributes: {b: c}", b'<a b="c"/>y</a>'),
        (b"<a = =b c>y</a>", "attributes: {c: null}", b"<a = =b>y</a>"),
        (b"<a b=1" + b" " * 100_000 + b">y</a>", "attributes: {b: null}", b"<a" + b" " * 100_000 + b">y</a>"),
        (b"<a b=1" + b" /" * 50_000 + b">y</a>", "attributes: {b: null}", b"<a" + b" /" * 50_000 + b">y</a>"),
    ],
)
def test_attributes_keep_their_neighbours_bytes(html: bytes, change: str, expected: bytes) -> None:
    assert personalize(html, f"- {{select: a, {change}}}", {"geo.city": 'O"slo'}) == expected


def test_a_class_can_be_added_to_one_that_the_same_experience_writes() -> None:
    html = b"<a class=x>y</a>"
    change = "- {select: a, attributes: {class: 'b c'}}\n- {select: a, add_class: d}\n- {select: a, remove_class: b}"
    assert personalize(html, change) == b'<a class="c d">y</a>'


def test_a_class_that_is_written_later_replaces_what_was_added_before() -> None:
    change = "- {select: a, add_class: d}\n- {select: a, attributes: {class: c}}"
    assert personalize(b"<a>y</a>", change) == b'<a class="c">y</a>'


def test_bytes_outside_of_the_places_stay_as_they_are() -> None:
    html = (
        b"\xef\xbb\xbf<!DOCTYPE html PUBLIC '-//W3C//DTD'>\r\n<html><head><noscript><img src=p></noscript>"
        b"<title>t</title>\r<body bgcolor = RED><h1 >a</H1><TABLE><tr><td>&copy;&nbsp;\xff\0<p>b<br/></table>\r\n<!--x"
    )
    assert personalize(html, "- {select: h1, text: '☃'}") == html.replace(b">a<", ">☃<".encode())


def test_edits_that_meet_at_one_offset_are_written_in_their_order() -> None:
    html = b"<i>a</i><b></b><u>c</u>"
    change = """
        - {select: i, insert: {after: 1}}
        - {select: i, insert: {last: 0}}
        - {select: b, insert: {before: 2}}
        - {select: b, insert: {first: 3}}
        - {select: b, insert: {last: 4}}
        - {select: b, insert: {after: 5}}
        - {select: u, replace: 6}
        - {select: u, insert: {after: 7}}
        """
    assert personalize(html, change) == b"<i>a0</i>12<b>34</b>567"


def test_markup_goes_into_svg_as_svg() -> None:
    html = b"<svg viewBox='0 0 9 9'><g><path d='M0'/></g></svg>"
    change = "- {select: g, insert: {last: '<circle r=\"1\"/>'}}\n- {select: path, attributes: {d: M1}}"
    assert personalize(html, change) == b'<svg viewBox=\'0 0 9 9\'><g><path d="M1"/><circle r="1"/></g></svg>'
