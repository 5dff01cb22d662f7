from __future__ import annotations

from pathlib import Path

import pytest

from rules.linting.overlaps import overlaps
from tests.rules.reading import rulebook

TEXT = "change: {select: h1, text: Hi}"
EARLIER = "3 `a` and `b` both change `h1`: the earlier one wins"
NEVER = "3 experience `b` can never be shown: `a` changes `h1` for everyone"
NEVER_FOR_THEM = "3 experience `b` can never be shown: `a` changes `h1` for the same visitors"


def told(folder: Path, first: str, second: str) -> list[str]:
    text = f"experiences:\n  a: {{{first}}}\n  b: {{{second}}}\n"
    return [f"{each.position.line} {each.message}" for each in overlaps(rulebook(folder, text))]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("who: {geo.eu: true}", "priority: 0", EARLIER),
        ("who: {geo.eu: true}", "who: {geo.eu: true}", NEVER_FOR_THEM),
        ("who: {geo.eu: true}", "who: {geo.eu: true, geo.city: Oslo}", NEVER_FOR_THEM),
        ("who: {geo.eu: true}", "who: {geo.country: NO}", ""),
        ("who: {geo.eu: true}, priority: 1", "priority: 0", ""),
        ("priority: 0", "who: {geo.eu: true}", NEVER),
        ("priority: 0", "who: {geo.eu: true}, priority: 1", ""),
        ("when: {days: mon}", "priority: 0", EARLIER),
        ("when: {days: mon}, priority: 1", "priority: 0", ""),
        ("when: {days: mon}", "when: {days: tue}", ""),
        ("when: {until: 2026-01-01}", "when: {from: 2026-02-01}", ""),
        ("except: /, priority: 1", "priority: 0", ""),
        ("except: /b, priority: 1", "priority: 0", ""),
    ],
)
def test_overlaps_that_only_the_order_settles_are_told(tmp_path: Path, first: str, second: str, expected: str) -> None:
    found = told(tmp_path, f"pages: [/, /b], {first}, {TEXT}", f"pages: /, {second}, {TEXT}")
    assert found == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("/products/*", "/products/tents", [NEVER]),
        ("/products/tents", "/products/*", [EARLIER]),
        ("/products/*", "/**/tents", [EARLIER]),
        ("/products/*", "/blog/*", []),
    ],
)
def test_patterns_overlap_where_some_page_fits_both(tmp_path: Path, one: str, other: str, expected: list[str]) -> None:
    assert told(tmp_path, f"pages: {one}, {TEXT}", f"pages: '{other}', {TEXT}") == expected


def test_changes_of_different_properties_do_not_overlap(tmp_path: Path) -> None:
    assert told(tmp_path, f"pages: /, {TEXT}", "pages: /, change: {select: h1, add_class: x}") == []


def test_a_text_that_may_have_no_value_covers_nothing_for_everyone(tmp_path: Path) -> None:
    greeting = TEXT.replace("Hi", "'{{ geo.city }}'")
    assert told(tmp_path, f"pages: /, priority: 1, {TEXT}", f"pages: /, {TEXT}") == [NEVER]
    assert told(tmp_path, f"pages: /, priority: 1, {greeting}", f"pages: /, {TEXT}") == []


def test_two_that_are_often_in_each_others_way_are_told_once(tmp_path: Path) -> None:
    both = "change: [{select: h1, text: Hi}, {select: h2, text: Ho}]"
    assert told(tmp_path, f"pages: /, {both}", f"pages: /, {both}") == [NEVER]


def test_experiments_of_one_layer_are_never_in_each_others_way(tmp_path: Path) -> None:
    arms = "experiment: {split: {original: 50, x: 50}, layer: hero}, variants: {x: {change: {select: h1, text: Hi}}}"
    assert told(tmp_path, f"pages: /, {arms}", f"pages: /, {arms}") == []
    assert told(tmp_path, f"pages: /, {arms}".replace(", layer: hero", ""), f"pages: /, {arms}") == [EARLIER]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("redirect: /b", TEXT, "3 experience `b` can never be shown: `a` redirects for everyone"),
        ("redirect: /b", "serve: /c", "3 experience `b` can never be shown: `a` redirects for everyone"),
        ("serve: /b", "serve: /c", "3 experience `b` can never be shown: `a` serves a page for everyone"),
        ("serve: /b", TEXT, ""),
        (
            "who: {geo.eu: true}, redirect: /b",
            "serve: /c",
            "3 `a` and `b` both want the whole page: the earlier one wins",
        ),
        ("who: {geo.country: NO}, redirect: /b", "who: {geo.country: SE}, redirect: /c", ""),
    ],
)
def test_one_that_leads_away_wants_the_whole_page(tmp_path: Path, first: str, second: str, expected: str) -> None:
    assert told(tmp_path, f"pages: /, {first}", f"pages: /, {second}") == ([expected] if expected else [])
