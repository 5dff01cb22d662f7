import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from proxy.cli.init import SCHEMA, STARTER
from rules.schema import rule_file_schema
from tests.docs.fences import ROOT
from tests.proxy.commands import tailor, write


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_first_rulebook_passes_check_without_a_warning_and_its_own_tests() -> None:
    assert tailor("init", "rules").exit_code == 0
    checked, tested = tailor("check", "rules"), tailor("test", "rules")
    assert (checked.exit_code, checked.output) == (0, "rules: fine; 1 experience, 0 live, 0 warnings\n")
    assert (tested.exit_code, tested.output.splitlines()[-1]) == (0, "rules: 1 passed, 1 skipped (needs --origin)")


def test_it_says_what_to_type_next_and_that_can_be_typed() -> None:
    said = tailor("init", "my/rules").output.splitlines()
    commands = [line.split()[1:] for line in said if line.startswith("  tailor ")]
    assert [command[0] for command in commands] == ["check", "test", "explain", "preview"]
    assert [tailor(*command).exit_code for command in commands[:3]] == [0, 0, 0]


def test_the_schema_lies_beside_it_and_editors_are_pointed_to_it() -> None:
    tailor("init", "rules")
    assert json.loads(Path("rules", SCHEMA).read_text("utf-8")) == rule_file_schema()
    settings = json.loads(Path("rules/.vscode/settings.json").read_text("utf-8"))
    assert settings["yaml.schemas"] == {f"./{SCHEMA}": ["*.yaml", "*.yml"]}
    first = Path("rules/home.yaml").read_text("utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema=./{SCHEMA}"


@pytest.mark.parametrize("name", ["home.yaml", "other.yml", SCHEMA, ".vscode/settings.json"])
def test_nothing_is_written_over_and_nothing_beside_it(name: str) -> None:
    write(f"rules/{name}", "mine")
    result = tailor("init", "rules")
    assert result.exit_code == 2
    assert result.stderr == (
        f"rules/{name}: is there already (nothing is written over: choose another folder, or move it away)\n"
    )
    assert [path.read_text() for path in Path("rules").rglob("*") if path.is_file()] == ["mine"]


def test_a_folder_that_can_not_be_made_is_one_line() -> None:
    write("rules", "a file")
    result = tailor("init", "rules/new")
    assert result.exit_code == 2
    assert re.fullmatch(r"rules\S*: can't be written: .+\n", result.stderr)


def test_the_wheel_holds_the_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert {f"proxy/cli/starter/{source}" for source in STARTER.values()} <= set(zipfile.ZipFile(wheel).namelist())
