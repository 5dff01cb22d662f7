"""Rules from text, for the tests of what rules do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from proxy.rule_files import read_folder
from rules.conditions import Condition
from rules.context import Context, Value
from rules.errors import RuleError
from rules.fields import Problems
from rules.load import load_rulebook
from rules.load_conditions import ConditionReader
from rules.load_rank import RankReader
from rules.load_schedule import read_schedule
from rules.model import Rank, RuleBook
from rules.nodes import Entries, Node, Source
from rules.schedule import Schedule
from rules.source import parse

NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)


def node(text: str) -> Node:
    """The one node of a YAML text."""
    root = parse(Source.of("a.yaml", text))
    assert root is not None
    return root


def read_condition(text: str, audiences: str = "") -> Condition:
    """A condition as it stands under `who:`."""
    problems = Problems()
    named = node(audiences) if audiences else Entries((), node("a").position)
    assert isinstance(named, Entries)
    reader = ConditionReader({key.text: value for key, value in named.pairs}, problems)
    condition = reader.condition(node(text))
    assert condition is not None, problems.found
    return condition


def condition_problems(text: str, audiences: str = "") -> list[str]:
    """What is wrong with a condition, without the places."""
    problems = Problems()
    named = node(audiences) if audiences else Entries((), node("a").position)
    assert isinstance(named, Entries)
    reader = ConditionReader({key.text: value for key, value in named.pairs}, problems)
    reader.audiences()
    reader.condition(node(text))
    return [str(problem).split(": ", 1)[1] for problem in problems.found]


def schedule(text: str) -> Schedule:
    """A schedule as it stands under `when:`."""
    problems = Problems()
    read = read_schedule(node(text), problems)
    assert read is not None, problems.found
    return read


def schedule_problems(text: str) -> list[str]:
    """What is wrong with a schedule, without the places."""
    problems = Problems()
    assert read_schedule(node(text), problems) is None
    return [str(problem).split(": ", 1)[1] for problem in problems.found]


def context(signals: Mapping[str, Value] | None = None, now: datetime = NOON) -> Context:
    """A context with these signals and no others."""
    return Context(signals or {}, now, "shop.example")


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """A rulebook's folder: its files by name, templates as `templates/…`."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return folder


def rulebook(folder: Path, text: str, templates: Mapping[str, str] | None = None) -> RuleBook:
    """The rulebook of one file."""
    files = {f"templates/{name}": template for name, template in (templates or {}).items()}
    return load_rulebook(read_folder(write(folder, {"home.yaml": text, **files})))


def load_problems(folder: Path, text: str, templates: Mapping[str, str] | None = None) -> list[str]:
    """What is wrong with a rulebook of one file, as `line:column: message (hint)`."""
    try:
        rulebook(folder, text, templates)
    except RuleError as error:
        return [str(problem).removeprefix(f"{folder}/home.yaml:") for problem in error.problems]
    return []


def read_rank(text: str) -> Rank:
    """A rank as it stands under `rank:`."""
    problems = Problems()
    rank = RankReader(problems).rank(node(text))
    assert rank is not None, problems.found
    return rank
