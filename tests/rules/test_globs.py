from __future__ import annotations

import pytest

from rules.globs import TextGlob


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("bank", "bank", True),
        ("bank", "banks", False),
        ("bank*", "banks", True),
        ("*bank", "Sparebank", True),
        ("*bank*", "Sparebanken Vest", True),
        ("*", "", True),
        ("**", "x", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("a*bc*bc", "abc", False),
        ("STRASSE", "straße", True),
        ("İ*", "i̇stanbul", True),
        ("a.c", "abc", False),
        ("line*", "line one\nline two", True),
    ],
)
def test_a_star_stands_for_any_characters_and_case_is_ignored(pattern: str, text: str, matches: bool) -> None:
    assert TextGlob(pattern).matches(text) is matches


def test_many_stars_on_a_long_hostile_text_are_quickly_told() -> None:
    assert not TextGlob("*a" * 1_000 + "b").matches("a" * 100_000)
