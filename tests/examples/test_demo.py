"""The demo: its table, its ports, and how it ends."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from examples.demo import DEMOS, main
from examples.stage import COUNTED, ROOT, Demo, Ports, free_port, table, where_it_is
from proxy.rule_files import load_checked, read_folder
from proxy.settings.layers import read_settings
from rules.linting.lint import lint
from rules.run_tests import run_tests
from tests.examples.running import is_open, running_demo

PORTS = Ports(origin=9000, proxy=8080, admin=8081)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


TELLING = {
    "shop": ("in Bergen", "Minus fifteen", "thumb-bar", "Still up in", "You asked", "on the house"),
    "saas": (
        "at Brackenfold.",
        "at Saltmere.",
        "Nights that fill",
        "the ferry is late",
        "Fourteen tabs",
        "One contract",
        "Free until",
        "No patient data",
    ),
}


@pytest.mark.parametrize("start", [datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)])
@pytest.mark.parametrize("hour", [2, 19])
def test_it_is_that_hour_somewhere_at_every_moment(start: datetime, hour: int) -> None:
    for quarter in range(4 * 24):
        now = start + timedelta(minutes=15 * quarter)
        _, zone = where_it_is(hour, now)
        local = now.astimezone(ZoneInfo(zone))
        assert abs((local.hour + local.minute / 60 - hour + 12) % 24 - 12) < 3


@pytest.mark.parametrize("demo", DEMOS.values(), ids=DEMOS)
def test_a_table_has_a_handful_of_visitors_and_each_can_be_pasted(demo: Demo) -> None:
    shown = demo.visitors(PORTS, NOON)
    assert len(shown) in COUNTED
    for visitor in shown:
        command, *words = shlex.split(visitor.curl)
        assert command == "curl"
        assert any(word.startswith("http://127.0.0.1:8080/") for word in words)
        assert visitor.curl in table(demo, PORTS, NOON)


@pytest.mark.parametrize("example", DEMOS)
def test_an_examples_settings_find_its_rulebook_of_which_nothing_is_warned(example: str) -> None:
    settings, warnings = read_settings({}, {}, config=ROOT / "examples" / example / "tailor.toml")
    book = load_checked(read_folder(settings.rules))
    assert warnings == ()
    assert [str(warning) for warning in lint(book, NOON)] == []


@pytest.mark.parametrize("example", DEMOS)
def test_an_examples_own_tests_pass(example: str) -> None:
    results = run_tests(load_checked(read_folder(ROOT / "examples" / example / "rules")), NOON)
    assert len(results) >= 5
    assert [(result.test.name, result.misses) for result in results if result.misses] == []


def test_an_example_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bakery"]) == 2
    assert capsys.readouterr().err == "There is no example 'bakery' (name one of: shop, saas, wagtail).\n"


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) > port
        assert free_port(port, (port + 1,)) > port + 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_of_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with running_demo("shop", tmp_path) as (demo, ports):
        assert is_open(ports.origin)
        assert is_open(ports.proxy)
        demo.send_signal(number)
        assert demo.wait(timeout=30) == 0
        assert not any(map(is_open, (ports.origin, ports.proxy, ports.admin)))
        assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_where_one_dies_the_demo_says_so_and_ends_the_other(tmp_path: Path) -> None:
    with running_demo("shop", tmp_path) as (demo, ports):
        children = subprocess.check_output(["ps", "-o", "pid=,args=", "--ppid", str(demo.pid)], text=True)
        (shop,) = [int(line.split()[0]) for line in children.splitlines() if "examples.shop.origin" in line]
        os.kill(shop, signal.SIGKILL)
        assert demo.stdout is not None
        assert "the shop ended by itself" in demo.stdout.read()
        assert demo.wait(timeout=30) == 1
        assert not is_open(ports.proxy)


@pytest.mark.parametrize("example", TELLING)
def test_every_pasted_line_shows_what_the_table_promises(tmp_path: Path, example: str) -> None:
    with running_demo(example, tmp_path) as (_, ports):
        comers = DEMOS[example].visitors(ports, datetime.now(UTC))
        for visitor, words in zip(comers, TELLING[example], strict=True):
            seen = subprocess.check_output(["bash", "-c", visitor.curl], text=True)
            assert words in seen, visitor.who
        compare = f"cmp <(curl -s http://127.0.0.1:{ports.origin}/) <(curl -s http://127.0.0.1:{ports.proxy}/)"
        subprocess.check_call(["bash", "-c", compare])
