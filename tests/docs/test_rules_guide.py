"""The guide for rules: its examples load, and it names all that a rule can say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from proxy.cli.main import main
from proxy.page.locate import check_selector
from proxy.rule_files import read_folder
from rules import load, load_changes, load_experiences, load_rank, load_schedule, load_tests, operator_table, sandbox
from rules.linting.lint import lint
from rules.load import load_rulebook
from rules.model import Where
from rules.signals import catalogue
from tests.docs.fences import Block, blocks, code_words, prose, rows

GUIDE = "docs/rules.md"
# Before every date in the examples.
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def examples() -> list[object]:
    return [
        pytest.param(block, id=f"{page}:{block.line}")
        for page in (GUIDE, "README.md")
        for block in blocks(page, "yaml")
        if block.note != "broken"
    ]


def write_rulebook(folder: Path, text: str) -> Path:
    """A rulebook with one file, and those of the guide's templates that it names."""
    (folder / "templates").mkdir(parents=True)
    for template in blocks(GUIDE, "html"):
        if Path(template.note).name in text:
            (folder / template.note).write_text(template.text, encoding="utf-8")
    (folder / "home.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("example", examples())
def test_an_example_loads_without_a_warning(example: Block, tmp_path: Path) -> None:
    book = load_rulebook(read_folder(write_rulebook(tmp_path / "rules", example.text)), check_selector=check_selector)
    assert book.live
    assert [str(warning) for warning in lint(book, NOW)] == []


def test_the_broken_example_is_told_as_the_guide_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (broken,) = (block for block in blocks(GUIDE, "yaml") if block.note == "broken")
    (shown,) = (block for block in blocks(GUIDE, "console") if not block.note)
    write_rulebook(tmp_path / "rules", broken.text)
    monkeypatch.chdir(tmp_path)
    command, _, expected = shown.text.partition("\n")
    assert command == "$ tailor check rules"
    assert CliRunner().invoke(main, ["check", "rules"]).output == expected


def test_the_first_rule_is_explained_as_the_guide_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = blocks(GUIDE, "yaml")[0]
    (shown,) = (block for block in blocks(GUIDE, "console") if block.note == "explain")
    write_rulebook(tmp_path / "rules", first.text)
    monkeypatch.chdir(tmp_path)
    command, _, expected = shown.text.partition("\n")
    assert CliRunner().invoke(main, command.removeprefix("$ tailor ").split()).output == expected


def test_the_tests_of_the_guide_end_as_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tested,) = (block for block in blocks(GUIDE, "yaml") if block.note == "tests")
    (shown,) = (block for block in blocks(GUIDE, "console") if block.note == "tests")
    write_rulebook(tmp_path / "rules", tested.text)
    monkeypatch.chdir(tmp_path)
    command, _, expected = shown.text.partition("\n")
    assert CliRunner().invoke(main, command.removeprefix("$ tailor ").split()).output == expected


def first_cells(*, beside: str = "") -> set[str]:
    """The words in backticks of every row's first cell; `beside` is what another cell of the row has to hold."""
    return {word for first, *others in rows(GUIDE) if beside in " ".join(others) for word in code_words(first)}


def test_every_signal_has_its_row_and_no_other_has_one() -> None:
    groups = {signal.name.partition(".")[0] + "." for signal in catalogue()}
    named = {word for word in first_cells() if word.startswith(tuple(groups)) and ":" not in word}
    assert named == {signal.name for signal in catalogue()}


@pytest.mark.parametrize("signal", [signal.name for signal in catalogue()])
def test_the_example_of_a_signal_is_a_test_that_it_can_be_put_to(signal: str, tmp_path: Path) -> None:
    (example,) = (cells[2].strip("`") for cells in rows(GUIDE) if cells[0] == f"`{signal}`")
    condition = example if ": " in example else f"{signal}: {example}"
    text = f"experiences: {{x: {{pages: /, who: {{{condition}}}, change: {{select: p, remove: true}}}}}}"
    assert load_rulebook(read_folder(write_rulebook(tmp_path / "rules", text))).live


def test_every_operator_has_its_row() -> None:
    assert {f"{{{name}:" for name in operator_table.operator_names()} <= {cell.split(" ")[0] for cell in first_cells()}


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(load_changes.ACTIONS, id="actions"),
        pytest.param(("all", "optional", "seo"), id="options"),
        pytest.param((*load_rank.KEYS, *load_rank.READ_KEYS, *load_rank.BY_KEYS), id="rank"),
        pytest.param(load_experiences.KEYS, id="experience"),
        pytest.param(load_schedule.KEYS, id="when"),
        pytest.param(load_tests.KEYS, id="tests"),
        pytest.param(sorted(sandbox.FILTERS), id="filters"),
    ],
)
def test_every_key_has_its_row(keys: tuple[str, ...]) -> None:
    told = {cell.split(":")[0].split("(")[0] for cell in first_cells()}
    assert [key for key in keys if key not in told] == []


def test_the_guide_names_every_key_of_a_site_and_every_place_of_an_insert() -> None:
    named = set(code_words(prose(GUIDE)))
    assert {*load.SITE_KEYS, *Where, "with"} <= {word.split(":")[0] for word in named}


def test_the_guide_lists_what_this_version_does_not_support() -> None:
    later = {*load_rank.LATER}
    text = prose(GUIDE).partition("## Not in this version")[2]
    assert later == {word for line in text.splitlines() if line.startswith("| ") for word in code_words(line)}
