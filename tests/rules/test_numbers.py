from __future__ import annotations

import pytest

from rules.numbers import parse_number, percent


@pytest.mark.parametrize(("word", "number"), [("0", 0), ("-7", -7), ("+2", 2), ("1.50", 1.5), (".5", 0.5), ("007", 7)])
def test_digits_with_a_point_are_a_number(word: str, number: float) -> None:
    assert parse_number(word) == number


@pytest.mark.parametrize(
    "word", ["", "1,000", "1 000", "1e9", "inf", "nan", "1_0", "0x1", "5.", "٣", "1" * 31, " 1", "1\n"]
)
def test_all_else_is_none(word: str) -> None:
    assert parse_number(word) is None


@pytest.mark.parametrize(
    ("share", "written"), [(0, "0%"), (0.05, "5%"), (1, "100%"), (2 / 3, "66.67%"), (0.001, "0.1%")]
)
def test_a_share_is_written_in_percent(share: float, written: str) -> None:
    assert percent(share) == written
