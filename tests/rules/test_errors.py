from __future__ import annotations

from rules.errors import Position, Problem, RuleError, Severity, did_you_mean


def test_a_problem_prints_as_one_line_with_its_place_and_fix() -> None:
    problem = Problem(Position("rules/home.yaml", 12, 9), "unknown audience `retuning`", "did you mean 'returning'?")
    assert str(problem) == "rules/home.yaml:12:9: unknown audience `retuning` (did you mean 'returning'?)"


def test_a_warning_says_so() -> None:
    assert str(Problem(Position("a", 1, 1), "old", severity=Severity.WARNING)) == "a:1:1: warning: old"


def test_problems_stand_in_the_order_of_the_files() -> None:
    places = [Position("b", 1, 1), Position("a", 10, 1), Position("a", 9, 2), Position("a", 9, 1)]
    error = RuleError(Problem(place, "wrong") for place in places)
    assert [str(problem.position) for problem in error.problems] == ["a:9:1", "a:9:2", "a:10:1", "b:1:1"]
    assert str(error).count("\n") == 3


def test_the_nearest_word_is_suggested_or_none() -> None:
    assert did_you_mean("retuning", ["returning", "new"]) == "did you mean 'returning'?"
    assert did_you_mean("zzz", ["returning"]) == ""
