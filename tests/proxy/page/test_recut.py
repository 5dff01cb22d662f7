from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from proxy.page.compile import Cut, Page, compile_cut, compiled
from proxy.page.recut import Precedent, is_followed
from rules.decision import Decision
from tests.proxy.page.cutting import decided, one

HAND_MADE = Path(__file__).parents[2] / "corpus"
BROAD = decided(
    one("- {select: 'a, p, li, td, b, input, meta', add_class: new, all: true}", "a")
    + one("- {select: 'h1, title', text: Hello, all: true, seo: true}", "b")
    + one("- {select: 'img, button', attributes: {title: New}, all: true, optional: true}", "c")
    + one("- {select: body, insert: {first: '<p>First</p>'}}", "d")
)
HELLO = decided(one("- {select: h1, text: Hello}"))
BEFORE = b"<!DOCTYPE html><html><head><meta charset=utf-8>" + b"<!-- -->" * 200


def precedent(page: bytes, decision: Decision = HELLO) -> Precedent:
    """A page as one for others."""
    return Precedent(page, None, compiled(Page(page, None), decision, aside=frozenset(), verify=True))


def compiled_anew(page: bytes, decision: Decision = HELLO) -> Cut:
    return compile_cut(Page(page, None), decision, aside=frozenset(), verify=False)


def is_recut(before: str, old: str, new: str, after: str = "") -> bool:
    """Whether a page is cut by one that has another text at a place; if so, then as it would be compiled."""
    one, other = (f"{before}{text}{after}<h1>Hi</h1><p>x</p>".encode() for text in (old, new))
    recut = precedent(one).recut(other, None)
    assert recut is None or recut == compiled_anew(other)
    return recut is not None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<p>Hello, ", "</p>"),
        ("<p><b>x</b> ", ""),
        ("<br>", "<br>"),
        ("<title>", "</title>"),
        ("<script>var token = '", "';</script>"),
        ("<script>if (a<b && !c) return '", "';</script>"),
        ("<style>p::after { content: '<'; color: ", "}</style>"),
        ("<svg><text>", "</text></svg>"),
        ("<table>", "</table>"),
        ('<input value="', '">'),
        ("<input type=hidden name=a value = 'x&amp;", "'>"),
        ('<script nonce="', '"></script>'),
        ('<meta name="csrf-token" content="', '">'),
    ],
)
@pytest.mark.parametrize("new", ["c", "ccc", "Anna K.", "a/b+c="])
def test_a_word_in_text_or_in_a_value_that_nothing_reads_is_inert(before: str, after: str, new: str) -> None:
    assert is_recut(before, "abc", new, after)


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        ("<p>", "a", "<b>", "</p>"),
        ("<p>", "a", "", "</p>"),
        ("<table>", "a", " ", "</table>"),
        ("<p>", "a", " a", "</p>"),
        ("<p>", "a\n", "a", "</p>"),
        ("<p>", "a", "é", "</p>"),
        ("<p>&", "lt", "gt", ";</p>"),
        ("<p>&#", "60", "61", ";</p>"),
        ("<", "p", "b", ">x"),
        ("<p>x</", "p", "b", ">"),
        ("<p ", "id", "is", ">"),
        ('<p class="', "a", "b", '">x</p>'),
        ("<p value=", "a", "b", ">x</p>"),
        ("<p content=", "a", "b", '">x</p>"'),
        ('<p title=" value=', "a", "b", '">x</p>'),
        ('<b value="', "a", "b", '">x</b>'),
        ('<p value="<i ', "a", "b", '">x</p>'),
        ("<!-- ", "a", "b", " -->"),
        ("<!DOCTYPE ", "html", "htm", ">"),
        ("<script>if (a<", "a", "b", ")</script>"),
        ("<script>'<", "/scrip", "/script", ">'</script>"),
        ("<script><!-- a<b ", "a", "a--", ">'<script>'</script>"),
        ("<svg><style>a < ;", "a", "b", "</style></svg>"),
        ("<iframe>a<b ", "a", "b", "</iframe>"),
        ("<p>x</p></div x ", "a", "b", ">"),
        ("<p>x</p></div>", "a", "b", ""),
    ],
)
def test_what_may_mean_something_is_not(before: str, old: str, new: str, after: str) -> None:
    assert not is_recut(before, old, new, after)


def test_a_page_may_differ_in_several_words_of_other_lengths() -> None:
    page = '<p>Hello, %s</p><h1>Hi %s</h1><input value="%s"><h1>x</h1>'
    decision = decided(one("- {select: h1, text: Hello, all: true}"))
    other = (page % ("Bob", "Bob B.", "0")).encode()

    recut = precedent((page % ("Anna", "A", "1234")).encode(), decision).recut(other, None)
    assert recut == compiled_anew(other, decision)


def test_a_word_that_was_inert_once_is_not_looked_at_again() -> None:
    followed = precedent(b"<p>a</p><h1>Hi</h1>")
    assert all(followed.recut(b"<p>%d</p><h1>Hi</h1>" % number, None) for number in range(20))
    assert followed.uses == 20


def test_a_page_is_parsed_a_few_times_only_to_find_what_is_inert() -> None:
    page = b"<p>a</p>" * 8 + b"<h1>Hi</h1>"
    followed = precedent(page)
    others = [page[: 8 * at] + b"<p>b</p>" + page[8 * at + 8 :] for at in range(8)]
    assert [followed.recut(other, None) is not None for other in others] == [True] * 4 + [False] * 4


def test_it_tells_what_its_edits_hold() -> None:
    page = b"<h1>Hi</h1>" + b"<p>x</p>" * 100
    small, large = (
        precedent(page, decided(one("- {select: p, insert: {after: " + "x" * size + "}, all: true}"))).size
        for size in (10, 1000)
    )
    assert large - small >= 100 * 990


def test_a_page_whose_first_bytes_may_say_another_charset_is_cut_in_it() -> None:
    page = b'<meta http-equiv="content-type" content="text/html; charset=%s"><h1>Hi</h1>'
    followed = precedent(page % b"windows-1252")
    assert followed.recut(page % b"windows-1251", None) is None
    assert followed.recut(page % b"iso-2022-jp", None) is None
    assert followed.recut(page % b"cp1252", None) == compiled_anew(page % b"cp1252")


def test_a_page_with_another_charset_in_its_header_is_not_cut_by_it() -> None:
    assert precedent(b"<p>a</p><h1>Hi</h1>").recut(b"<p>b</p><h1>Hi</h1>", "utf-8") is None


@pytest.mark.parametrize(
    ("change", "is_one"),
    [
        ("- {select: '#a > .b:not(p):nth-child(2)', text: x}", True),
        ("- {select: 'input[name=a]', text: x}", True),
        ("- {select: 'input[value=a]', text: x}", False),
        ("- {select: 'input[ NONCE ]', text: x}", False),
        ("- {select: ':not([content])', text: x}", False),
        ("- {select: 'input:checked', text: x}", False),
        (r"- {select: '[v\61lue]', text: x}", False),
        ("- {select: ul, rank: {items: li, read: {a: '@a'}, by: [{boost: 1, where: {item.a: b}}]}}", False),
    ],
)
def test_what_reads_words_is_not_followed(change: str, is_one: bool) -> None:
    assert is_followed(decided(one(change))) is is_one


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"<table>" + b"<td>" * 60_000, b""), (b"<b><p>" * 300, b"</p>" * 20_000), (b"<i>x</i>" * 20_000, b"")],
)
def test_on_pages_made_to_be_slow_words_are_found_in_little_time(before: bytes, after: bytes) -> None:
    words = b"<p>;%d</p>;%d" * 16
    one, other = (before + words % ((number,) * 32) + after + b"<h1>Hi</h1>" for number in (1, 22))
    followed = Precedent(one, None, compiled(Page(one, None), HELLO, aside=frozenset(), verify=False))
    started = time.process_time()
    followed.recut(other, None)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("path", sorted(HAND_MADE.glob("*.html")), ids=lambda path: path.stem)
def test_on_hard_pages_every_word_is_recut_as_it_is_compiled_or_not_at_all(path: Path) -> None:
    chance, page = random.Random(path.name), path.read_bytes()
    for _ in range(150):
        start = chance.randrange(len(page))
        word = bytes(chance.choices(b"abcxyz/=- <>'\"&!", k=chance.randint(1, 4)))
        other = page[:start] + word + page[start + chance.randint(1, 4) :]
        recut = precedent(page, BROAD).recut(other, None)
        assert recut is None or recut == compiled_anew(other, BROAD), other
