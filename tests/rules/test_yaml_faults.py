"""What libyaml itself says is put in by hand here; whole files are in test_source."""

from __future__ import annotations

from rules.errors import Position
from rules.nodes import Source
from rules.yaml_faults import explain_fault


def told(text: str, problem: str, context: str = "", column: int = 1) -> str:
    at = Position("a.yaml", 1, column)
    mistake = explain_fault(Source.of("a.yaml", text), problem, context, at, at)
    assert mistake.position is not None
    return f"{mistake.position.column} {mistake.message}"


def test_a_tab_is_named_whatever_the_complaint() -> None:
    assert told("\ta: b", "found character that cannot start any token") == "1 a tab where YAML wants spaces"


def test_a_complaint_that_is_not_known_is_passed_on() -> None:
    assert told("a: b", "found a riddle") == "1 not YAML: found a riddle"


def test_a_value_that_goes_on_after_its_bracket_is_found_on_the_line() -> None:
    assert told("- text: [new] shoes", "did not find expected key") == "9 a value goes on after its `]`"


def test_a_bracket_that_is_closed_is_not_blamed() -> None:
    assert told("a: [b, c]", "found a riddle") == "1 not YAML: found a riddle"


def test_a_line_without_a_colon_is_named() -> None:
    assert told("  title Summer", "could not find expected ':'") == "3 `title Summer` is no `key: value`"


def test_a_line_that_is_indented_otherwise_is_told() -> None:
    assert told(" a: b", "did not find expected key", column=2) == "2 this line does not line up with those above"


def test_a_place_past_the_end_is_no_error() -> None:
    assert told("a: [", "did not find expected ',' or ']'", "while parsing a flow sequence", 9).startswith(
        "9 a bracket"
    )
