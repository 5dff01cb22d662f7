"""The unit of `examples/deploy` for systemd, read: what it names of Tailor's is there, and it fits."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

import pytest

from proxy.cli.main import main
from proxy.fleet.workers import SPARE_SECONDS
from proxy.settings.layers import CONFIG_FILE, read_settings
from proxy.settings.model import Settings
from tests.docs.deploy_files import DEPLOY


@pytest.fixture
def service() -> dict[str, str]:
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / "systemd/tailor.service", encoding="utf-8")
    return dict(parser["Service"])


def test_it_starts_a_command_with_flags_that_are_there(service: dict[str, str]) -> None:
    program, command, *words = service["ExecStart"].split()
    assert Path(program).name == "tailor"
    flags = {name for parameter in main.commands[command].params for name in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= flags


def test_it_has_the_time_to_drain(service: dict[str, str]) -> None:
    assert int(service["TimeoutStopSec"]) > Settings.model_fields["drain_seconds"].default + SPARE_SECONDS


def test_a_reload_is_a_sighup(service: dict[str, str]) -> None:
    assert service["ExecReload"].split()[1:] == ["-HUP", "$MAINPID"]


@pytest.mark.parametrize("front", ["nginx", "caddy", "traefik"])
def test_its_folder_is_where_the_settings_have_the_data(service: dict[str, str], front: str) -> None:
    settings, _ = read_settings({}, {}, config=DEPLOY / front / CONFIG_FILE)
    assert str(settings.data) == f"/var/lib/{service['StateDirectory']}"
