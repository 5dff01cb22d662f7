from __future__ import annotations

import html

import pytest

from proxy.page.charset import UnreadableCharsetError, charset_of
from tests.proxy.page.cutting import personalize, why_left_out

BOM = b"\xef\xbb\xbf"
LATIN_META = b"<meta charset=iso-8859-1>"
TEXT = "- {select: h1, text: 'é €'}"


@pytest.mark.parametrize(
    ("body", "label", "name"),
    [
        (b"<p>", "utf-8", "UTF-8"),
        (b"<p>", "UTF8", "UTF-8"),
        (b"<meta charset=utf-8>", None, "UTF-8"),
        (LATIN_META, None, "windows-1252"),
        (LATIN_META, "utf-8", "UTF-8"),
        (b'<meta http-equiv=content-type content="text/html; charset=koi8-r">', None, "KOI8-R"),
        (BOM + LATIN_META, "koi8-r", "UTF-8"),
        (LATIN_META, "no-such-charset", "windows-1252"),
        (b"<p>", "no-such-charset", "undeclared"),
        (b"<p>", None, "undeclared"),
        (b"", None, "undeclared"),
        (b"<meta charset=no-such-charset>", None, "undeclared"),
        (b" " * 1024 + LATIN_META, None, "undeclared"),
        (b"<!-- " + LATIN_META + b" -->", None, "undeclared"),
        (b"<meta charset=utf-16le>", None, "UTF-8"),
    ],
)
def test_a_charset_is_found_as_a_browser_finds_it(body: bytes, label: str | None, name: str) -> None:
    assert charset_of(body, label).name == name


@pytest.mark.parametrize(
    ("body", "label"),
    [
        (b"\xff\xfe<\0p\0>\0", None),
        (b"\xfe\xff\0<\0p\0>", "utf-8"),
        (b"<p>", "utf-16"),
        (b"<p>", "utf-16be"),
        (b"<p>", "iso-2022-jp"),
        (b"<meta charset=iso-2022-jp>", None),
        (b"<p>\x1b$B", None),
        (b"<p>", "hz-gb-2312"),
        (b"<p>", "iso-2022-kr"),
    ],
)
def test_a_charset_that_does_not_keep_ascii_in_place_is_unreadable(body: bytes, label: str | None) -> None:
    with pytest.raises(UnreadableCharsetError):
        charset_of(body, label)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("utf-8", "é €".encode()),
        ("iso-8859-1", b"\xe9 \x80"),
        ("iso-8859-15", b"\xe9 \xa4"),
        ("koi8-r", b"&#233; &#8364;"),
        ("shift_jis", b"&#233; &#8364;"),
        (None, b"&#233; &#8364;"),
    ],
)
def test_what_is_written_is_in_the_pages_charset(label: str | None, expected: bytes) -> None:
    assert personalize(b"<h1>\xe5</h1>", TEXT, label=label) == b"<h1>" + expected + b"</h1>"


def test_a_value_is_written_in_the_pages_charset_too() -> None:
    changed = personalize(b"<h1></h1>", "- {select: h1, text: '{{ geo.city }}'}", {"geo.city": "Ærø ☃"}, label="latin1")
    assert changed == b"<h1>\xc6r\xf8 &#9731;</h1>"


@pytest.mark.parametrize("label", ["euc-jp", "shift_jis", "gbk", "big5", "utf-8"])
def test_no_character_becomes_the_ascii_of_another(label: str) -> None:
    charset = charset_of(b"", label)
    for character in map(chr, [*range(0x80, 0xD800), *range(0xE000, 0x10000)]):
        written = charset.encode(character)
        assert written[0] >= 0x80 or written == b"&#%d;" % ord(character)


def test_a_yen_sign_does_not_lead_a_link_elsewhere() -> None:
    changed = personalize(
        b"<a>x</a>", "- {select: a, link: {href: '{{ visitor.to }}'}}", {"visitor.to": "/¥evil.example"}, label="euc-jp"
    )
    assert changed == b'<a href="/&#165;evil.example">x</a>'


@pytest.mark.parametrize(("label", "name"), [("latin1", b"\xe9"), ("utf-8", b"\xc3\xa9"), (None, b"&eacute;")])
def test_a_selector_finds_names_in_the_pages_charset(label: str | None, name: bytes) -> None:
    html = b"<p class='" + name + b"'>a</p><p>b</p>"
    assert personalize(html, "- {select: .é, text: x}", label=label) == html.replace(b">a<", b">x<")


def test_what_a_script_cannot_hold_in_its_charset_is_not_written() -> None:
    html = b"<script>a</script>"
    assert personalize(html, "- {select: script, text: é}", label="latin1") == b"<script>\xe9</script>"
    assert why_left_out(html, "- {select: script, text: é}", label=None) == "this can't be written into <script>"


@pytest.mark.parametrize("name", ["big5", "shift_jis", "euc-jp", "koi8-u", "gb18030", "euc-kr", "gbk", "windows-1252"])
def test_every_character_is_read_by_browsers_as_it_was_meant(name: str) -> None:
    charset = charset_of(b"x", name)
    everywhere = "".join(map(chr, (*range(0xA0, 0x500), *range(0x2010, 0x2700), *range(0x3000, 0x3100))))
    written = charset.encode(everywhere)
    assert html.unescape(written.decode(f"whatwg-{name}")) == everywhere


@pytest.mark.parametrize(
    ("label", "encoded"), [("utf-8", b"\xc3\xb8"), ("latin1", b"\xf8"), ("shift_jis", b"\x83\x5c")]
)
def test_a_pages_bytes_are_read_as_browsers_read_them(label: str, encoded: bytes) -> None:
    assert charset_of(b"<p>", label).decode(encoded) == ("ソ" if label == "shift_jis" else "ø")


def test_a_page_without_a_charset_is_read_as_utf_8() -> None:
    assert charset_of(b"<p>", None).decode(b"\xc3\xb8\xff") == "ø\ufffd"
