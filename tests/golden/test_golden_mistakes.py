"""Runs the golden mistakes: what is said of a mistake is what was written and looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.errors import Severity
from tests.golden.golden_mistakes import cases, expected_of, problems_of, said_of

MIN_BROKEN = 40


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.stem)
def test_a_mistake_is_told_as_expected(case: Path) -> None:
    assert said_of(case) == expected_of(case).read_text(encoding="utf-8")


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.stem)
def test_one_mistake_is_told_once_with_its_place_and_what_to_do(case: Path) -> None:
    problems = problems_of(case)
    assert len(problems) == (0 if case.stem.startswith("fine-") else 1)
    for problem in problems:
        assert (problem.severity is Severity.WARNING) is case.stem.startswith("warning-")
        assert problem.position.line >= 1
        assert problem.position.column >= 1
        assert problem.hint


def test_nothing_that_is_expected_is_without_its_case() -> None:
    written = set(expected_of(cases()[0]).parent.glob("*.txt"))
    assert written == {expected_of(case) for case in cases()}


def test_there_are_enough_broken_files() -> None:
    assert sum(not case.stem.startswith(("fine-", "warning-")) for case in cases()) >= MIN_BROKEN
