"""What is wrong with a rulebook, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """An error keeps a rulebook from going live; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a rulebook; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong: `hint` is the likely fix, `excerpt` the offending line as it was written."""

    position: Position
    message: str
    hint: str = ""
    excerpt: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        warning = "warning: " if self.severity is Severity.WARNING else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.position}: {warning}{self.message}{hint}"


def warning(position: Position, message: str, hint: str) -> Problem:
    """What a rulebook may say, and its author hardly means; `hint` says what to do about it."""
    return Problem(position, message, hint, severity=Severity.WARNING)


class RuleError(Exception):
    """A rulebook that can't go live; `problems` holds all that is wrong with it, in the order of its files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class MistakeError(Exception):
    """One thing that is wrong, raised where a part is read; `rules.fields.Problems` makes it a Problem.

    Without a `position` it is where the part that is being read begins.
    """

    def __init__(self, message: str, *, hint: str = "", position: Position | None = None) -> None:
        super().__init__(message)
        self.message, self.hint, self.position = message, hint, position


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The hint that names the nearest known word, or nothing.

    >>> did_you_mean("retuning", ["returning", "new"])
    "did you mean 'returning'?"
    """
    nearest = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean '{nearest[0]}'?" if nearest else ""


class FragmentError(Exception):
    """A fragment that can't be used. `line` counts from 1 in its own source; `file` is set for a template file."""

    def __init__(self, message: str, *, hint: str = "", line: int = 1, file: str = "") -> None:
        super().__init__(message)
        self.message, self.hint, self.line, self.file = message, hint, line, file


class MissingValueError(Exception):
    """A name in a text has no value for this visitor: the experience does not apply."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class UnsafeValueError(Exception):
    """A URL that a signal helped build leads where it must not: the experience does not apply."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url
