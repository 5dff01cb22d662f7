from __future__ import annotations

import pytest

from rules.conditions import All, AnyOf, NoneOf
from rules.signals import suggest
from tests.rules.reading import condition_problems, context, read_condition


def test_a_mapping_of_several_signals_means_all_of_them() -> None:
    condition = read_condition("{geo.country: NO, device.type: mobile}")
    assert isinstance(condition, All)
    assert condition.evaluate(context({"geo.country": "NO", "device.type": "tv"})) is False


def test_groups_stand_beside_each_other_and_nest() -> None:
    condition = read_condition(
        "all: [{geo.country: NO}]\nany: {geo.city: Oslo, geo.eu: true}\nnone: [{device.type: tv}]\n"
    )
    assert isinstance(condition, All)
    assert [type(part).__name__ for part in condition.parts] == ["Test", "AnyOf", "NoneOf"]


def test_none_of_one_test_is_its_opposite() -> None:
    assert isinstance(read_condition("none: [{geo.country: NO}]"), NoneOf)


def test_an_audience_stands_for_its_condition_wherever_a_condition_may() -> None:
    audiences = "nordic: {geo.country: [NO, SE]}\nphones: {device.type: mobile}\nboth: {all: [nordic, phones]}\n"
    either = read_condition("any: [both, {geo.city: Oslo}]", audiences)
    assert isinstance(either, AnyOf)
    assert either.evaluate(context({"geo.country": "SE", "device.type": "mobile"})) is True
    assert read_condition("none: nordic", audiences).evaluate(context({"geo.country": "NO"})) is False


def test_an_audience_may_name_one_that_is_defined_below() -> None:
    audiences = "a: {all: [b, {geo.eu: true}]}\nb: {geo.country: SE}\n"
    assert read_condition("a", audiences).signals == {"geo.country", "geo.eu"}


@pytest.mark.parametrize(
    ("text", "audiences", "problems"),
    [
        ("retuning", "returning: {geo.eu: true}", ["unknown audience `retuning` (did you mean 'returning'?)"]),
        ("x", "", ["unknown audience `x` (audiences are named under `audiences:`)"]),
        ("[a, b]", "", ["a list is not a condition (put `all:` or `any:` before it)"]),
        ("{}", "", ["an empty condition (to mean everyone, leave `who` out)"]),
        ("any: []", "", ["`any` is an empty list (leave it out, or name at least one test)"]),
        ("all: ", "", ['`all` has no value (write it behind the colon; an empty text is "")']),
        ("not: {geo.eu: true}", "", ["unknown signal `not` (did you mean 'none'?)"]),
        (
            "a: true",
            "a: {geo.eu: true}",
            ["unknown signal `a` (an audience stands alone, as `who: name` or `- name` in a list)"],
        ),
        ("contains: x", "", ["unknown signal `contains` (an operator stands under its signal)"]),
        ("qqq: Earth", "", [f"unknown signal `qqq` ({suggest('qqq')})"]),
        ("a", "a: b\nb: c\nc: a", ["audience `a` comes back to itself: a → b → c → a (take it out of one of them)"]),
        (
            "a",
            "a: {any: [a, {geo.eu: true}]}",
            ["audience `a` comes back to itself: a → a (take it out of one of them)"],
        ),
        (
            "all: [{geo.contry: NO}, {geo.city: []}]",
            "",
            [
                "unknown signal `geo.contry` (did you mean 'geo.country'?)",
                "`geo.city` is an empty list (leave it out, or name at least one)",
            ],
        ),
    ],
)
def test_every_mistake_in_a_condition_is_told_once(text: str, audiences: str, problems: list[str]) -> None:
    assert condition_problems(text, audiences) == problems


def test_audiences_that_double_each_other_are_refused() -> None:
    audiences = "a0: {geo.eu: true}\n" + "".join(f"a{n}: {{any: [a{n - 1}, a{n - 1}]}}\n" for n in range(1, 30))
    (problem,) = condition_problems("a29", audiences)
    assert "more than 10,000 tests" in problem


def test_a_chain_of_audiences_that_is_too_deep_is_refused() -> None:
    audiences = "a0: {geo.eu: true}\n" + "".join(f"a{n}: {{none: [a{n - 1}]}}\n" for n in range(1, 100))
    (problem,) = condition_problems("a99", audiences)
    assert "64 levels" in problem


def test_a_long_chain_of_names_is_read() -> None:
    audiences = "".join(f"a{n}: a{n + 1}\n" for n in range(300)) + "a300: {geo.eu: true}\n"
    assert read_condition("a0", audiences).signals == {"geo.eu"}
