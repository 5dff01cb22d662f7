"""What the commands have in common: how they read a rulebook, what they print, and how they end.

Exit codes: 0 fine; 1 the rulebook has problems, or a test of it fails; 2 the command could not run at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rules.errors import MistakeError, Problem
    from rules.model import RuleBook

CANNOT_RUN = 2

FOLDER = click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
"""The rulebook that a command is about."""


class CannotRunError(click.ClickException):
    """The command can't run; each line says why, and what to do."""

    exit_code = CANNOT_RUN

    def __init__(self, lines: Iterable[str]) -> None:
        super().__init__("\n".join(lines))

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, file=file, err=True)


def load_folder(ctx: click.Context, folder: Path) -> RuleBook:
    """The rulebook in a folder; the command ends where it has problems."""
    from proxy.rule_files import load_checked, read_folder
    from rules.errors import RuleError

    try:
        return load_checked(read_folder(folder))
    except RuleError as error:
        show(problem_lines(error.problems))
        show([problem_count(error.problems, folder)])
        ctx.exit(1)


def problem_lines(problems: Iterable[Problem]) -> Iterable[str]:
    """Each problem with its place, and below it the line as it is written."""
    for problem in problems:
        yield str(problem)
        if problem.excerpt:
            yield f"    {problem.excerpt}"


def problem_count(problems: tuple[Problem, ...], folder: Path) -> str:
    """How many there are, in one line."""
    files = len({problem.position.file for problem in problems})
    return f"{folder}: {number(len(problems), 'problem')} in {number(files, 'file')}"


def mistake_line(mistake: MistakeError) -> str:
    """A mistake of the command line's own, with its hint."""
    return f"{mistake.message} ({mistake.hint})" if mistake.hint else mistake.message


def number(count: int, noun: str) -> str:
    """A count with its noun.

    >>> number(1, "problem"), number(2, "problem")
    ('1 problem', '2 problems')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def show(lines: Iterable[str]) -> None:
    """Print them."""
    for line in lines:
        click.echo(line)
