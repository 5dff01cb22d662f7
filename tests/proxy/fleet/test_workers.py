"""Processes that do nothing but tell of themselves, in a parent that is a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE_SECONDS = 30.0

PARENT = """
import asyncio, os, sys, time

from proxy.fleet.parent import in_fleet
from proxy.fleet.workers import run_workers


def tell(*words):
    # One write: lines of several processes must not mix.
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())


async def obey(order):
    tell(order, os.getpid())
    return order


async def serve(end):
    async with in_fleet(end, obey) as fleet:
        tell("worker", os.getpid())
        await asyncio.sleep(3600)


def work(name, end):
    assert name == "name"
    asyncio.run(serve(end))


if __name__ == "__main__":
    run_workers(2, work, ("name",), release=lambda: tell("released"), on_hangup="reload")
    tell("ended")
"""


def start(folder: Path) -> subprocess.Popen[str]:
    script = folder / "parent.py"
    script.write_text(PARENT)
    return subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": "."},
    )


def read_worker(parent: subprocess.Popen[str], said: str = "worker") -> int:
    assert parent.stdout is not None
    word, _, pid = parent.stdout.readline().partition(" ")
    assert word == said
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


def test_sighup_tells_all_what_to_do_and_ends_none(tmp_path: Path) -> None:
    with start(tmp_path) as parent:
        workers = {read_worker(parent), read_worker(parent)}
        parent.send_signal(signal.SIGHUP)
        assert {read_worker(parent, "reload"), read_worker(parent, "reload")} == workers
        parent.terminate()
        _, err = parent.communicate(timeout=PATIENCE_SECONDS)
    assert (parent.returncode, err) == (0, "")


def test_a_terminal_that_goes_is_for_the_parent_to_hear(tmp_path: Path) -> None:
    with start(tmp_path) as parent:
        workers = {read_worker(parent), read_worker(parent)}
        for worker in workers:
            os.kill(worker, signal.SIGHUP)
        parent.send_signal(signal.SIGHUP)
        assert {read_worker(parent, "reload"), read_worker(parent, "reload")} == workers
        parent.terminate()
        _, err = parent.communicate(timeout=PATIENCE_SECONDS)
    assert (parent.returncode, err) == (0, "")


def test_one_in_the_place_of_a_dead_one_hears_orders_too(tmp_path: Path) -> None:
    with start(tmp_path) as parent:
        first, second = read_worker(parent), read_worker(parent)
        os.kill(first, signal.SIGKILL)
        third = read_worker(parent)
        parent.send_signal(signal.SIGHUP)
        assert {read_worker(parent, "reload"), read_worker(parent, "reload")} == {second, third}
        parent.terminate()
        parent.communicate(timeout=PATIENCE_SECONDS)
    assert parent.returncode == 0
