"""What a run is played on: the origin, `tailor serve` before it, and Varnish before that where it is wanted.

Owns the processes, each ended by its own id, and what an operator does beside the traffic. Everything is on 127.0.0.1.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx

from tests.processes import end, free_port, plain_environment

HERE = Path(__file__).parent
PATIENCE_SECONDS = 30.0
FLAGS = (
    *("--visitor-cookie", "name=shop_name"),
    *("--vouched-header", "true"),
    *("--consent", "cookie", "--consent-cookie", "consent", "--consent-category", "yes"),
    *("--geo-header", "cloudflare", "--trusted-proxy", "loopback"),
    *("--cache", "/**/assigned/**=1s"),
)
# What `proxy.app` calls an error is the origin's.
_TROUBLE = re.compile(r"Traceback|left out|died|failed| (ERROR|CRITICAL) (?!proxy\.app:)")


@dataclass
class Log:
    """The lines that a process writes, read as they come, lest it waits for a reader."""

    lines: list[str] = field(default_factory=list)
    has_ended: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)

    def read(self, stream: IO[str]) -> None:
        """Reads to the end."""
        for line in stream:
            with self.changed:
                self.lines.append(line)
                self.changed.notify_all()
        with self.changed:
            self.has_ended = True
            self.changed.notify_all()

    def wait_for(self, words: str) -> str:
        """The first line with these words; raises TimeoutError with all that came, if none does."""
        with self.changed:
            self.changed.wait_for(lambda: self.has_ended or self._find(words), PATIENCE_SECONDS)
        line = self._find(words)
        if not line:
            raise TimeoutError(f"no {words!r} in:\n{''.join(self.lines)}")
        return line

    def records(self) -> list[str]:
        """What was logged, a traceback with the line that it belongs to."""
        return re.split(r"^(?=\d{4}-)", "".join(self.lines), flags=re.MULTILINE)

    def _find(self, words: str) -> str:
        return next((line for line in self.lines if re.search(words, line)), "")


@contextlib.contextmanager
def running(command: list[str], *, folder: Path) -> Iterator[Log]:
    """A process, and what it says on both of its outputs."""
    log = Log()
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env={**plain_environment(), "PYTHONPATH": str(HERE.parent.parent)},
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        reader = threading.Thread(target=log.read, args=(process.stdout,))
        reader.start()
        try:
            yield log
        finally:
            end(process, PATIENCE_SECONDS)
            reader.join()


@contextlib.contextmanager
def running_origin() -> Iterator[int]:
    """The port of the origin."""
    with running([sys.executable, "-m", "tests.isolation.origin"], folder=HERE) as log:
        yield int(log.wait_for(r"^\d+$"))


@dataclass(frozen=True, slots=True)
class Tailor:
    """A `tailor serve` that listens."""

    port: int
    admin: str
    folder: Path
    log: Log

    def edit(self, number: int) -> None:
        """Changes the rulebook: a place gets other words, and nothing that is checked does."""
        text = f"{{pages: /touched/**, change: [{{select: '#generation', text: '{number}'}}]}}"
        (self.folder / "rules" / "generation.yaml").write_text(f"experiences: {{generation: {text}}}")

    def status(self) -> dict[str, Any]:
        """What it says of itself."""
        told: dict[str, Any] = httpx.get(f"{self.admin}/status?all", trust_env=False, timeout=PATIENCE_SECONDS).json()
        return told

    def troubles(self) -> list[str]:
        """What went wrong inside, by its own word."""
        told = [record.strip() for record in self.log.records() if _TROUBLE.search(record)]
        status = self.status()
        failures = status.get("totals", status)["failures"]
        return [*told, *(f"{step} failed {count} times" for step, count in failures.items())]


@contextlib.contextmanager
def running_tailor(origin_port: int, folder: Path, *flags: str) -> Iterator[Tailor]:
    """The proxy, as an operator starts it."""
    (folder / "rules").mkdir()
    shutil.copy(HERE / "rulebook.yaml", folder / "rules")
    command = [
        sys.executable,
        "-c",
        "from proxy.cli.main import main; main()",
        "serve",
        "--port",
        "0",
        "--admin-port",
        "0",
    ]
    with running([*command, "--origin", f"http://127.0.0.1:{origin_port}", *FLAGS, *flags], folder=folder) as log:
        public, admin = re.findall(r"(http://[0-9.]+:\d+)/", log.wait_for("Look at"))
        yield Tailor(int(public.rpartition(":")[2]), admin, folder, log)


def varnishd() -> str | None:
    """The path of Varnish, if it is here."""
    return shutil.which("varnishd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextlib.contextmanager
def running_varnish(tailor_port: int, folder: Path) -> Iterator[int]:
    """The port of Varnish in its default configuration."""
    port = free_port()
    where = ["-a", f"127.0.0.1:{port}", "-b", f"127.0.0.1:{tailor_port}"]
    with running([varnishd() or "varnishd", "-j", "none", *where, "-n", str(folder), "-F"], folder=folder) as log:
        log.wait_for("Child starts")
        yield port
