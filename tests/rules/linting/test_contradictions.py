from __future__ import annotations

from pathlib import Path

import pytest

from rules.linting.contradictions import contradictions
from tests.rules.reading import NOON, rulebook

CHANGE = "change: {select: h1, text: Hi}"


def told(folder: Path, text: str) -> list[str]:
    book = rulebook(folder, text)
    return [f"{each.position.line}:{each.position.column} {each.message}" for each in contradictions(book, NOON)]


def of_condition(folder: Path, condition: str) -> list[str]:
    return told(folder, f"experiences:\n  a:\n    pages: /\n    who: {condition}\n    {CHANGE}\n")


def test_two_tests_that_exclude_each_other_are_named_at_the_second(tmp_path: Path) -> None:
    assert of_condition(tmp_path, "{all: [geo.country: DE, geo.country: SE]}") == [
        "4:34 `geo.country: DE` and `geo.country: SE` are never true together: nobody is meant by experience `a`"
    ]


def test_a_part_that_can_not_be_is_told_even_where_the_whole_can(tmp_path: Path) -> None:
    never = "{all: [time.hour: {at_least: 18}, time.hour: {below: 9}]}"
    (problem,) = of_condition(tmp_path, f"{{any: [geo.eu: true, {never}]}}")
    assert "`time.hour: {at_least: 18}` and `time.hour: {below: 9}` are never true together" in problem


def test_an_audience_is_told_once_where_it_stands(tmp_path: Path) -> None:
    text = "audiences:\n  x: {all: [geo.country: DE, geo.country: SE]}\nexperiences:\n"
    users = "".join(f"  {name}: {{pages: /{name}, who: {{all: [x, geo.eu: true]}}, {CHANGE}}}\n" for name in "ab")
    problems = told(tmp_path, text + users)
    assert len([each for each in problems if "audience `x`" in each]) == 1
    assert problems[0].startswith("2:")


def test_a_condition_that_can_be_true_is_left_alone(tmp_path: Path) -> None:
    assert of_condition(tmp_path, "{geo.country: [DE, SE], none: [geo.country: SE], time.hour: {at_least: 9}}") == []


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("{any: [geo.city: Oslo, geo.city: Oslo]}", "`geo.city: Oslo` stands twice"),
        ("{none: [geo.country: NO, geo.country: [SE, NO]]}", "`no` of `geo.country` stands twice"),
    ],
)
def test_what_is_said_twice_is_told(tmp_path: Path, condition: str, said: str) -> None:
    (problem,) = of_condition(tmp_path, condition)
    assert said in problem


@pytest.mark.parametrize(
    ("when", "is_told"),
    [
        ("{from: 2026-12-07, until: 2026-12-10, days: sat-sun}", True),
        ("{from: 2026-12-07, until: 2026-12-12, days: sat-sun}", False),
        ("{from: 2026-12-07T12:00, until: 2026-12-07T18:00, hours: '08:00-10:00'}", True),
        ("{from: 2026-12-07, until: 2026-12-10, holidays: {country: NO}}", True),
        ("{from: 2026-12-24, until: 2026-12-26, holidays: {country: NO}}", False),
        ("{from: 2026-12-07, until: 2026-12-10, holidays: {country: visitor}}", False),
        ("{days: sat-sun, hours: '08:00-10:00'}", False),
        ("{until: 2025-12-10, days: sat}", False),
    ],
)
def test_a_window_that_never_is_is_told(tmp_path: Path, when: str, *, is_told: bool) -> None:
    problems = told(tmp_path, f"experiences:\n  a: {{pages: /, when: {when}, {CHANGE}}}\n")
    assert bool(problems) is is_told
