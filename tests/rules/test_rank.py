from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rules.context import Value
from rules.model import Boost, Rank
from rules.rank import ranked, score
from tests.rules.reading import read_rank

CHEAP = """
items: "> li"
read: {price: {select: .price, as: number}, brand: "@data-brand"}
by:
  - boost: 2
    where: {item.price: {below: 100}}
  - boost: -1
    where: {item.brand: [acme, b*]}
"""


def order(rank: Rank, *items: dict[str, Value], pinned: tuple[int, ...] = ()) -> tuple[int, ...]:
    return ranked(rank, items, pinned)


def test_a_score_is_the_sum_of_the_boosts_that_are_true() -> None:
    rank = read_rank(CHEAP)
    assert score(rank, {"price": 5, "brand": "Acme"}) == 1
    assert score(rank, {"price": 500, "brand": "bold"}) == -1
    assert score(rank, {"price": 500, "brand": "other"}) == 0


def test_a_missing_value_is_unknown_and_not_boosted() -> None:
    none_of = read_rank(CHEAP.replace("where: {item.price: {below: 100}}", "where: {none: [item.price: {above: 9}]}"))
    assert score(none_of, {}) == 0
    assert score(none_of, {"price": 5}) == 2


def test_the_higher_score_stands_first_and_equal_ones_keep_their_order() -> None:
    rank = read_rank(CHEAP)
    assert order(rank, {"price": 500}, {"price": 5}, {}, {"price": 6}) == (1, 3, 0, 2)


def test_the_first_and_the_pinned_stay_and_the_others_fill_the_places_between() -> None:
    rank = read_rank(CHEAP + "keep_first: 1\n")
    items: list[dict[str, Value]] = [{"price": price} for price in (500, 500, 500, 5, 5)]
    assert order(rank, *items, pinned=(2,)) == (0, 3, 2, 4, 1)


def test_more_can_be_kept_than_there_are() -> None:
    assert order(read_rank(CHEAP + "keep_first: 9\n"), {}, {"price": 1}) == (0, 1)
    assert order(read_rank(CHEAP)) == ()


@given(st.lists(st.integers(0, 5)), st.integers(0, 8), st.sets(st.integers(0, 20)))
def test_an_order_is_a_stable_permutation(prices: list[int], keep_first: int, pinned: set[int]) -> None:
    boosts = read_rank(CHEAP.replace("below: 100", "below: 3")).by
    rank = Rank("li", (), (*boosts, Boost(-2, boosts[0].where)), keep_first=keep_first)
    for each in (rank, Rank("li", (), boosts, keep_first=keep_first)):
        found = ranked(each, [{"price": price} for price in prices], pinned)
        assert sorted(found) == list(range(len(prices)))
        stay = {index for index in range(len(prices)) if index < keep_first or index in pinned}
        assert all(found[index] == index for index in stay)
        moved = [index for index in found if index not in stay]
        assert moved == sorted(moved, key=lambda index: (-score(each, {"price": prices[index]}), index))
