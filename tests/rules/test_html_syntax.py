from __future__ import annotations

import re

import pytest

from rules.html_syntax import ATTRIBUTE, BETWEEN_ATTRIBUTES, NAME_END, SPACE, TAG_REST


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ('href="/x>y" b', "href", "/x>y"),
        ("href = '/x'>", "href", "/x"),
        ("href=/x/>", "href", "/x/"),
        ("href>", "href", None),
        ("href= >", "href", None),
        ("=a=b>", "=a", "b"),
        ('a"b=c>', 'a"b', "c"),
        ("a\x0bb=c\x0bd e>", "a\x0bb", "c\x0bd"),
    ],
)
def test_an_attribute_is_read_as_a_tokenizer_reads_it(written: str, name: str, value: str | None) -> None:
    found = re.match(ATTRIBUTE, written)
    assert found is not None
    assert found["name"] == name
    assert (None if found.lastgroup == "name" else found[found.lastgroup or "name"]) == value


@pytest.mark.parametrize("written", ['a="b>', "a='b>", '>a="b"', " a"])
def test_a_quote_that_is_not_closed_is_no_attribute(written: str) -> None:
    assert re.match(ATTRIBUTE, written) is None


@pytest.mark.parametrize(
    ("rest", "end"),
    [
        (">x>", 1),
        (' a="x>y"/>z', 10),
        (" a='>' b>", 9),
        (' a=b"> c">', 6),
        (' ="x>y">', 5),
        (' a="x>', None),
        (" a", None),
    ],
)
def test_a_tag_ends_at_the_first_angle_that_is_in_no_quotes(rest: str, end: int | None) -> None:
    found = re.match(TAG_REST, rest)
    assert (found and found.end()) == end


@pytest.mark.parametrize("hostile", ["a=", 'a="', "a ", "= ", "/", "'"])
def test_a_hostile_tag_is_read_in_linear_time(hostile: str) -> None:
    assert re.match(TAG_REST, hostile * 100_000) is None


def test_other_white_space_is_a_letter_of_a_name() -> None:
    assert re.match(f"b{NAME_END}", "b\f")
    assert not re.match(f"b{NAME_END}", "b\x0b")
    between = re.match(BETWEEN_ATTRIBUTES, f"{SPACE}/\xa0")
    assert between is not None
    assert between.end() == len(SPACE) + 1
