"""How problems of a rulebook are told to programs: as JSON, and as annotations of a GitHub workflow.

For people `proxy.cli.terminal` tells them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

from rules.errors import Problem, Severity


class Format(StrEnum):
    """What `--format` may say."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def as_json(folder: str, problems: Iterable[Problem]) -> str:
    """One object that holds all of them. Its keys stay as they are; there may be more one day."""
    listed = list(problems)
    told: dict[str, Any] = {
        "version": 1,
        "rules": folder,
        "errors": sum(1 for problem in listed if problem.severity is Severity.ERROR),
        "warnings": sum(1 for problem in listed if problem.severity is Severity.WARNING),
        "problems": [_as_json(problem) for problem in listed],
    }
    return json.dumps(told, indent=2, ensure_ascii=False)


def github_lines(problems: Iterable[Problem]) -> Iterator[str]:
    """Workflow commands, by which GitHub marks the lines of a pull request.

    The escapes are those of GitHub's own toolkit (actions/toolkit, packages/core/src/command.ts).
    """
    for problem in problems:
        at = problem.position
        place = f"file={_escaped_property(at.file)},line={at.line},col={at.column}"
        hint = f" ({problem.hint})" if problem.hint else ""
        yield f"::{problem.severity} {place}::{_escaped(problem.message + hint)}"


def _as_json(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity.value,
        "file": problem.position.file,
        "line": problem.position.line,
        "column": problem.position.column,
        "message": problem.message,
        "hint": problem.hint,
        "excerpt": problem.excerpt,
    }


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
