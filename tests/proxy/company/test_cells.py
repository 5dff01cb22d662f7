from __future__ import annotations

import pytest

from proxy.company import cells
from proxy.company.table import Cell
from rules.errors import MistakeError


@pytest.mark.parametrize(
    ("cell", "read"),
    [("", ""), ("  Nordea \r\n Bank ", "Nordea Bank"), ("Ærø Brød", "Ærø Brød"), ("a\u00a0b", "a b")],
)
def test_a_text_is_one_line(cell: str, read: str) -> None:
    assert cells.text(cell) == read


@pytest.mark.parametrize("cell", ["a\x1bb", "x" * (cells.MAX_TEXT_LENGTH + 1), ("a", "b")])
def test_what_can_not_stand_on_a_page_is_refused(cell: Cell) -> None:
    with pytest.raises(MistakeError):
        cells.text(cell)


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("", None),
        ("1200", 1200),
        ("-3", -3),
        ("12.5", 12.5),
        ("12,500", 12500),
        ("12 500", 12500),
        ("1’200’000", 1200000),
        ("1\u202f200", 1200),
        ("1,200.50", 1200.5),
        ("0.125", 0.125),
    ],
)
def test_a_number_may_have_groups_of_three(cell: str, read: float | None) -> None:
    assert cells.number(cell) == read


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("1.200", "without separators"),
        ("12,5", "without separators"),
        ("1000-4999", "a column of your own"),
        ("12M", "digits"),
    ],
)
def test_a_number_that_can_be_two_or_none_is_told(cell: str, hint: str) -> None:
    with pytest.raises(MistakeError) as mistake:
        cells.number(cell)
    assert hint in mistake.value.hint


@pytest.mark.parametrize(("cell", "read"), [("", ""), ("NO", "NO"), ("no", "NO"), ("UK", "GB"), (" de ", "DE")])
def test_a_country_is_two_letters(cell: str, read: str) -> None:
    assert cells.country(cell) == read


@pytest.mark.parametrize("cell", ["Norway", "XX", "NOR"])
def test_what_is_no_country_is_told(cell: str) -> None:
    with pytest.raises(MistakeError, match="ISO 3166-1"):
        cells.country(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "a.example b.example",
        "a.example, b.example",
        "a.example;b.example",
        "a.example|b.example",
        "a.example\nb.example a.example",
        ("a.example", "b.example"),
    ],
)
def test_several_values_stand_in_a_cell_with_anything_between(cell: Cell) -> None:
    assert cells.domains(cell) == ("a.example", "b.example")


def test_the_names_of_lists_may_have_spaces() -> None:
    assert cells.listed("Nordic banks | Top 50;Top 50\n2026") == ("Nordic banks", "Top 50", "2026")


@pytest.mark.parametrize("cell", ["203.0.113.0 - 203.0.113.3", "203.0.113.0–203.0.113.3", "203.0.113.0/30"])
def test_a_range_may_be_written_with_a_dash(cell: str) -> None:
    assert [str(block) for block in cells.ranges(cell)] == ["203.0.113.0/30"]


def test_a_range_that_is_named_twice_is_one() -> None:
    assert len(cells.ranges("203.0.113.0/30, 203.0.113.0/30 198.51.100.0/24")) == 2


@pytest.mark.parametrize("cell", ["64496 64497", "AS64496, as64497", "AS 64496;ASN64497", ("64496", "AS64497")])
def test_networks_are_named_by_number(cell: Cell) -> None:
    assert cells.asns(cell) == (64496, 64497)


@pytest.mark.parametrize("cell", ["0", "4294967296", "AS", "Nordea", "-1"])
def test_what_is_no_network_is_told(cell: str) -> None:
    with pytest.raises(MistakeError, match="not the number of a network"):
        cells.asns(cell)


def test_a_cell_is_bounded() -> None:
    with pytest.raises(MistakeError, match="longer than 50,000"):
        cells.ranges("203.0.113.0/24 " * 4000)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (["1", "2.5", ""], [1, 2.5, None]),
        (["1", "two", ""], ["1", "two", None]),
        (["0150", "5003"], ["0150", "5003"]),
        (["0", "1"], [0, 1]),
        (["1 000", "2"], ["1 000", "2"]),
        ([("a", "b"), "c"], [("a", "b"), "c"]),
        (["", ""], [None, None]),
        ([], []),
    ],
)
def test_a_column_of_ones_own_is_numbers_only_if_all_of_it_is(column: list[Cell], values: list[object]) -> None:
    assert cells.own_values(column) == values
