"""The files of `examples/deploy`, parsed, and what the guide reckons of memory."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import yaml

from tests.docs.fences import ROOT

DEPLOY = ROOT / "examples/deploy"

IDLE_MEGABYTES = 160
"""What a process takes that does nothing; about 120 were measured."""
PARENT_MEGABYTES = 90
SPARE = 1.2
"""How much of `memory_bytes` a process may really grow by: the limit of `tests.bench.memory`."""


def megabytes_needed(workers: int, memory_bytes: int) -> float:
    """What the guide's sum comes to."""
    parent = PARENT_MEGABYTES if workers > 1 else 0
    return parent + workers * (IDLE_MEGABYTES + round(SPARE * memory_bytes / 1e6))


def bytes_of(size: str) -> int:
    """A size as Compose and Kubernetes write it: `768m`, `512Mi`."""
    found = re.fullmatch(r"(\d+)(m|Mi)", size)
    assert found, size
    return int(found[1]) << 20


def compose() -> dict[str, Any]:
    """The Compose file."""
    return dict(yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text(encoding="utf-8")))


def kubernetes(file: str = "kubernetes.yaml") -> dict[tuple[str, str], dict[str, Any]]:
    """The objects of a Kubernetes file, by kind and name."""
    documents = yaml.safe_load_all((DEPLOY / "kubernetes" / file).read_text(encoding="utf-8"))
    return {(each["kind"], each["metadata"]["name"]): each for each in documents}


def image_variables() -> dict[str, str]:
    """The variables that the Dockerfile sets."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    return dict(re.findall(r"\b(TAILOR_\w+)=(\S+)", dockerfile))


def image_user() -> int:
    """The user that the image runs as."""
    (found,) = re.findall(r"--uid (\d+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    return int(found)


def version() -> str:
    """Tailor's own, by which its images are named."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
