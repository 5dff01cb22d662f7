from __future__ import annotations

import json

from proxy.cli.problem_formats import as_json, github_lines
from rules.errors import Position, Problem, warning

ERROR = Problem(Position("rules/a, b.yaml", 3, 5), "`100%` is: wrong\nhere", "write 50", "who: 100%")
WARNING = warning(Position("rules/c.yaml", 1, 1), "never used", "take it out")


def test_json_holds_every_problem_and_their_numbers() -> None:
    told = json.loads(as_json("rules", [ERROR, WARNING]))
    assert (told["version"], told["rules"], told["errors"], told["warnings"]) == (1, "rules", 1, 1)
    assert told["problems"] == [
        {
            "severity": "error",
            "file": "rules/a, b.yaml",
            "line": 3,
            "column": 5,
            "message": "`100%` is: wrong\nhere",
            "hint": "write 50",
            "excerpt": "who: 100%",
        },
        {
            "severity": "warning",
            "file": "rules/c.yaml",
            "line": 1,
            "column": 1,
            "message": "never used",
            "hint": "take it out",
            "excerpt": "",
        },
    ]


def test_json_of_nothing_is_an_object_too() -> None:
    assert json.loads(as_json("rules", []))["problems"] == []


def test_github_gets_one_line_for_each_with_its_marks_escaped() -> None:
    assert list(github_lines([ERROR, WARNING])) == [
        "::error file=rules/a%2C b.yaml,line=3,col=5::`100%25` is: wrong%0Ahere (write 50)",
        "::warning file=rules/c.yaml,line=1,col=1::never used (take it out)",
    ]
