"""The Dockerfile, as far as it can be read without an engine: its ports, variables, paths and command are Tailor's."""

from __future__ import annotations

import fnmatch
import re
import tomllib

import pytest

from proxy.cli.main import main
from proxy.settings.layers import variable_of
from proxy.settings.model import Settings
from tests.docs.fences import ROOT


def instructions() -> list[tuple[str, str]]:
    """Each instruction with its arguments, on one line."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in joined.splitlines() if line.strip()]


def arguments(instruction: str) -> list[str]:
    return [given for name, given in instructions() if name == instruction]


def test_the_port_that_it_exposes_is_the_visitors() -> None:
    assert arguments("EXPOSE") == [str(Settings.model_fields["port"].default)]


def test_its_health_check_asks_the_admin_listener() -> None:
    (check,) = arguments("HEALTHCHECK")
    assert re.findall(r"http://127\.0\.0\.1:(\d+)(/\w+)", check) == [
        (str(Settings.model_fields["admin_port"].default), "/readyz")
    ]


def test_its_variables_are_settings() -> None:
    named = re.findall(r"\b(TAILOR_\w+)=", " ".join(arguments("ENV")))
    assert named
    assert set(named) <= {variable_of(setting) for setting in Settings.model_fields}


def test_it_runs_a_command_that_is_there() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert re.findall(r'"(\w+)"', arguments("ENTRYPOINT")[-1]) == [*scripts]
    assert set(re.findall(r'"(\w+)"', arguments("CMD")[-1])) <= set(main.commands)


def test_it_does_not_run_as_root() -> None:
    assert arguments("USER") == ["tailor"]


@pytest.mark.parametrize(
    "copied", [path for given in arguments("COPY") if "--from" not in given for path in given.split()[:-1]]
)
def test_what_it_copies_is_there_and_not_ignored(copied: str) -> None:
    assert (ROOT / copied).exists()
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert any(line.startswith("!") and fnmatch.fnmatch(copied.removeprefix("./"), line[1:]) for line in ignored)


def test_the_guide_names_the_ports_and_folders_of_the_image() -> None:
    guide = (ROOT / "docs/operating.md").read_text(encoding="utf-8").partition("## Docker")[2]
    variables = dict(re.findall(r"\b(TAILOR_\w+)=(\S+)", " ".join(arguments("ENV"))))
    assert variables["TAILOR_RULES"] in guide
    assert variables["TAILOR_DATA"] in guide
    assert f"{arguments('WORKDIR')[-1]}/tailor.toml" in guide
