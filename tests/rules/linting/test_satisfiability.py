from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.conditions import All, AnyOf, Condition, NoneOf, Test, each_test
from rules.context import Context
from rules.linting.satisfiability import Case, Exclusion, alternatives, cases, conflict
from rules.operators import IsOneOf
from tests.rules.reading import NOON, read_condition


@pytest.mark.parametrize(
    "condition",
    [
        "{all: [geo.country: DE, geo.country: SE]}",
        "{geo.country: DE, none: [geo.country: [DE, AT]]}",
        "{none: [device.type: [mobile, tablet, desktop, tv]]}",
        "{none: [geo.country: '*']}",
        "{geo.country: 'N*', none: [geo.country: [NA, NC, NE, NF, NG, NI, NL, 'N*']]}",
        "{all: [time.hour: {at_least: 18}, time.hour: {below: 9}]}",
        "{time.hour: {above: 9, below: 10}}",
        "{all: [visitor.points: {at_least: 18}, visitor.points: {below: 9}]}",
        "{visitor.points: {at_least: 18}, all: [visitor.points: 3]}",
        "{geo.eu: true, none: [geo.eu: true]}",
        "{source.campaign: spring, all: [source.campaign: 'a*']}",
        "{source.campaign: {known: false}, none: [source.campaign: summer]}",
        "{time.date: {at_least: 2026-02-01}, all: [time.date: {below: 2026-02-01}]}",
        "{source.term: {starts_with: a}, none: [source.term: {starts_with: a}]}",
        "{any: [{all: [geo.country: DE, geo.country: SE]}, {geo.city: Oslo, none: [geo.city: OSLO]}]}",
    ],
)
def test_what_can_never_be_true_is_found(condition: str) -> None:
    assert conflict([read_condition(condition)], NOON) is not None


@pytest.mark.parametrize(
    "condition",
    [
        "{geo.country: [DE, SE], none: [geo.country: DE]}",
        "{geo.country: {known: false}}",
        "{none: [device.type: [mobile, tablet]]}",
        "{source.campaign: 'a*', all: [source.campaign: '*z']}",
        "{time.hour: {at_least: 9, at_most: 9}}",
        "{visitor.points: {at_least: 9, below: 18}}",
        "{time.date: {at_least: 2026-02-01}, all: [time.date: {at_most: 2026-02-01}]}",
        "{any: [{all: [geo.country: DE, geo.country: SE]}, geo.eu: true]}",
        "{page.query.ref: {matches: a}, none: [page.query.ref: {matches: b}]}",
    ],
)
def test_what_can_be_true_is_not_called_impossible(condition: str) -> None:
    assert conflict([read_condition(condition)], NOON) is None


def test_a_conflict_is_told_by_as_few_tests_as_it_takes() -> None:
    found = conflict([read_condition("{all: [geo.eu: true, geo.country: DE, geo.city: Bonn, geo.country: SE]}")], NOON)
    assert found is not None
    assert [(test.written, wanted) for test, wanted in found] == [("geo.country: DE", True), ("geo.country: SE", True)]


def test_two_conditions_exclude_each_other_where_no_visitor_is_both() -> None:
    norway, sweden = read_condition("{geo.country: NO}"), read_condition("{geo.country: [SE, DK], geo.eu: true}")
    exclusion = Exclusion(NOON)
    assert exclusion.holds(norway, sweden)
    assert exclusion.holds(norway, read_condition("{none: [geo.country: [NO, SE]]}"))
    assert not exclusion.holds(norway, read_condition("{geo.city: Oslo}"))
    assert not exclusion.holds(norway, None)


def test_the_cases_of_a_signal_are_told_apart_by_its_tests_alone() -> None:
    tests = tuple(each_test(read_condition("{any: [geo.country: NO, geo.country: [NO, SE]]}")))
    assert cases(tests, NOON) == frozenset[Case]({(True, True), (False, True), (False, False), (None, None)})


def test_a_signal_that_is_always_known_is_never_missing() -> None:
    tests = tuple(each_test(read_condition("{device.type: mobile}")))
    assert cases(tests, NOON) == frozenset[Case]({(True,), (False,)})


def test_too_many_ways_are_given_up() -> None:
    pairs = ", ".join(f"{{any: [geo.city: a{number}, geo.city: b{number}]}}" for number in range(12))
    condition = read_condition(f"{{all: [{pairs}]}}")
    assert alternatives(condition) is None
    assert conflict([condition], NOON) is None


NAMES = ("country", "plan")
WORDS = ("a", "b", "c")
TESTS = st.builds(
    lambda name, words: Test(f"visitor.{name}", (IsOneOf(frozenset(words)),), f"{name}: {sorted(words)}"),
    st.sampled_from(NAMES),
    st.sets(st.sampled_from(WORDS), min_size=1, max_size=2),
)
CONDITIONS: Any = st.recursive(
    TESTS,
    lambda inner: st.builds(
        lambda kind, parts: kind(tuple(parts)),
        st.sampled_from([All, AnyOf, NoneOf]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@given(condition=CONDITIONS)
def test_impossible_is_what_no_visitor_makes_true(condition: Condition) -> None:
    values = (None, *WORDS, "other")
    visitors = [
        Context({f"visitor.{n}": v for n, v in zip(NAMES, pair, strict=True) if v is not None}, NOON)
        for pair in [(one, two) for one in values for two in values]
    ]
    possible = any(condition.evaluate(visitor) for visitor in visitors)
    assert (conflict([condition], NOON) is None) is possible
