"""The Compose file of `examples/deploy`, read: what it names of Tailor's is there, and it fits."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from proxy.fleet.workers import SPARE_SECONDS
from proxy.settings.layers import CONFIG_FILE, read_settings
from proxy.settings.model import Settings
from tests.docs.deploy_files import (
    DEPLOY,
    bytes_of,
    compose,
    image_variables,
    megabytes_needed,
    version,
)
from tests.proxy.commands import tailor as run

IMAGE_FOLDER = "/etc/tailor"


def seconds_of(duration: str) -> int:
    return int(duration.removesuffix("s"))


@pytest.fixture
def tailor() -> dict[str, Any]:
    return dict(compose()["services"]["tailor"])


@pytest.fixture
def settings(tailor: dict[str, Any]) -> Settings:
    """What Tailor runs with in the container."""
    config = DEPLOY / "compose" / CONFIG_FILE
    settings, warnings = read_settings({}, image_variables() | tailor["environment"], config=config)
    assert warnings == ()
    return settings


def test_its_image_is_of_this_version_and_others_are_pinned() -> None:
    images = {name: service["image"] for name, service in compose()["services"].items()}
    assert images.pop("tailor") == f"tailor:{version()}"
    assert images
    assert [image for image in images.values() if not re.search(r":\d+\.\d+", image)] == []


def test_its_settings_are_mounted_where_they_are_looked_for(tailor: dict[str, Any], settings: Settings) -> None:
    mounted = dict(volume.removesuffix(":ro").split(":", 1) for volume in tailor["volumes"])
    assert mounted == {
        f"./{CONFIG_FILE}": f"{IMAGE_FOLDER}/{CONFIG_FILE}",
        "./rules": str(settings.rules),
        "profiles": str(settings.data),
    }
    assert [source for source in mounted if source.startswith(".") and not (DEPLOY / "compose" / source).exists()] == []


def test_its_port_is_the_visitors_on_this_machine_alone(tailor: dict[str, Any], settings: Settings) -> None:
    assert tailor["ports"] == [f"127.0.0.1:{settings.port}:{settings.port}"]


def test_nothing_but_tailor_can_be_reached() -> None:
    others = {name: service for name, service in compose()["services"].items() if name != "tailor"}
    assert [name for name, service in others.items() if "ports" in service] == []
    assert compose()["networks"]["database"] == {"internal": True}


def test_the_gateway_of_its_network_is_whom_it_trusts(tailor: dict[str, Any], settings: Settings) -> None:
    (network,) = tailor["networks"]
    (config,) = compose()["networks"][network]["ipam"]["config"]
    assert ip_address(config["gateway"]) in ip_network(config["subnet"])
    assert settings.trusted_proxies == (ip_network(config["gateway"]),)


def test_its_secrets_are_files_that_are_declared(tailor: dict[str, Any], settings: Settings) -> None:
    declared = compose()["secrets"].keys()
    used = {secret for service in compose()["services"].values() for secret in service.get("secrets", [])}
    assert used == declared
    assert str(settings.secret_file) == f"/run/secrets/{tailor['secrets'][0]}"
    for service in compose()["services"].values():
        files = [value for name, value in service.get("environment", {}).items() if name.endswith("_FILE")]
        assert files == [f"/run/secrets/{secret}" for secret in service["secrets"] if files]


def test_its_origin_is_a_service_beside_it(tailor: dict[str, Any], settings: Settings) -> None:
    site = settings.origin.removeprefix("http://")
    assert set(tailor["networks"]) <= set(compose()["services"][site]["networks"])


def test_what_is_waited_for_has_a_health_check() -> None:
    services = compose()["services"]
    awaited = {name for service in services.values() for name in service.get("depends_on", {})}
    assert awaited == {"database"}
    assert [name for name in services if name != "tailor" and "healthcheck" not in services[name]] == []


def test_every_volume_is_declared() -> None:
    used = {volume.partition(":")[0] for service in compose()["services"].values() for volume in service["volumes"]}
    assert {volume for volume in used if not volume.startswith(".")} == compose()["volumes"].keys()


def test_it_has_the_memory_and_the_time_that_it_needs(tailor: dict[str, Any], settings: Settings) -> None:
    needed = megabytes_needed(settings.workers, settings.memory_bytes)
    assert bytes_of(tailor["mem_limit"]) > needed * 1e6
    assert seconds_of(tailor["stop_grace_period"]) > settings.drain_seconds + SPARE_SECONDS


def test_who_is_signed_in_to_wordpress_is_no_visitor_of_the_cache(settings: Settings) -> None:
    assert settings.session_cookies == ("wordpress",)
    assert settings.profiles is not None


def test_its_rulebook_passes_its_own_tests() -> None:
    assert run("check", "--strict", str(DEPLOY / "compose/rules")).exit_code == 0
    assert run("test", str(DEPLOY / "compose/rules")).exit_code == 0
