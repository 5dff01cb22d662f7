"""What a Tailor uses at a moment: some of it as Linux tells it (proc(5)), the rest by its own word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.isolation.stage import PATIENCE_SECONDS
from tests.processes import cpu_seconds

_ESTABLISHED = "01"


@dataclass(frozen=True, slots=True)
class Usage:
    """One look. MB are `resident`, `anonymous` (no file stands behind those), and `kept`: pages, by its own reckoning.

    `busy_seconds` is its time on all cores so far. `connections` are the visitors', WebSockets among them;
    `origin_connections` those to the origin, kept ones too.
    """

    resident: float = 0.0
    anonymous: float = 0.0
    kept: float = 0.0
    busy_seconds: float = 0.0
    descriptors: int = 0
    threads: int = 0
    tasks: int = 0
    connections: int = 0
    origin_connections: int = 0
    websockets: int = 0

    @property
    def is_idle(self) -> bool:
        """Whether nobody has a connection to it, nor it one to the origin."""
        return not (self.connections or self.origin_connections or self.websockets)

    def beyond(self, before: Usage) -> dict[str, int]:
        """What there is more of than before, of what has to go when nobody asks any more, and how much more."""
        more = {
            "descriptors": self.descriptors - before.descriptors,
            "tasks": self.tasks - before.tasks,
            "connections": self.connections - before.connections,
            "connections to the origin": self.origin_connections - before.origin_connections,
            "WebSockets": self.websockets - before.websockets,
        }
        return {name: count for name, count in more.items() if count > 0}


@dataclass(frozen=True, slots=True)
class Observer:
    """Looks at the one process of a Tailor, by its id and its admin listener."""

    process: int
    admin: str
    origin_port: int

    async def look(self) -> Usage:
        """What it uses now; asked over a connection that is closed again, since that would be counted, too."""
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client:
            metrics = (await client.get(f"{self.admin}/metrics")).text
        folder = Path(f"/proc/{self.process}")
        memory = (folder / "smaps_rollup").read_text(encoding="ascii")
        return Usage(
            resident=_megabytes(memory, "Rss"),
            anonymous=_megabytes(memory, "Anonymous"),
            kept=(_metric(metrics, "tailor_cache_bytes") + _metric(metrics, "tailor_variant_bytes")) / 1e6,
            busy_seconds=cpu_seconds(self.process),
            descriptors=len(list((folder / "fd").iterdir())),
            threads=len(list((folder / "task").iterdir())),
            tasks=_metric(metrics, "tailor_tasks"),
            connections=_metric(metrics, "tailor_connections"),
            origin_connections=connected((folder / "net" / "tcp").read_text(encoding="ascii"), self.origin_port),
            websockets=_metric(metrics, "tailor_websockets"),
        )


def connected(table: str, port: int) -> int:
    """How many connections to a port stand in the kernel's table, which is of all processes here."""
    rows = (line.split() for line in table.splitlines()[1:])
    return sum(int(row[2].rpartition(":")[2], 16) == port and row[3] == _ESTABLISHED for row in rows)


def _metric(text: str, name: str) -> int:
    (value,) = re.findall(rf"^{name}{{.*}} (\S+)$", text, re.MULTILINE)
    return int(float(value))


def _megabytes(text: str, name: str) -> float:
    (kibibytes,) = re.findall(rf"^{name}: +(\d+) kB$", text, re.MULTILINE)
    return int(kibibytes) * 1024 / 1e6
