from __future__ import annotations

import pytest

from proxy.page.charset import Charset
from proxy.page.writing import Hole, Mode, Writing, escaped, style_url, written
from rules.model import fragments_of
from tests.proxy.page.cutting import decided, one

UTF_8 = Charset("UTF-8", "utf-8")
HOLE = Hole("a", 0, 0, Mode.TEXT)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (Mode.TEXT, "a&lt;b&gt;&amp;amp;\"'"),
        (Mode.ATTRIBUTE, "a&lt;b&gt;&amp;amp;&quot;&#39;"),
        (Mode.MARKUP, "a<b>&amp;\"'"),
        (Mode.RAW, "a<b>&amp;\"'"),
        (Mode.STYLE_URL, "a%3Cb%3E&amp;amp;%22%27"),
    ],
)
def test_text_is_escaped_for_where_it_stands(mode: Mode, expected: str) -> None:
    assert escaped("a<b>&amp;\"'", mode) == expected


def test_a_url_in_a_style_ends_nothing_there() -> None:
    assert style_url("/a b\n(\"')\\;é") == "/a%20b%0A%28%22%27%29%5C;é"


def test_a_writing_is_bytes_and_holes() -> None:
    writing = Writing(("é<", HOLE, "&"), Mode.TEXT, "é<x&")
    assert writing.pieces(UTF_8) == ("é&lt;".encode(), HOLE, b"&amp;")


@pytest.mark.parametrize(
    ("parts", "starts"),
    [(("\na",), True), (("a\n",), False), ((HOLE,), True), (("", "\n"), True), (("a", HOLE), False), ((), False)],
)
def test_what_may_begin_with_a_newline_is_known(parts: tuple[str | Hole, ...], *, starts: bool) -> None:
    assert Writing(parts, Mode.TEXT, "").starts_with_newline is starts


@pytest.mark.parametrize(
    ("action", "mode", "expected"),
    [
        ("text: 'a{{ geo.city }}b'", Mode.TEXT, Mode.TEXT),
        ("text: 'a{{ geo.city }}b'", Mode.ATTRIBUTE, Mode.ATTRIBUTE),
        ("html: 'a{{ geo.city }}b'", Mode.TEXT, Mode.MARKUP),
        ("html: 'a{{ geo.city }}b'", Mode.RAW, Mode.RAW),
    ],
)
def test_a_fragment_is_written_with_holes_for_its_values(action: str, mode: Mode, expected: Mode) -> None:
    (choice,) = decided(one(f"- {{select: h1, {action}}}"), {"geo.city": "Oslo"}).choices
    (fragment,) = fragments_of(choice.experience.changes[0].action)
    writing = written(choice, fragment, mode)

    assert writing.parts == ("a", Hole("a", 0, 0, expected), "b")
    assert (writing.mode, writing.sample) == (expected, "axb")
