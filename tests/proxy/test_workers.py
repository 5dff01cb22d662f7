"""Processes that do nothing but tell of themselves, in a parent that is a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE_SECONDS = 30.0

PARENT = """
import os, sys, time
from multiprocessing import parent_process

from proxy.workers import run_workers


def work(name):
    # One write: lines of several processes must not mix.
    os.write(1, f"{name} {os.getpid()}\\n".encode())
    while True:
        time.sleep(60)


if __name__ == "__main__":
    run_workers(2, work, ("worker",), release=lambda: os.write(1, b"released\\n"))
    os.write(1, b"ended\\n")
"""


def start(folder: Path) -> subprocess.Popen[str]:
    script = folder / "parent.py"
    script.write_text(PARENT)
    return subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": "."},
    )


def read_worker(parent: subprocess.Popen[str]) -> int:
    assert parent.stdout is not None
    name, _, pid = parent.stdout.readline().partition(" ")
    assert name == "worker"
    return int(pid)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_of_them_in_peace(number: signal.Signals, tmp_path: Path) -> None:
    with start(tmp_path) as parent:
        workers = {read_worker(parent), read_worker(parent)}
        parent.send_signal(number)
        out, err = parent.communicate(timeout=PATIENCE_SECONDS)
    assert len(workers) == 2
    assert out.split() == ["released", "ended"]
    assert (parent.returncode, err) == (0, "")
    assert not any(map(is_running, workers))


def test_one_that_dies_is_replaced(tmp_path: Path) -> None:
    with start(tmp_path) as parent:
        first, second = read_worker(parent), read_worker(parent)
        os.kill(first, signal.SIGKILL)
        third = read_worker(parent)
        parent.terminate()
        _, err = parent.communicate(timeout=PATIENCE_SECONDS)
    assert third not in (first, second)
    assert f"Worker {first} died (exit code -9) and is replaced" in err
    assert parent.returncode == 0
