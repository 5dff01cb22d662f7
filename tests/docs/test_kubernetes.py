"""The Kubernetes files of `examples/deploy`, read: what they name of Tailor's is there, and it fits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from proxy.admin import Admin
from proxy.fleet.orders import Orders
from proxy.fleet.parent import Alone
from proxy.fleet.workers import SPARE_SECONDS
from proxy.process import current_time
from proxy.reload import RuleKeeper
from proxy.settings.layers import CONFIG_FILE, CONFIG_VARIABLE, SettingsError, read_settings, variable_of
from proxy.settings.model import Settings
from proxy.visitor.keys import SecretError, open_keys
from rules.model import RuleBook
from tests.docs.deploy_files import (
    bytes_of,
    image_user,
    image_variables,
    kubernetes,
    megabytes_needed,
    version,
)
from tests.proxy.commands import tailor as run

TOKEN = "0123456789abcdef" * 4


def admin_paths() -> set[str]:
    """Where the admin listener answers."""
    settings = Settings.model_validate({"origin": "http://127.0.0.1:9000"})
    keeper = RuleKeeper(Path("rules"), RuleBook(), b"", lambda _: RuleBook(), current_time)
    orders = Orders(settings, keeper, "1.2.3", dict)
    admin = Admin(settings, orders, lambda: True, Alone(orders.carry_out))
    return {getattr(route, "path", "") for route in admin.app().routes}


@pytest.fixture
def pod() -> dict[str, Any]:
    return dict(kubernetes()["Deployment", "tailor"]["spec"]["template"]["spec"])


@pytest.fixture
def container(pod: dict[str, Any]) -> dict[str, Any]:
    (only,) = pod["containers"]
    return dict(only)


@pytest.fixture
def settings(container: dict[str, Any], tmp_path: Path) -> Settings:
    """What Tailor runs with in the pod, once the Secret is filled in."""
    written = kubernetes()["ConfigMap", "tailor"]["data"][CONFIG_FILE]
    (tmp_path / CONFIG_FILE).write_text(written, encoding="utf-8")
    given = {variable["name"]: variable.get("value", TOKEN) for variable in container["env"]}
    del given[CONFIG_VARIABLE]
    settings, warnings = read_settings({}, image_variables() | given, config=tmp_path / CONFIG_FILE)
    assert warnings == ()
    return settings


def test_its_variables_are_settings_and_its_secrets_are_in_the_secret(container: dict[str, Any]) -> None:
    known = {variable_of(setting) for setting in Settings.model_fields} | {CONFIG_VARIABLE}
    assert {variable["name"] for variable in container["env"]} <= known
    keys = kubernetes("secret.yaml")["Secret", "tailor"]["stringData"].keys()
    asked = [variable["valueFrom"]["secretKeyRef"] for variable in container["env"] if "valueFrom" in variable]
    assert asked == [{"name": "tailor", "key": key} for key in keys]


def test_a_secret_that_was_not_filled_in_starts_nothing() -> None:
    placeholders = kubernetes("secret.yaml")["Secret", "tailor"]["stringData"]
    origin = {"TAILOR_ORIGIN": "http://cms"}
    with pytest.raises(SettingsError, match="TAILOR_ADMIN_TOKEN"):
        read_settings({}, origin | {"TAILOR_ADMIN_TOKEN": placeholders["admin-token"]})
    settings, _ = read_settings({}, origin | {"TAILOR_SECRETS": placeholders["secrets"]})
    with pytest.raises(SecretError, match="bytes"):
        open_keys(settings)


def test_its_folders_are_mounted_where_they_are_looked_for(
    pod: dict[str, Any], container: dict[str, Any], settings: Settings
) -> None:
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    (config,) = (variable["value"] for variable in container["env"] if variable["name"] == CONFIG_VARIABLE)
    assert config == f"{mounts['config']['mountPath']}/{CONFIG_FILE}"
    assert mounts["rules"]["mountPath"] == str(settings.rules)
    assert mounts["data"]["mountPath"] == str(settings.data)
    assert mounts["rules"]["readOnly"]
    assert "subPath" not in mounts["rules"]
    assert mounts.keys() == {volume["name"] for volume in pod["volumes"]}
    maps = [volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume]
    assert [name for name in maps if ("ConfigMap", name) not in kubernetes()] == []


def test_its_ports_are_those_that_tailor_listens_on(container: dict[str, Any], settings: Settings) -> None:
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": settings.port, "admin": settings.admin_port}
    (offered,) = kubernetes()["Service", "tailor"]["spec"]["ports"]
    assert offered["targetPort"] == "http"


def test_its_probes_ask_the_admin_listener_where_it_answers(container: dict[str, Any], settings: Settings) -> None:
    probes = {kind: container[kind]["httpGet"] for kind in container if kind.endswith("Probe")}
    assert {probe["port"] for probe in probes.values()} == {"admin"}
    assert probes["livenessProbe"]["path"] == "/livez"
    assert probes["readinessProbe"]["path"] == probes["startupProbe"]["path"] == "/readyz"
    assert {probe["path"] for probe in probes.values()} <= admin_paths()
    assert settings.admin_host == "0.0.0.0"


def test_it_is_not_ended_before_it_has_drained(
    pod: dict[str, Any], container: dict[str, Any], settings: Settings
) -> None:
    command, seconds = container["lifecycle"]["preStop"]["exec"]["command"]
    assert command == "sleep"
    assert pod["terminationGracePeriodSeconds"] > int(seconds) + settings.drain_seconds + SPARE_SECONDS


def test_it_has_the_memory_that_it_needs(container: dict[str, Any], settings: Settings) -> None:
    needed = megabytes_needed(settings.workers, settings.memory_bytes) * 1e6
    resources = container["resources"]
    assert needed < bytes_of(resources["requests"]["memory"]) < bytes_of(resources["limits"]["memory"])


def test_it_runs_as_the_user_of_the_image_and_can_do_little(pod: dict[str, Any], container: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == image_user()
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_its_image_is_of_this_version(container: dict[str, Any]) -> None:
    assert container["image"] == f"registry.example/tailor:{version()}"


def test_its_pods_are_found_by_their_labels() -> None:
    objects = kubernetes()
    deployment = objects["Deployment", "tailor"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    assert deployment["selector"]["matchLabels"] == labels
    assert objects["Service", "tailor"]["spec"]["selector"] == labels
    budget = objects["PodDisruptionBudget", "tailor"]["spec"]
    assert budget["selector"]["matchLabels"] == labels
    assert budget["minAvailable"] < deployment["replicas"]


def test_two_pods_remember_nobody(settings: Settings) -> None:
    assert kubernetes()["Deployment", "tailor"]["spec"]["replicas"] == 2
    assert settings.profiles is None


def test_its_rulebook_can_go_live(tmp_path: Path) -> None:
    for name, text in kubernetes()["ConfigMap", "tailor-rules"]["data"].items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert run("check", "--strict", str(tmp_path)).exit_code == 0
