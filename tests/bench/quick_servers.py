"""The processes that are measured: started on a core of their own, known to answer, watched, and ended by their id."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from tests.processes import cpu_seconds, end, free_port, plain_environment, resident_bytes

READY_SECONDS = 30.0
END_SECONDS = 15.0
_POLL_SECONDS = 0.05
_DEBIAN = {"nginx": "nginx-light", "wrk": "wrk", "taskset": "util-linux"}
_COOKIES = ("segment", "company", "order")


class CannotRunError(Exception):
    """The machine lacks what the measurement needs."""


class ServerError(Exception):
    """A server that did not start, or did not do what it should."""


@dataclass(frozen=True, slots=True)
class Server:
    """A process that answers on a port of 127.0.0.1."""

    port: int
    pid: int
    admin_port: int = 0

    @property
    def cpu_seconds(self) -> float:
        """What it has used of a core so far."""
        return cpu_seconds(self.pid)

    @property
    def resident_megabytes(self) -> float:
        """What of its memory is in RAM."""
        return resident_bytes(self.pid) / 1e6

    def status(self) -> Mapping[str, object]:
        """What Tailor's admin listener says of itself."""
        connection = HTTPConnection("127.0.0.1", self.admin_port, timeout=5)
        try:
            connection.request("GET", "/status")
            status: Mapping[str, object] = json.load(connection.getresponse())
        finally:
            connection.close()
        return status


def install_missing() -> None:
    """Have nginx and wrk, from Debian where that is allowed; raises CannotRunError where they can't be had."""
    missing = [package for command, package in _DEBIAN.items() if shutil.which(command) is None]
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise CannotRunError(f"it takes {' and '.join(missing)} (Debian: apt-get install {' '.join(missing)})")
    print(f"installing {' and '.join(missing)}")
    # At this runlevel Debian does not start the service of a package.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    install = ("apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", *missing)
    for command in (install, ("apt-get", "update", "--quiet=2"), install):
        if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL).returncode == 0 and command == install:
            return
    raise CannotRunError(f"apt-get could not install {' and '.join(missing)}")


def two_cores() -> tuple[int, int]:
    """One for what is measured, one for all else."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise CannotRunError("it takes two cores: one for the server, one for wrk and the origin")
    return cores[0], cores[1]


@contextmanager
def nginx(configuration: str, folder: Path, port: int, core: int) -> Iterator[Server]:
    """nginx with one worker; its process is the worker."""
    path = folder / "nginx.conf"
    path.write_text(configuration, encoding="utf-8")
    with _running(("nginx", "-e", f"{folder}/error.log", "-c", f"{path}"), core, folder, port, "/") as master:
        children = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii").split()
        yield Server(port, int(children[0]))


@contextmanager
def tailor(
    folder: Path, rules: str, origin: int, core: int, *, python: Sequence[str] = (), flags: Sequence[str] = ()
) -> Iterator[Server]:
    """`tailor serve` with one worker and rules of its own; `python` are words that run the command otherwise."""
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "bench.yaml").write_text(rules, encoding="utf-8")
    port, admin_port = free_port(), free_port()
    settings = {
        "--origin": f"http://127.0.0.1:{origin}",
        "--rules": "rules",
        "--data": "data",
        "--port": f"{port}",
        "--admin-port": f"{admin_port}",
        "--workers": "1",
        "--log-level": "warning",
    }
    words = [word for flag in settings.items() for word in flag]
    words += [word for name in _COOKIES for word in ("--visitor-cookie", f"{name}={name}")]
    command = (*python, f"{Path(sys.executable).parent / 'tailor'}", "serve", *words, *flags)
    with _running(command, core, folder, port, "/_tailor/readyz") as process:
        yield Server(port, process, admin_port)


@contextmanager
def _running(command: Sequence[str], core: int, folder: Path, port: int, path: str) -> Iterator[int]:
    """The id of the command's process, once it answers; what it says is told only with what goes wrong meanwhile."""
    output = folder / "output.txt"
    with output.open("wb") as sink:
        child = subprocess.Popen(
            ("taskset", "--cpu-list", f"{core}", *command),
            cwd=folder,
            env=plain_environment(),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    name = " ".join(command[:3])
    try:
        _wait_until_ready(child, port, path)
        yield child.pid
        if child.poll() is not None:
            raise ServerError(f"{name} … ended by itself")
    except Exception as error:
        if said := _last_lines(output):
            error.add_note(f"{name} … said:\n{said}")
        raise
    finally:
        end(child, END_SECONDS)


def _wait_until_ready(child: subprocess.Popen[bytes], port: int, path: str) -> None:
    until = time.monotonic() + READY_SECONDS
    while not _answers(port, path):
        if child.poll() is not None or time.monotonic() > until:
            raise ServerError("a server did not start")
        time.sleep(_POLL_SECONDS)


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def told(error: Exception) -> str:
    """An error, and what the servers said until then."""
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def _last_lines(output: Path) -> str:
    return "\n".join(output.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
