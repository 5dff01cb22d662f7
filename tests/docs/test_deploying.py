"""The page on deploying: its commands work, its figures are the code's, and its sums hold for the files it names."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from proxy.rule_files import load_checked, read_folder
from proxy.server.deadlines import Deadlines
from proxy.settings.model import Settings
from tests.docs.deploy_files import (
    DEPLOY,
    IDLE_MEGABYTES,
    PARENT_MEGABYTES,
    SPARE,
    compose,
    kubernetes,
    megabytes_needed,
    version,
)
from tests.docs.fences import ROOT, blocks, prose
from tests.processes import resident_bytes
from tests.proxy.origins import ok, replying, scripted_origin
from tests.proxy.serving import Running, serving

GUIDE = "docs/deploying.md"
COMPOSE = DEPLOY / "compose"
CONNECTIONS = Settings.model_fields["max_connections"].default

ELSEWHERE = frozenset({"sudo", "docker", "kubectl"})
"""Commands for an engine, a cluster or the machine's own account: of these only what they name is looked at."""


def commands() -> list[str]:
    """Every line that the guide has its readers type."""
    lines = [line for block in blocks(GUIDE, "console") for line in block.text.splitlines()]
    assert all(line.startswith("$ ") for line in lines)
    return [line[2:] for line in lines]


@dataclass(frozen=True)
class Stage:
    """A folder with a rulebook, and a Tailor that serves it by a link."""

    folder: Path
    tailor: Running

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a line as it is typed, but for the ports, the program's place and the machine's own folder."""
        replaced = {
            "http://127.0.0.1:8081": self.tailor.admin,
            "http://127.0.0.1:8080": self.tailor.public,
            "/var/lib/tailor/": f"{self.folder}/",
        }
        for old, new in replaced.items():
            command = command.replace(old, new)
        program = shlex.join([sys.executable, "-c", "from proxy.cli.main import main; main(prog_name='tailor')"])
        script = f'set -eo pipefail; tailor() {{ {program} "$@"; }}; {command}'
        return subprocess.run(
            ["bash", "-c", script], cwd=self.folder, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("deployed")
    shutil.copytree(COMPOSE / "rules", folder / "rules")
    (folder / "current").symlink_to("rules")
    flags = ["--rules", "current", "--data", str(folder), "--consent", "not-required", "--log-level", "error"]
    with scripted_origin(replying(ok())) as origin, serving(folder, origin.url, *flags) as tailor:
        (folder / "rules/book.yaml").unlink()  # what `serving` put there; the rulebook under test is the example's
        yield Stage(folder, tailor)


def test_the_commands_work_as_they_are_typed(stage: Stage) -> None:
    here = [line for line in commands() if shlex.split(line)[0] not in ELSEWHERE]
    assert len(here) > 12
    for line in here:
        if line.startswith("sqlite3") and shutil.which("sqlite3") is None:
            continue
        done = stage.run(line)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    assert (stage.folder / "current").readlink() == Path("release-2")
    assert (stage.folder / "secrets/tailor").stat().st_mode & 0o777 == 0o400


def test_a_process_that_does_nothing_takes_no_more_than_is_reckoned(stage: Stage) -> None:
    assert resident_bytes(stage.tailor.process.pid) < IDLE_MEGABYTES * 1_000_000


@pytest.mark.parametrize("line", [line for line in commands() if shlex.split(line)[0] in ELSEWHERE])
def test_what_a_command_for_elsewhere_names_is_there(line: str) -> None:
    words = shlex.split(line)
    files = [word for word in words if word.endswith((".yaml", ".service")) and not word.startswith("/")]
    assert [file for file in files if not (ROOT / file).exists() and not (COMPOSE / file).exists()] == []
    assert [word for word in words if word.startswith("tailor:")] in ([], [f"tailor:{version()}"])
    if "deployment/tailor" in words:
        assert ("Deployment", "tailor") in kubernetes()


def test_every_secret_of_compose_is_made_before() -> None:
    needed = {Path(secret["file"]) for secret in compose()["secrets"].values()}
    made = {Path(line.rpartition("> ")[2]) for line in commands() if line.startswith("openssl rand")}
    assert made == needed


def test_the_config_map_is_made_under_the_name_that_is_mounted() -> None:
    (line,) = (line for line in commands() if "create configmap" in line)
    assert ("ConfigMap", shlex.split(line)[3]) in kubernetes()


def test_every_file_that_can_be_copied_has_its_row() -> None:
    told = set(re.findall(r"\]\(\.\./(examples/deploy/[^)]+)\)", prose(GUIDE)))
    files = {str(path.relative_to(ROOT)) for path in DEPLOY.rglob("*") if path.is_file()}
    assert told == {file for file in files if not file.endswith(("tailor.toml", "home.yaml", "README.md"))}


def test_a_rulebook_that_is_mounted_as_kubernetes_does_it_is_read_once(tmp_path: Path) -> None:
    (first := tmp_path / "..2026_11_22_10_00_00.1").mkdir()
    shutil.copy(COMPOSE / "rules/home.yaml", first)
    (tmp_path / "..data").symlink_to(first.name)
    (tmp_path / "home.yaml").symlink_to("..data/home.yaml")
    folder = read_folder(tmp_path)
    assert [Path(name).name for name, _ in folder.files] == ["home.yaml"]
    assert [experience.id for experience in load_checked(folder).live] == ["winter-campaign"]


def default(setting: str) -> object:
    return Settings.model_fields[setting].default


@pytest.mark.parametrize(
    "told",
    [
        f"idle connections to Tailor before {Deadlines().idle_seconds:.0f} seconds",
        f"up to `drain_seconds` ({default('drain_seconds')}) for what is under way",
        f"`max_connections` ({CONNECTIONS:,}) bounds those of visitors",
        f"2 × `max_connections` + 100, so {2 * CONNECTIONS + 100:,}, for each process",
        f"(`response_seconds`, {default('response_seconds'):.0f})",
        f"under `{default('prefix')}/` on the visitors' port",
        f"| each process, doing nothing | {IDLE_MEGABYTES} MB |",
        f"| its pages | {SPARE} times `memory_bytes` |",
        f"| the parent, with `workers` of 2 or more | {PARENT_MEGABYTES} MB |",
        f"is {PARENT_MEGABYTES} + 2 × ({IDLE_MEGABYTES} + 161) = {megabytes_needed(2, 128 << 20):.0f} MB",
        "`profile_bytes` (1 GiB left out)",
    ],
)
def test_a_figure_in_the_text_is_that_of_the_code(told: str) -> None:
    assert default("profile_bytes") == 1 << 30
    assert told in " ".join(prose(GUIDE).split())
