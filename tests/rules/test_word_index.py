from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.conditions import All, AnyOf, Condition, NoneOf, Test
from rules.context import Value
from rules.decide import decide
from rules.operators import IsOneOf, Known
from rules.plan import make_plan
from rules.word_index import WordIndex, required_words
from tests.rules.reading import context, read_condition, rulebook

CONDITIONS = [
    read_condition("{geo.country: [NO, SE]}"),
    None,
    read_condition("{geo.country: SE, source.campaign: Spring}"),
    read_condition("{all: [{geo.eu: true}, {all: [source.campaign: summer]}]}"),
    read_condition("{none: [geo.country: NO]}"),
    read_condition("{source.campaign: 's*'}"),
]


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        ({}, [1, 4, 5]),
        ({"geo.country": "NO"}, [0, 1, 4, 5]),
        ({"geo.country": "se", "source.campaign": "SPRING"}, [0, 1, 2, 4, 5]),
        ({"geo.country": "DK", "source.campaign": "summer"}, [1, 3, 4, 5]),
        ({"geo.country": ("NO", "SE")}, [0, 1, 4, 5]),
    ],
)
def test_only_those_are_found_whose_words_are_there(signals: dict[str, Value], expected: list[int]) -> None:
    assert WordIndex(CONDITIONS).possible(context(signals)) == expected


def test_what_a_condition_requires_is_what_every_way_to_it_has() -> None:
    assert required_words(CONDITIONS[2]) == {"geo.country": {"se"}, "source.campaign": {"spring"}}
    assert required_words(read_condition("{all: [geo.city: [Oslo, Bergen], geo.city: [oslo]]}")) == {
        "geo.city": {"oslo"}
    }
    assert required_words(read_condition("{any: [geo.city: Oslo, geo.eu: true]}")) == {}
    assert required_words(None) == {}


WORDS = ("a", "b", "c")
OPERATORS = st.sets(st.sampled_from(WORDS), min_size=1, max_size=2).map(lambda words: IsOneOf(frozenset(words)))
TESTS = st.builds(
    lambda name, operator: Test(f"visitor.{name}", (operator,)),
    st.sampled_from(["plan", "tags"]),
    OPERATORS | st.booleans().map(Known),
)
TREES: Any = st.recursive(
    TESTS,
    lambda inner: st.builds(
        lambda kind, parts: kind(tuple(parts)),
        st.sampled_from([All, AnyOf, NoneOf]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=5,
)
VALUES = st.sampled_from(WORDS) | st.just("A") | st.lists(st.sampled_from(WORDS), max_size=2).map(tuple) | st.just(1)


@given(conditions=st.lists(TREES, max_size=6), values=st.dictionaries(st.sampled_from(["plan", "tags"]), VALUES))
def test_none_is_left_out_that_is_true(conditions: list[Condition], values: dict[str, Value]) -> None:
    visitor = context({f"visitor.{name}": value for name, value in values.items()})
    possible = list(WordIndex(conditions).possible(visitor))
    assert possible == sorted(set(possible))
    assert {n for n, each in enumerate(conditions) if each.evaluate(visitor)} <= set(possible)


def test_a_decision_still_tells_why_of_all_that_were_never_looked_at(tmp_path: Path) -> None:
    rules = "".join(
        f"  e{n}: {{pages: /, who: {{geo.country: {country}}}, change: {{select: '#p{n}', text: Hi}}}}\n"
        for n, country in enumerate(("NO", "SE", "NO"))
    )
    plan = make_plan(rulebook(tmp_path, f"experiences:\n{rules}"), "", "/", {})
    decision = decide(plan, context({"geo.country": "NO"}))
    assert [choice.experience.id for choice in decision.choices] == ["e0", "e2"]
    assert [(reason.experience, reason.outcome.value) for reason in decision.reasons] == [
        ("e0", "chosen"),
        ("e1", "not for this visitor"),
        ("e2", "chosen"),
    ]
