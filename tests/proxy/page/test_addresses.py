from __future__ import annotations

import codecs
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.names import SiteName
from proxy.page.addresses import map_addresses
from proxy.page.locate import Located

OWN = SiteName.of_url("http://cms.example")
PUBLIC = SiteName.of_url("https://shop.example")


def mapped(page: bytes, label: str | None = "utf-8", **options: Any) -> bytes:
    return map_addresses(page, label, own=OWN, public=PUBLIC, **options)


MAPPED = {
    "a link": (b'<a href="http://cms.example/a?b#c">', b'<a href="https://shop.example/a?b#c">'),
    "the other scheme": (b'<a href="https://cms.example/">', b'<a href="https://shop.example/">'),
    "its port": (b'<a href="http://cms.example:80/">', b'<a href="https://shop.example/">'),
    "no path": (b"<a href='http://cms.example'>", b"<a href='https://shop.example'>"),
    "no quotes": (b"<a href=http://cms.example/x>", b"<a href=https://shop.example/x>"),
    "odd spelling": (b'<A\nHREF = " HTTP://CMS.Example/X">', b'<A\nHREF = " https://shop.example/X">'),
    "no scheme": (b'<img src="//cms.example/i.png">', b'<img src="//shop.example/i.png">'),
    "references for slashes": (
        b'<a href="http:&#x2F;&#47;cms.example&#x2F;x">',
        b'<a href="https:&#x2F;&#47;shop.example&#x2F;x">',
    ),
    "a base": (b'<base href="http://cms.example/">', b'<base href="https://shop.example/">'),
    "a form": (
        b'<form action="http://cms.example/s"><button formaction=http://cms.example/t>',
        b'<form action="https://shop.example/s"><button formaction=https://shop.example/t>',
    ),
    "media": (
        b'<video poster="http://cms.example/p"></video><object data="http://cms.example/o">',
        b'<video poster="https://shop.example/p"></video><object data="https://shop.example/o">',
    ),
    "a set of pictures": (
        b'<img srcset="http://cms.example/1 1x,http://cms.example/2 2x, //cms.example/3 3x">',
        b'<img srcset="https://shop.example/1 1x,https://shop.example/2 2x, //shop.example/3 3x">',
    ),
    "a preloaded set": (
        b'<link imagesrcset="http://cms.example/1 1x">',
        b'<link imagesrcset="https://shop.example/1 1x">',
    ),
    "what a page says of itself": (
        b'<meta property="og:url" content="http://cms.example/a">',
        b'<meta property="og:url" content="https://shop.example/a">',
    ),
    "a refresh": (
        b'<meta http-equiv=refresh content="0; url=http://cms.example/a">',
        b'<meta http-equiv=refresh content="0; url=https://shop.example/a">',
    ),
    "a style": (
        b'<p style="background: url(http://cms.example/b.png), url(&quot;//cms.example/c.png&quot;)">',
        b'<p style="background: url(https://shop.example/b.png), url(&quot;//shop.example/c.png&quot;)">',
    ),
    "a style sheet": (
        b'<style>@import "http://cms.example/a.css"; p { background: url(//cms.example/b) }</style>',
        b'<style>@import "https://shop.example/a.css"; p { background: url(//shop.example/b) }</style>',
    ),
    "a lazy picture": (
        b'<img data-src="http://cms.example/i" data-srcset="http://cms.example/j 2x">',
        b'<img data-src="https://shop.example/i" data-srcset="https://shop.example/j 2x">',
    ),
    "settings in an attribute": (
        b'<div data-settings="{&quot;url&quot;:&quot;http:\\/\\/cms.example\\/x&quot;}">',
        b'<div data-settings="{&quot;url&quot;:&quot;https:\\/\\/shop.example\\/x&quot;}">',
    ),
    "JSON in a script": (
        b'<script>var wp = {"ajax":"http:\\/\\/cms.example\\/ajax.php","cdn":"\\/\\/cms.example\\/x"};</script>',
        b'<script>var wp = {"ajax":"https:\\/\\/shop.example\\/ajax.php","cdn":"\\/\\/shop.example\\/x"};</script>',
    ),
    "JSON with plain slashes": (
        b'<script type="application/ld+json">{"@id": "http://cms.example/#org"}</script>',
        b'<script type="application/ld+json">{"@id": "https://shop.example/#org"}</script>',
    ),
    "a script's address": (
        b'<script src="http://cms.example/a.js"></script>',
        b'<script src="https://shop.example/a.js"></script>',
    ),
    "for browsers without scripts": (
        b'<noscript><img src="http://cms.example/pixel"></noscript>',
        b'<noscript><img src="https://shop.example/pixel"></noscript>',
    ),
    "in a picture's own title": (
        b'<svg><title/><a xlink:href="http://cms.example/"></svg>',
        b'<svg><title/><a xlink:href="https://shop.example/"></svg>',
    ),
    "after a quote that is none": (
        b'<p it\'s><a "x" href="http://cms.example/">',
        b'<p it\'s><a "x" href="https://shop.example/">',
    ),
    "after a > within quotes": (
        b'<a title="a > b" href="http://cms.example/">',
        b'<a title="a > b" href="https://shop.example/">',
    ),
    "after an odd comment": (b'<!--><a href="http://cms.example/">', b'<!--><a href="https://shop.example/">'),
}


@pytest.mark.parametrize(("page", "expected"), MAPPED.values(), ids=MAPPED.keys())
def test_an_address_of_the_origin_becomes_public(page: bytes, expected: bytes) -> None:
    assert mapped(page) == expected


KEPT = {
    "text": b"<p>Visit http://cms.example/ or //cms.example/ now</p>",
    "a comment": b'<!-- <a href="http://cms.example/"> -->',
    "an end tag": b'</a href="http://cms.example/">',
    "a declaration": b'<!doctype html SYSTEM "http://cms.example/x.dtd">',
    "the title": b'<title>http://cms.example/</title><textarea><a href="http://cms.example/"></textarea>',
    "what a form sends back": b'<input name=next value="http://cms.example/"><option value="http://cms.example/">',
    "what is read aloud": b'<img alt="http://cms.example/" title="http://cms.example/">',
    "a description": b'<meta name=description content="See http://cms.example/">',
    "another host": b'<a href="http://other.example/">http://cms.example/</a>',
    "a longer host": b'<a href="http://cms.example.evil/"><img srcset="http://cms.example.evil/ 2x">',
    "a host within": b'<a href="http://www.cms.example/"><p style="background: url(http://www.cms.example/)">',
    "another port": b'<a href="http://cms.example:8080/"><a href="http://cms.example:443/">',
    "a user": b'<a href="http://cms.example@evil/"><a href="http://me@cms.example/">',
    "a port and a user": b'<a href="http://cms.example:80@evil/">',
    "an address in a query": b'<a href="http://share.example/?u=http://cms.example/">',
    "the same, among many": b'<div data-share="http://share.example/?u=http://cms.example/">',
    "a path": b'<a href="/http://cms.example/">',
    "a comment in a script": b"<script>//cms.example is ours\n</script>",
    "a script's look-alikes": b'<script>x = "http:\\/\\/cms.example.evil\\/" + "ahttp://cms.example/"</script>',
    "another scheme": b'<a href="ftp://cms.example/"><a href="mailto:me@cms.example">',
    "an attribute without a value": b"<a http://cms.example/ href>",
}


@pytest.mark.parametrize("page", KEPT.values(), ids=KEPT.keys())
def test_what_is_no_address_of_the_origin_stays(page: bytes) -> None:
    assert mapped(page) is page


def test_a_page_that_ends_within_a_tag_keeps_its_end() -> None:
    assert mapped(b'<a href="http://cms.example/"><a title="<a href=http://cms.example/>') == (
        b'<a href="https://shop.example/"><a title="<a href=http://cms.example/>'
    )


def test_only_the_names_bytes_differ() -> None:
    page = b"\xef\xbb\xbf<P>\r\n<a\thref = http://cms.example/\xe9 >\0</a >\r<IMG SRC=//cms.example/i /></p>"
    assert mapped(page) == page.replace(b"http://cms.example", b"https://shop.example").replace(
        b"//cms.example", b"//shop.example"
    )


HASHES = b"script-src 'self' 'sha256-AAAA'"
SCRIPTS = b'<script>x = "http://cms.example/"</script><style>@import "http://cms.example/"</style>'


def test_scripts_that_are_allowed_by_their_hash_stay() -> None:
    assert mapped(SCRIPTS, policy=HASHES) is SCRIPTS


def test_scripts_that_the_page_itself_allows_by_their_hash_stay() -> None:
    page = b'<meta http-equiv=content-security-policy content="' + HASHES + b'">' + SCRIPTS
    assert mapped(page) is page


def test_the_name_may_have_a_port() -> None:
    own = SiteName.of_url("http://127.0.0.1:9000")
    page = b'<a href="http://127.0.0.1:9000/"><a href="http://127.0.0.1:90000/"><a href="http://127.0.0.1/">'
    assert map_addresses(page, None, own=own, public=PUBLIC) == (
        b'<a href="https://shop.example/"><a href="http://127.0.0.1:90000/"><a href="http://127.0.0.1/">'
    )


@pytest.mark.parametrize(
    "label", ["utf-8", "iso-8859-2", "windows-1251", "shift_jis", "euc-jp", "gbk", "big5", "koi8-r"]
)
def test_every_charset_that_keeps_ascii_in_place_is_read(label: str) -> None:
    letters = {"windows-1251": "Привет", "koi8-r": "Привет", "iso-8859-2": "Łódź", "utf-8": "é"}.get(label, "表示")
    page = f'<p>{letters}<a title="{letters}" href="http://cms.example/">'.encode(codecs.lookup(label).name)
    assert mapped(page, label) == page.replace(b"http://cms.example", b"https://shop.example")


@pytest.mark.parametrize("label", ["utf-16le", "iso-2022-jp"])
def test_a_charset_that_does_not_is_left_alone(label: str) -> None:
    page = b'<a href="http://cms.example/">'
    assert mapped(page, label) is page


PIECES = st.lists(
    st.sampled_from(
        [piece for pair in MAPPED.values() for piece in pair]
        + list(KEPT.values())
        + [b"<!--", b"-->", b"<script>", b"</script>", b'<a href="', b"'", b'"', b">", b"http://cms.example/", b"="]
    ),
    max_size=12,
).map(b"".join)


@given(PIECES)
def test_mapping_twice_is_mapping_once(page: bytes) -> None:
    assert mapped(mapped(page)) == mapped(page)


@given(PIECES)
def test_the_markup_stays_what_it_was(page: bytes) -> None:
    before, after = (
        [(element.tag, [*element.attrs]) for element in Located(each).every()] for each in (page, mapped(page))
    )
    assert before == after


HOSTILE = {
    "quotes left open": b'<a b="' * 50_000,
    "single quotes left open": b"<a b='" * 50_000,
    "tags left open": b"<a " * 100_000,
    "attributes without end": b"<a" + b" href=http://cms.example/ " * 20_000,
    "comments left open": b"<!--" * 100_000,
    "scripts left open": b"<script>" * 50_000,
    "end tags that end nothing": b"<title>" + b"</titl" * 50_000,
    "equals signs": b"<a " + b"= " * 100_000,
    "white space": b"<a " + b" " * 200_000 + b"=" + b" " * 200_000,
    "slashes": b'<script>"' + b"\\/" * 100_000,
    "names": b'<script>"' + b"http://cms.example" * 10_000,
    "closed declarations": b"<!>" * 100_000,
}


@pytest.mark.parametrize("page", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_page_holds_it_for_long(page: bytes) -> None:
    # Quadratic, any of these would take minutes; the mention behind keeps the walk going to the end.
    assert mapped(page + b'<a href="http://cms.example/">')
