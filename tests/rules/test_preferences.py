from __future__ import annotations

from pathlib import Path

from rules.preferences import Preference, preferences_of
from tests.rules.reading import rulebook


def preferences(folder: Path, *conditions: str, text: str = "hi", enabled: str = "true") -> tuple[Preference, ...]:
    experiences = "\n".join(
        f"  e{number}: {{pages: /, enabled: {enabled}, who: {who}, change: [{{select: p, text: '{text}'}}]}}"
        for number, who in enumerate(conditions)
    )
    return preferences_of(rulebook(folder, f"experiences:\n{experiences}\n"))


def test_the_values_that_rules_compare_with_are_the_answers(tmp_path: Path) -> None:
    one, other = "{visitor.preferences.diet: [vegan, Fisch]}", "{visitor.preferences.diet: meat}"
    assert preferences(tmp_path, one, other) == (Preference("diet", ("vegan", "Fisch", "meat")),)


def test_an_answer_that_differs_in_case_alone_is_there_once(tmp_path: Path) -> None:
    one, other = "{visitor.preferences.diet: Vegan}", "{visitor.preferences.diet: vegan}"
    assert preferences(tmp_path, one, other) == (Preference("diet", ("Vegan",)),)


def test_a_preference_that_is_compared_with_no_value_is_free_to_write(tmp_path: Path) -> None:
    conditions = ("{visitor.preferences.a: {known: true}}", "{visitor.preferences.b: x*}")
    assert preferences(tmp_path, *conditions) == (Preference("a"), Preference("b"))


def test_a_text_that_prints_one_asks_for_it(tmp_path: Path) -> None:
    condition = "{device.type: mobile}"
    assert preferences(tmp_path, condition, text="{{ visitor.preferences.name }}") == (Preference("name"),)


def test_a_rule_that_is_switched_off_asks_for_nothing(tmp_path: Path) -> None:
    assert preferences(tmp_path, "{visitor.preferences.diet: vegan}", enabled="false") == ()


def test_tests_in_groups_are_found(tmp_path: Path) -> None:
    condition = "{any: [{none: [{visitor.preferences.diet: meat}]}, {all: [{visitor.preferences.diet: vegan}]}]}"
    assert preferences(tmp_path, condition) == (Preference("diet", ("meat", "vegan")),)
