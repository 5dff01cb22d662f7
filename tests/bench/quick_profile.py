"""What one load of Tailor's spends its time on: by py-spy where it is installed, else by cProfile.

py-spy looks on from outside, so its shares are the true ones; cProfile makes short functions look longer than they are.
"""

from __future__ import annotations

import io
import pstats
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.bench.quick_load import check, measure
from tests.bench.quick_pages import Ask
from tests.bench.quick_servers import Server, tailor

SECONDS = 5
_CONNECTIONS = 16
_LINES = 40


def profile(folder: Path, rules: str, origin: int, core: int, asks: Sequence[Ask]) -> str:
    """The functions that took longest themselves."""
    if (spy := shutil.which("py-spy")) is not None:
        with tailor(folder / "tailor", rules, origin, core) as server:
            return _watched(spy, server, asks, folder)
    path = folder / "profile"
    python = (sys.executable, "-m", "cProfile", "-o", f"{path}")
    with tailor(folder / "tailor", rules, origin, core, python=python) as server:
        _ask(server, asks, folder)
    text = io.StringIO()
    pstats.Stats(f"{path}", stream=text).strip_dirs().sort_stats("tottime").print_stats(_LINES)
    return text.getvalue()


def _watched(spy: str, server: Server, asks: Sequence[Ask], folder: Path) -> str:
    path = folder / "stacks"
    options = ("--rate", "500", "--duration", f"{SECONDS}", "--format", "raw", "--output", f"{path}")
    command = (spy, "record", "--pid", f"{server.pid}", *options)
    check(server.port, asks[0], 1)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        _ask(server, asks, folder)
    return top_of_stacks(path.read_text(encoding="utf-8"), _LINES)


def _ask(server: Server, asks: Sequence[Ask], folder: Path) -> None:
    for number, ask in enumerate(asks):
        check(server.port, ask, number)
    measure(server, asks, _CONNECTIONS, SECONDS, 1_000_000, folder)


def top_of_stacks(stacks: str, lines: int) -> str:
    """The functions in which most samples ended; a line of `stacks` is `outer;inner count`."""
    ends: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        ends[stack.rpartition(";")[2]] += int(count)
    total = ends.total() or 1
    return "\n".join(f"{count / total:6.1%}  {name}" for name, count in ends.most_common(lines))
