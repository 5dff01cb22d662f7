"""The demo: its table, its ports, and how it ends."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from examples.demo import ROOT, Ports, free_port, table, visitors, where_it_is_night

PORTS = Ports(origin=9000, proxy=8080, admin=8081)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("start", [datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)])
def test_it_is_night_somewhere_at_every_moment(start: datetime) -> None:
    for quarter in range(4 * 24):
        now = start + timedelta(minutes=15 * quarter)
        _, zone = where_it_is_night(now)
        assert now.astimezone(ZoneInfo(zone)).hour in {22, 23, 0, 1, 2, 3, 4, 5}


def test_the_table_has_six_visitors_and_each_can_be_pasted() -> None:
    shown = visitors(PORTS, NOON)
    assert len(shown) == 6
    for visitor in shown:
        command, *words = shlex.split(visitor.curl)
        assert command == "curl"
        assert any(word.startswith("http://127.0.0.1:8080/") for word in words)
        assert visitor.curl in table(PORTS, NOON)


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) > port
        assert free_port(port, (port + 1,)) > port + 1


@contextmanager
def running_demo(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Ports]]:
    """The demo, with its table printed; `folder` is what it has for temporary files."""
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(
        [sys.executable, "examples/demo.py"], cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as demo:  # fmt: skip
        assert demo.stdout is not None
        try:
            said = ""
            while "Ctrl-C ends it all" not in said:
                line = demo.stdout.readline()
                assert line, "the demo ended before its table"
                said += line
            origin, proxy, admin = (int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)", said)[:3])
            yield demo, Ports(origin, proxy, admin)
        finally:
            demo.terminate()


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_of_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with running_demo(tmp_path) as (demo, ports):
        assert is_open(ports.origin)
        assert is_open(ports.proxy)
        demo.send_signal(number)
        assert demo.wait(timeout=30) == 0
        assert not any(map(is_open, (ports.origin, ports.proxy, ports.admin)))
        assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_where_one_dies_the_demo_says_so_and_ends_the_other(tmp_path: Path) -> None:
    with running_demo(tmp_path) as (demo, ports):
        children = subprocess.check_output(["ps", "-o", "pid=,args=", "--ppid", str(demo.pid)], text=True)
        (shop,) = [int(line.split()[0]) for line in children.splitlines() if "examples.shop.origin" in line]
        os.kill(shop, signal.SIGKILL)
        assert demo.stdout is not None
        assert "the shop ended by itself" in demo.stdout.read()
        assert demo.wait(timeout=30) == 1
        assert not is_open(ports.proxy)


def test_every_pasted_line_shows_what_the_table_promises(tmp_path: Path) -> None:
    telling = ("in Bergen", "Minus fifteen", "thumb-bar", "Still up in", "You asked", "on the house")
    with running_demo(tmp_path) as (_, ports):
        for visitor, words in zip(visitors(ports, datetime.now(UTC)), telling, strict=True):
            seen = subprocess.check_output(["bash", "-c", visitor.curl], text=True)
            assert words in seen, visitor.who
        compare = f"cmp <(curl -s http://127.0.0.1:{ports.origin}/) <(curl -s http://127.0.0.1:{ports.proxy}/)"
        subprocess.check_call(["bash", "-c", compare])
