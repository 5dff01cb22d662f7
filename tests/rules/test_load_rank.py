from __future__ import annotations

from pathlib import Path

import pytest

from proxy.page.locate import check_selector
from proxy.rule_files import read_folder
from rules.errors import RuleError
from rules.load import load_rulebook
from rules.load_rank import MAX_FIELDS
from rules.model import Boost, ItemField, Rank
from rules.signals import Type
from tests.rules.reading import load_problems, read_rank, rulebook, write

READ = "read: {brand: '@data-brand', price: {select: .price, as: number}}"
BY = "by: {boost: 2, where: {item.brand: acme}}"


def in_book(rank: str) -> str:
    return f"experiences:\n  a:\n    pages: /\n    change:\n      - {{select: ul, rank: {rank}}}\n"


def with_where(where: str) -> str:
    return f"{{items: li, {READ}, by: {{boost: 2, where: {where}}}}}"


def test_a_rank_is_read_whole(tmp_path: Path) -> None:
    rank = f"{{items: '> li', {READ}, by: [{{boost: -1.5, where: {{item.brand: acme}}}}], pin: .ad, keep_first: 2}}"
    (experience,) = rulebook(tmp_path, in_book(rank)).experiences
    action = experience.changes[0].action
    assert isinstance(action, Rank)
    assert (action.items, action.pin, action.keep_first) == (":scope > li", ".ad", 2)
    assert action.read == (
        ItemField("brand", attribute="data-brand"),
        ItemField("price", select=".price", type=Type.NUMBER),
    )
    (boost,) = action.by
    assert isinstance(boost, Boost)
    assert (boost.weight, boost.where.signals) == (-1.5, frozenset({"item.brand"}))


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("'@Data-Brand'", ItemField("x", attribute="data-brand")),
        (".price", ItemField("x", select=".price")),
        ("'> .price'", ItemField("x", select=":scope > .price")),
        ("{select: img, attribute: alt}", ItemField("x", select="img", attribute="alt")),
        ("{attribute: data-price, as: number}", ItemField("x", attribute="data-price", type=Type.NUMBER)),
        ("{select: b, as: text}", ItemField("x", select="b")),
        ("{as: number}", ItemField("x", type=Type.NUMBER)),
    ],
)
def test_a_value_of_an_item_is_read_in_short_or_in_full(written: str, field: ItemField) -> None:
    rank = read_rank(f"{{items: li, read: {{x: {written}}}, by: {{boost: 1, where: {{item.x: {{known: true}}}}}}}}")
    assert rank.read == (field,)


@pytest.mark.parametrize(
    ("rank", "problem"),
    [
        ("[a]", "`rank` wants `key: value` lines"),
        (f"{{{READ}, {BY}}}", '`rank` without `items` (say what it sorts, such as items: "> li")'),
        (f"{{items: li, {BY}}}", "`rank` without `read` (name what it sorts by: {brand: '@data-brand'})"),
        (f"{{items: li, {READ}}}", "`rank` without `by` (say what counts: "),
        (f"{{items: li, read: {{}}, {BY}}}", "`read` is empty (name what is to be sorted by: "),
        (f"{{items: li, {READ}, by: []}}", "`by` is an empty list"),
        (f"{{item: li, items: li, {READ}, {BY}}}", "unknown key `item` in `rank` (did you mean 'items'?)"),
        (f"{{items: 'a[', {READ}, {BY}}}", "`a[` is not a CSS selector: `[` is not closed"),
        (f"{{items: [a], {READ}, {BY}}}", "`items` wants one selector, not a list"),
        (f"{{items: '> li, > p', {READ}, {BY}}}", "`> li, > p` is not a CSS selector: invalid CSS selector"),
        (f"{{items: li, {READ}, {BY}, pin: ''}}", "`` is not a CSS selector: it is empty"),
        (f"{{items: li, {READ}, {BY}, keep_first: -1}}", "`keep_first` is less than nothing (how many items"),
        (f"{{items: li, {READ}, {BY}, keep_first: one}}", "`keep_first` wants a whole number, not `one`"),
        (f"{{items: li, read: {{Brand: '@b'}}, {BY}}}", "`Brand` can't be the id of a value of an item"),
        (f"{{items: li, read: {{brand: '@'}}, {BY}}}", "`` can't be the name of an attribute (such as data-brand)"),
        (f"{{items: li, read: {{brand: {{}}}}, {BY}}}", "`brand` reads nothing (say where in the item it stands"),
        (
            f"{{items: li, read: {{brand: {{select: b, as: date}}}}, {BY}}}",
            "nothing is read as `date` (text or number)",
        ),
        (f"{{items: li, read: {{brand: {{select: 'b('}}}}, {BY}}}", "`b(` is not a CSS selector: `(` is not closed"),
        (f"{{items: li, {READ}, by: {{where: {{item.brand: a}}}}}}", "an entry of `by` without `boost` (how much"),
        (f"{{items: li, {READ}, by: {{boost: 2}}}}", "a `boost` without `where` (which items it is for, such as"),
        (f"{{items: li, {READ}, by: {{boost: 0, where: {{item.brand: a}}}}}}", "a `boost` of 0 changes nothing (take"),
        (f"{{items: li, {READ}, by: {{boost: high, where: {{item.brand: a}}}}}}", "`boost` wants a number, not `high`"),
        (f"{{items: li, {READ}, by: {{boost: 1000001, where: {{item.brand: a}}}}}}", "`boost` is beyond 1,000,000"),
        (f"{{items: li, {READ}, by: {{affinity: {{brand: 3}}}}}}", "`affinity` is not supported by this version"),
        (
            f"{{items: li, {READ}, by: {{bost: 1, boost: 1, where: {{item.brand: a}}}}}}",
            "unknown key `bost` in an entry",
        ),
        (with_where("{}"), "an empty condition"),
        (with_where("{item.brnd: a}"), "unknown signal `item.brnd` (did you mean 'item.brand'?)"),
        (with_where("{brand: a}"), "unknown signal `brand` (did you mean 'item.brand'?)"),
        (with_where("{item.xyz: a}"), "unknown signal `item.xyz` (`read` has item.brand, item.price)"),
        (with_where("{not: {item.brand: a}}"), "unknown signal `not` (did you mean 'none'?)"),
        (
            with_where("{geo.country: NO}"),
            "`geo.country` is of the visitor (`who` is for visitors; `where` is for items",
        ),
        (with_where("members"), "`members` is no test of an item (an audience is of visitors; write a test, such as"),
        (with_where("{any: [members]}"), "`members` is no test of an item"),
        (
            with_where("{item.brand: {below: 5}}"),
            "`below` does not fit `item.brand`, which is text (read it as number: {attribute: data-brand, as: number})",
        ),
        (with_where("{item.price: cheap}"), "`item.price` wants a number, not `cheap`"),
        (with_where("{item.price: {within: 3d}}"), "`within` does not fit `item.price`, which is a number"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(tmp_path: Path, rank: str, problem: str) -> None:
    with pytest.raises(RuleError) as caught:
        load_rulebook(read_folder(write(tmp_path, {"a.yaml": in_book(rank)})), check_selector=check_selector)
    told = caught.value.problems[0]
    assert str(told).removeprefix(f"{told.position}: ").startswith(problem)
    assert told.position.line == 5


def test_all_that_is_wrong_with_a_rank_is_told(tmp_path: Path) -> None:
    rank = (
        "{items: 'a[', read: {A: b, c: {as: x}}, by: [{boost: 0, where: {x: y}}, {boost: 1}], pin: '', keep_first: -1}"
    )
    assert len(load_problems(tmp_path, in_book(rank))) == 8


def test_what_is_read_of_an_item_is_bounded() -> None:
    names = ", ".join(f"n{number}: b" for number in range(MAX_FIELDS + 1))
    with pytest.raises(AssertionError, match=f"names more than {MAX_FIELDS} things"):
        read_rank(f"{{items: li, read: {{{names}}}, by: {{boost: 1, where: {{item.n0: a}}}}}}")
