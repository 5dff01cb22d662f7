from pathlib import Path

from proxy.cli.terminal import mistake_line, problem_count, problem_lines
from rules.errors import MistakeError, Position, Problem

PROBLEM = Problem(Position("rules/a.yaml", 4, 5), "unknown key `whoo`", "did you mean 'who'?", "whoo: everyone")


def test_a_problem_is_its_place_with_the_line_below() -> None:
    assert list(problem_lines([PROBLEM])) == [
        "rules/a.yaml:4:5: unknown key `whoo` (did you mean 'who'?)",
        "    whoo: everyone",
    ]


def test_problems_are_counted_with_their_files() -> None:
    assert problem_count((PROBLEM, PROBLEM), Path("rules")) == "rules: 2 problems in 1 file"


def test_a_mistake_has_its_hint_in_brackets() -> None:
    assert mistake_line(MistakeError("no", hint="say yes")) == "no (say yes)"
    assert mistake_line(MistakeError("no")) == "no"
