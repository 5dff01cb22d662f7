from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.item_values import read_attribute_number, read_number, read_text


@pytest.mark.parametrize(
    ("shown", "number"),
    [
        ("59", 59),
        ("€ 59", 59),
        ("59,-", 59),
        ("$.99", 0.99),
        ("12,5 l", 12.5),
        ("0.125", 0.125),
        ("1234,567", 1234.567),
        ("$1,299.00", 1299),
        ("1 299,00 kr", 1299),
        ("1\u00a0299,00\u202fkr", 1299),
        ("1.299,-", 1299),
        ("1'299.50", 1299.5),
        ("1’299.50", 1299.5),
        ("1.299.000,50", 1299000.5),
        ("1,29,999.00", 129999),
        ("99 900 000", 99_900_000),
        ("1 299 10 left", 1299),
        ("-12 %", -12),
        ("−5 °C", -5),
        ("-€ 5", -5),
        ("10-20 pieces", 10),
        ("A-12", 12),
        ("4.5 of 5, 1,024 reviews", 4.5),
        ("Only 5, 6 at most", 5),
        ("3.", 3),
        ("\n   Price:\n   7\n", 7),
    ],
)
def test_the_first_number_of_a_text_is_read_with_the_separators_of_any_country(shown: str, number: float) -> None:
    assert read_number(shown) == number


@pytest.mark.parametrize("shown", ["", "sold out", "12.11.2026", "1.2.3", "1,2,3", "9" * 31, "١٢"])
def test_what_is_no_number_is_missing(shown: str) -> None:
    assert read_number(shown) is None
    assert read_attribute_number(shown) is None


@pytest.mark.parametrize(
    ("value", "number"), [("1.250", 1.25), (" 12 ", 12), ("-3", -3), ("1.250,00", 1250), ("1,250", 1250)]
)
def test_a_plain_number_in_an_attribute_has_a_point_for_its_decimals(value: str, number: float) -> None:
    assert read_attribute_number(value) == number


@given(st.integers(0, 10**9), st.sampled_from([",", ".", "'", "’", " ", "\u00a0"]), st.sampled_from(["", "5", "50"]))
def test_a_grouped_number_is_read_back(number: int, separator: str, decimals: str) -> None:
    point = "." if separator == "," else ","
    shown = f"{number:,}".replace(",", separator) + (f"{point}{decimals}" if decimals else "")
    assert read_number(f"from {shown} €") == pytest.approx(number + float(f"0.{decimals or 0}"))


@given(st.text("0123456789.,' -$x", max_size=2_000))
def test_any_text_is_read_in_time(shown: str) -> None:
    read_number(shown)


def test_a_text_has_single_spaces_and_an_empty_one_is_missing() -> None:
    assert read_text(" Rain\n\t jacket ") == "Rain jacket"
    assert read_text(" \n ") is None
