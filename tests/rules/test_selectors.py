from __future__ import annotations

import pytest

from rules.errors import MistakeError
from rules.selectors import goes_on_behind_has, read_inner_selector, read_selector
from tests.rules.reading import node


def test_a_selector_is_given_back_without_spaces_around_it() -> None:
    assert read_selector(node("' a.b '"), "it", None) == "a.b"


def test_a_selector_within_an_element_may_begin_at_it() -> None:
    assert read_inner_selector(node("'> li'"), "it", None) == ":scope > li"
    assert read_inner_selector(node("li"), "it", None) == "li"


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("''", "it is empty"),
        ("'a[b'", r"`\[` is not closed"),
        ("'a)'", r"`\)` closes nothing"),
        ("'a[b=\"c]'", "a quote is not closed"),
        ("'a >'", "it begins or ends with `>`"),
        ("', a'", "it begins or ends with `,`"),
    ],
)
def test_what_is_plainly_wrong_is_told_without_an_engine(written: str, wrong: str) -> None:
    for read in (read_selector, read_inner_selector):
        with pytest.raises(MistakeError, match=f"is not a CSS selector: {wrong}"):
            read(node(written), "it", None)


def test_a_selector_that_stands_alone_begins_with_no_combinator() -> None:
    with pytest.raises(MistakeError, match="`> li` is not a CSS selector: it begins or ends with `>`"):
        read_selector(node("'> li'"), "it", None)


def test_an_engine_is_asked_about_the_whole_of_it_and_the_author_reads_what_was_written() -> None:
    asked: list[str] = []

    def refuse(selector: str) -> str:
        asked.append(selector)
        return "no"

    with pytest.raises(MistakeError, match="`> li` is not a CSS selector: no"):
        read_inner_selector(node("'> li'"), "it", refuse)
    assert asked == [":scope > li"]


def test_brackets_and_quotes_in_quotes_and_escapes_are_no_brackets() -> None:
    for selector in (r"a[title='b(']", r"a\[b", r"a:is(b, [c='\'']) > d"):
        assert read_selector(node('"' + selector.replace("\\", "\\\\") + '"'), "it", None) == selector


@pytest.mark.parametrize(
    "written",
    [
        "ul:has(b) > li",
        "*:has(b) i",
        ":not(.q) ~ :has(b) *",
        "a, ul:HAS(> li b) + p",
        ":is(:has(b), i) u",
        ":not(:not(:has(b))) u",
        "ul:has(b):not(.x) li",
        "div:has(b)\t>p",
    ],
)
def test_a_has_that_something_follows_is_told_from_others(written: str) -> None:
    assert goes_on_behind_has(written)


@pytest.mark.parametrize(
    "written",
    [
        "section:has(> h2, p b)",
        "main section:has(h2):not(.x)",
        "ul:has(b), li > p",
        "a[title=':has(b) i'] b",
        "p:has(b) , i",
        "li:is( :has(b) )",
        r"a\:has b",
    ],
)
def test_a_has_in_the_last_part_is_another(written: str) -> None:
    assert not goes_on_behind_has(written)
