"""Trees of tests; the bulk of their cases is the golden table (tests/golden/decisions)."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.conditions import All, AnyOf, Condition, NoneOf, Test, each_test
from rules.context import Context
from rules.operators import IsOneOf
from tests.rules.reading import context, read_condition

NAMES = "abcd"
LEAVES = tuple(Test(f"visitor.{name}", (IsOneOf(frozenset({"yes"})),), f"visitor.{name}: yes") for name in NAMES)


def answers(*values: bool | None) -> Context:
    """A context in which the leaves are true, false or unknown, in order."""
    told = {True: "yes", False: "no", None: ""}
    return context({f"visitor.{name}": told[value] for name, value in zip(NAMES, values, strict=False)})


def test_kleenes_tables() -> None:
    for first, second in product((True, False, None), repeat=2):
        asked = answers(first, second)
        values = (first, second)
        every = False if False in values else None if None in values else True
        some = True if True in values else None if None in values else False
        assert All(LEAVES[:2]).evaluate(asked) is every
        assert AnyOf(LEAVES[:2]).evaluate(asked) is some
        assert NoneOf(LEAVES[:2]).evaluate(asked) is (None if some is None else not some)


trees = st.recursive(
    st.sampled_from(LEAVES),
    lambda parts: st.builds(
        lambda kind, inner: kind(tuple(inner)),
        st.sampled_from((All, AnyOf, NoneOf)),
        st.lists(parts, min_size=1, max_size=3),
    ),
    max_leaves=8,
)
answered = st.lists(st.sampled_from((True, False, None)), min_size=4, max_size=4)


@given(trees, answered)
def test_learning_more_never_turns_an_answer(tree: Condition, values: list[bool | None]) -> None:
    before = tree.evaluate(answers(*values))
    for learned in (True, False):
        after = tree.evaluate(answers(*(learned if value is None else value for value in values)))
        assert before is None or after is before


@given(trees, answered)
def test_the_test_that_decided_is_one_of_the_tree_and_unknown_where_the_answer_is(
    tree: Condition, values: list[bool | None]
) -> None:
    asked = answers(*values)
    holds, test = tree.judge(asked)
    assert test in tuple(each_test(tree))
    assert test is not None
    assert holds is tree.evaluate(asked)
    assert (holds is None) is (test.evaluate(asked) is None)


@pytest.mark.parametrize(
    ("values", "decided_by"),
    [
        ((True, True), "visitor.a: yes"),
        ((True, False), "visitor.b: yes"),
        ((None, False), "visitor.b: yes"),
        ((None, True), "visitor.a: yes"),
    ],
)
def test_the_first_part_that_decides_is_told(values: tuple[bool | None, ...], decided_by: str) -> None:
    test = All(LEAVES[:2]).judge(answers(*values)).test
    assert test is not None
    assert test.written == decided_by


def test_of_none_the_part_that_holds_is_told() -> None:
    test = NoneOf(LEAVES[:2]).judge(answers(False, True)).test
    assert test is not None
    assert test.written == "visitor.b: yes"


def test_several_operators_must_all_hold() -> None:
    working_hours = read_condition("time.hour: {at_least: 8, below: 18}")
    assert [working_hours.evaluate(context({"time.hour": hour})) for hour in (7, 8, 17, 18)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_condition_names_its_signals() -> None:
    condition = read_condition("{all: [{geo.country: NO}, {any: [{geo.city: x}]}], none: [{device.type: tv}]}")
    assert condition.signals == {"geo.country", "geo.city", "device.type"}


def test_a_test_knows_how_it_was_written() -> None:
    (test,) = each_test(read_condition("geo.country:\n  - NO\n  - SE\n"))
    assert test.written == "geo.country: [NO, SE]"
