from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from proxy.cli.check import VARIANTS
from rules.context import Context
from rules.decide import decide
from rules.linting.variant_count import DEFAULT_BUDGET, count_variants, states_of, too_many_variants
from rules.plan import make_plan
from tests.rules.reading import NOON, rulebook


def book_of(*experiences: str) -> str:
    lines = [f"  e{number}: {{pages: /, {each}}}\n" for number, each in enumerate(experiences)]
    return "experiences:\n" + "".join(lines)


def change(number: int) -> str:
    return f"change: {{select: '#p{number}', text: Hi}}"


def count(folder: Path, *experiences: str) -> int:
    text = book_of(*(f"{each}, {change(n)}" if each else change(n) for n, each in enumerate(experiences)))
    return count_variants(rulebook(folder, text).experiences, NOON)


@pytest.mark.parametrize(
    ("experiences", "expected"),
    [
        (("",), 1),
        (("who: {geo.country: NO}",), 2),
        (("when: {days: mon}",), 2),
        (("who: {geo.country: NO}", "who: {geo.city: Oslo}"), 4),
        (("who: {geo.country: NO}", "who: {geo.country: SE}", "who: {geo.country: DK}"), 4),
        (("who: {geo.country: NO}", "who: {geo.country: NO}"), 2),
        (("who: {geo.country: NO}", "who: {geo.country: [NO, SE]}"), 3),
        (("who: {geo.country: NO}", "who: {none: [geo.country: NO]}"), 3),
        (("who: {device.type: mobile}", "who: {none: [device.type: mobile]}"), 2),
        (("when: {until: 2026-01-01}", "when: {from: 2026-02-01}"), 3),
    ],
)
def test_what_is_independent_multiplies_and_what_excludes_each_other_adds(
    tmp_path: Path, experiences: tuple[str, ...], expected: int
) -> None:
    assert count(tmp_path, *experiences) == expected


def test_many_that_are_for_the_same_visitors_are_still_few_variants(tmp_path: Path) -> None:
    countries = ("NO", "SE", "DK", "FI")
    assert count(tmp_path, *(f"who: {{geo.country: {each}}}" for each in countries for _ in range(5))) == 5


def test_too_many_cases_are_counted_by_groups_that_exclude_each_other(tmp_path: Path) -> None:
    names = [f"who: {{all: [visitor.a{n}: x, visitor.a{n + 1}: y]}}" for n in range(20)]
    assert 2**10 < count(tmp_path, *names) <= 2**20


EXPERIMENT = "experiment: {split: {original: 50, b: 25, c: 25}%s}, variants: {b: {%s}, c: {%s}}"


def experiment(number: int, more: str = "") -> str:
    arms = (f"change: {{select: '#p{number}', text: {arm}}}" for arm in "bc")
    return EXPERIMENT % (more, *arms)


def test_an_experiment_has_a_variant_more_than_its_arms_show(tmp_path: Path) -> None:
    book = rulebook(tmp_path, book_of(experiment(0), experiment(1)))
    assert [states_of(each) for each in book.experiences] == [2, 2]
    assert count_variants(book.experiences, NOON) == 9


def test_experiments_of_one_layer_add(tmp_path: Path) -> None:
    book = rulebook(tmp_path, book_of(experiment(0, ", layer: hero"), experiment(1, ", layer: hero")))
    assert count_variants(book.experiences, NOON) == 5


def test_the_branches_of_a_text_make_variants_and_its_values_do_not(tmp_path: Path) -> None:
    text = "{% if time.hour < 12 %}Morning{% else %}Day{% endif %}, {{ geo.city or 'friend' }}"
    book = rulebook(tmp_path, f'experiences: {{a: {{pages: /, change: {{select: h1, text: "{text}"}}}}}}')
    assert states_of(book.experiences[0]) == 2


def test_no_visitor_comes_to_a_decision_that_was_not_counted(tmp_path: Path) -> None:
    conditions = (
        "who: {geo.country: NO}",
        "who: {any: [geo.country: [SE, NO], visitor.plan: gold]}",
        "who: {none: [visitor.plan: [gold, silver]]}",
        "who: {visitor.plan: {known: true}, geo.eu: true}",
    )
    text = book_of(*(f"{each}, {change(number)}" for number, each in enumerate(conditions)))
    book = rulebook(tmp_path, text)
    plan = make_plan(book, "", "/", {})
    seen = set()
    for country, plan_, eu in product((None, "NO", "SE", "US"), (None, "gold", "silver", "tin"), (None, True, False)):
        signals = {"geo.country": country, "visitor.plan": plan_, "geo.eu": eu}
        known = {name: value for name, value in signals.items() if value is not None}
        seen.add(decide(plan, Context(known, NOON)).fingerprint)
    assert len(seen) == count_variants(book.experiences, NOON)


def test_a_url_over_the_budget_is_told_with_what_multiplies(tmp_path: Path) -> None:
    text = book_of(*(f"who: {{visitor.a{n}: x}}, {change(n)}" for n in range(4)))
    book = rulebook(tmp_path, text)
    assert list(too_many_variants(book, NOON, budget=16)) == []
    (problem,) = too_many_variants(book, NOON, budget=15)
    assert problem.message == "`/` can have up to 16 variants: e0 ×2, e1 ×2, e2 ×2, e3 ×2"


def test_pages_that_have_the_same_too_many_are_told_once(tmp_path: Path) -> None:
    text = book_of(*(f"who: {{visitor.a{n}: x}}, {change(n)}" for n in range(4)))
    more = f"  more: {{pages: [/, /b], who: {{geo.eu: true}}, {change(9)}}}\n"
    assert len(list(too_many_variants(rulebook(tmp_path, text + more), NOON, budget=15))) == 1


def test_who_is_held_out_counts(tmp_path: Path) -> None:
    book = rulebook(tmp_path, "holdout: {share: 5%}\n" + book_of(*(change(n) for n in range(3))))
    assert list(too_many_variants(book, NOON, budget=2)) == []
    (problem,) = too_many_variants(book, NOON, budget=1)
    assert "up to 2 variants" in problem.message


def test_the_commands_default_is_the_one_told_here() -> None:
    assert VARIANTS == DEFAULT_BUDGET
