"""Golden mistakes: a rulebook with one mistake in it, and what `tailor check` says of that.

Each file `<name>.yaml` of tests/golden/mistakes, or each folder where it takes more than one file, stands beside
`<name>.txt`, which `python -m tests.golden.golden_mistakes` writes.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from proxy.cli.terminal import problem_lines
from proxy.rule_files import load_checked, read_folder
from rules.errors import Problem, RuleError
from rules.linting.lint import lint
from rules.load import RuleFolder
from tests.rules.reading import NOON

FOLDER = Path(__file__).parent / "mistakes"


def cases() -> list[Path]:
    """The file or folder of each case."""
    return sorted(path for path in FOLDER.iterdir() if path.suffix != ".txt")


def expected_of(case: Path) -> Path:
    """Where it is written what is said of a case."""
    return case.with_suffix(".txt")


def said_of(case: Path) -> str:
    """What `tailor check` says of a case, its files called as if they lay in `rules`."""
    return "".join(f"{line}\n" for line in problem_lines(problems_of(case)))


def problems_of(case: Path) -> tuple[Problem, ...]:
    """The errors of a case, or else its warnings."""
    try:
        return lint(load_checked(_folder(case)), NOON)
    except RuleError as error:
        return error.problems


def _folder(case: Path) -> RuleFolder:
    if case.is_file():
        return RuleFolder("rules", ((f"rules/{case.name}", case.read_bytes()),))
    read = read_folder(case)
    files = tuple((f"rules/{Path(path).name}", content) for path, content in read.files)
    templates = {name: (f"rules/templates/{name}", content) for name, (_, content) in read.templates.items()}
    return replace(read, path="rules", files=files, templates=templates)


def main() -> None:
    """Write what is said of every case."""
    for case in cases():
        expected_of(case).write_text(said_of(case), encoding="utf-8")


if __name__ == "__main__":
    main()
