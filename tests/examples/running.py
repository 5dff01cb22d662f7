"""The examples as they run: a whole demo, or a site and a `tailor serve` of its own, each a real process."""

from __future__ import annotations

import fcntl
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from examples.stage import ROOT, Ports
from tests.processes import end, plain_environment

END_SECONDS = 30.0


@contextmanager
def running_demo(example: str, folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], Ports]]:
    """The demo, with its table printed; `folder` is what it has for temporary files.

    One at a time on a machine: a demo looks for free ports, and two that look at once find the same.
    """
    command = ["-m", "examples.demo", example, *options]
    with _alone("tailor-demo"), _process(command, stdout=subprocess.PIPE, TMPDIR=str(folder)) as demo:
        assert demo.stdout is not None
        said = ""
        while "Ctrl-C ends it all" not in said:
            line = demo.stdout.readline()
            assert line, f"the demo ended before its table: {said}"
            said += line
        origin, proxy, admin = (int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)", said)[:3])
        yield demo, Ports(origin, proxy, admin)


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Waits until no other process of this machine is in here."""
    with Path(tempfile.gettempdir(), f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def running_site(example: str, *options: str) -> Iterator[str]:
    """An example's site alone, once it listens: its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["-m", f"examples.{example}.origin", "--port", str(port), *options]
    with _process(command) as site:
        while not is_open(port):
            # It is another process that we wait for: it either listens or ends.
            try:
                code = site.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"the site ended at its start, with code {code}")
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running_tailor(example: str, origin: str, *flags: str) -> Iterator[str]:
    """`tailor serve` before an example's site, with its rulebook and settings: its URL."""
    settings = ["--config", f"examples/{example}/tailor.toml", "--rules", f"examples/{example}/rules"]
    command = [
        "-c",
        "from proxy.cli.main import main; main(prog_name='tailor')",
        "serve",
        *settings,
        "--origin",
        origin,
    ]
    # Errors alone, since nobody reads on once it has said where it is.
    quiet = ["--log-level", "error", "--port", "0", "--admin-port", "0"]
    with _listening([*command, *quiet, *flags]) as url:
        yield url


@contextmanager
def running_preview(example: str, origin: str) -> Iterator[str]:
    """`tailor preview` before an example's site, with its rulebook alone: its URL."""
    command = ["-c", "from proxy.cli.main import main; main(prog_name='tailor')", "preview", "--port", "0"]
    with _listening([*command, "--origin", origin, "--rules", f"examples/{example}/rules"]) as url:
        yield url


@contextmanager
def _listening(command: Sequence[str]) -> Iterator[str]:
    """A command of Tailor's that serves, once it has said where."""
    with _process(command, stderr=subprocess.PIPE) as tailor:
        assert tailor.stderr is not None
        said = ""
        while (found := re.search(r"Look at (http://127\.0\.0\.1:\d+)/", said)) is None:
            line = tailor.stderr.readline()
            assert line, f"Tailor ended before it served: {said}"
            said += line
        yield found[1]


def is_open(port: int) -> bool:
    """Whether anything listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _process(
    words: Sequence[str], stdout: int = subprocess.DEVNULL, stderr: int = subprocess.DEVNULL, **variables: str
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, env=plain_environment() | variables, text=True, stdout=stdout, stderr=stderr
    ) as process:
        try:
            yield process
        finally:
            end(process, END_SECONDS)
