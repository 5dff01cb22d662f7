"""What a page costs from outside, beside what others do with the same page: `make bench-quick`.

Run as `python -m tests.bench.quick`; it takes a minute and a half and prints one table. Tailor is started by its own
command, pinned to one core like its peers; wrk and the origin have another. Rounds are interleaved, figures are
medians, and answers are checked before, while and after it measures. Exits with 1 where an answer was wrong or a first
target is missed, with 2 where it can't run. `--profile LOAD` looks into one load instead. docs/speed.md tells what the
table means.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.quick_load import Measured, WrongAnswerError, check, measure
from tests.bench.quick_nginx import origin_configuration, peer_configuration
from tests.bench.quick_pages import (
    Ask,
    asks_by_segment,
    asks_by_sub_filter,
    asks_by_visitor,
    asks_for_asset,
    large_rules_text,
    rules_text,
    stranger,
    write_site,
)
from tests.bench.quick_profile import profile
from tests.bench.quick_servers import (
    CannotRunError,
    Server,
    ServerError,
    install_missing,
    nginx,
    tailor,
    told,
    two_cores,
)
from tests.bench.quick_table import Row, Target, machine, middle, table
from tests.processes import free_port

# Of the yardsticks that targets are told in, and that are not run here: how many requests they answer for each of
# nginx's, on this kind of machine. workerd's HTMLRewriter beside sub_filter (905 of 7,850 in a second), and Node's
# http-proxy beside nginx passing through (3,850 of 15,000).
_WORKERD = 0.12
_NODE = 0.26

_NGINX, _TAILOR, _LARGE = "nginx", "Tailor", "Tailor with 1,000 rules"
_BROWSER = "gzip, deflate, br, zstd"
_NUMBERS_OF_A_RUN = 10_000_000


@dataclass(frozen=True, slots=True)
class Load:
    """Requests to one of the servers, by its name."""

    server: str
    asks: tuple[Ask, ...]
    crowded: bool = False
    """Whether it is measured with many connections too."""


@dataclass(frozen=True, slots=True)
class Case:
    """A load of Tailor's, and the load that it is measured by."""

    name: str
    load: str
    yardstick: str
    target: Target


LOADS: Mapping[str, Load] = {
    "hit": Load(_TAILOR, asks_by_segment("/hit"), crowded=True),
    "hit-gzip": Load(_TAILOR, asks_by_segment("/hit", "gzip"), crowded=True),
    "hit-browser": Load(_TAILOR, asks_by_segment("/hit", _BROWSER)),
    "hit-1000": Load(_LARGE, asks_by_segment("/hit")),
    "visitor": Load(_TAILOR, asks_by_visitor("/one"), crowded=True),
    "visitor-gzip": Load(_TAILOR, asks_by_visitor("/one", "gzip")),
    "new": Load(_TAILOR, asks_by_segment("/new")),
    "same": Load(_TAILOR, asks_by_segment("/same")),
    "pass": Load(_TAILOR, asks_for_asset()),
    "nginx, cache by segment": Load(_NGINX, asks_by_segment("/keyed"), crowded=True),
    "nginx, the same, gzip": Load(_NGINX, asks_by_segment("/keyed", "gzip"), crowded=True),
    "nginx, sub_filter": Load(_NGINX, asks_by_sub_filter("/sub/hit"), crowded=True),
    "nginx, sub_filter, new": Load(_NGINX, asks_by_sub_filter("/sub/new")),
    "nginx, sub_filter, same": Load(_NGINX, asks_by_sub_filter("/sub/same")),
    "nginx, passing through": Load(_NGINX, asks_for_asset()),
}

# They answer out of memory, so it is nothing of their own that keeps them from using a core.
_NEVER_WAITING = ("hit", "nginx, cache by segment")
_QUIET = 0.75

_HIT, _VISITOR = Target(0.45, 0.8), Target(1.0, 2.0)
CASES = (
    Case("hit", "hit", "nginx, cache by segment", _HIT),
    Case("hit, gzip", "hit-gzip", "nginx, the same, gzip", _HIT),
    Case("hit, as browsers ask", "hit-browser", "nginx, the same, gzip", _HIT),
    Case("hit, 1,000 rules, 50 on this URL", "hit-1000", "hit", Target(0.7, 0.9)),
    Case("one visitor's page", "visitor", "nginx, sub_filter", _VISITOR),
    Case("one visitor's page, gzip", "visitor-gzip", "nginx, sub_filter", _VISITOR),
    Case("uncacheable, new bytes", "new", "nginx, sub_filter, new", Target(1.0 * _WORKERD, 2.0 * _WORKERD)),
    Case("uncacheable, the same bytes", "same", "nginx, sub_filter, same", Target(2.0 * _WORKERD, 4.0 * _WORKERD)),
    Case("pass-through", "pass", "nginx, passing through", Target(1.0 * _NODE, 2.0 * _NODE)),
)


_OURS = tuple(name for name, load in LOADS.items() if load.server != _NGINX)


@contextmanager
def origin_server(folder: Path, core: int) -> Iterator[Server]:
    """The site that all stand in front of."""
    port, site, own = free_port(), folder / "site", folder / "origin"
    site.mkdir()
    own.mkdir()
    write_site(site)
    with nginx(origin_configuration(own, site, port), own, port, core) as server:
        yield server


@contextmanager
def all_servers(folder: Path, core: int, other_core: int) -> Iterator[Mapping[str, Server]]:
    """Those that loads name, pinned to `core`, before an origin on the other one."""
    with ExitStack() as stack:
        origin = stack.enter_context(origin_server(folder, other_core)).port
        port, own = free_port(), folder / "peer"
        own.mkdir()
        yield {
            _NGINX: stack.enter_context(nginx(peer_configuration(own, port, origin), own, port, core)),
            _TAILOR: stack.enter_context(tailor(folder / "tailor", rules_text(), origin, core)),
            _LARGE: stack.enter_context(tailor(folder / "large", large_rules_text(), origin, core)),
        }


def check_all(servers: Mapping[str, Server], number: int) -> None:
    """Every answer that is measured, twice, and strangers'; raises WrongAnswerError."""
    for load in LOADS.values():
        port = servers[load.server].port
        for ask in load.asks:
            # Another number is another visitor, and the second answer comes out of what caches there are.
            check(port, ask, number)
            check(port, ask, number + 1)
    for path in ("/hit", "/new", "/same"):
        check(servers[_TAILOR].port, stranger(path), number)
    one, two = (check(servers[_TAILOR].port, LOADS["new"].asks[0], number) for _ in range(2))
    if one == two:
        raise WrongAnswerError("/new has the same bytes as last time")
    for name, server in servers.items():
        if server.admin_port:
            status = server.status()
            if faults := {key: status[key] for key in ("failures", "left_out", "set_aside") if status[key]}:
                raise WrongAnswerError(f"{name} says of itself: {faults}")


def run_all(
    servers: Mapping[str, Server], options: argparse.Namespace, folder: Path
) -> Mapping[tuple[str, int], Measured]:
    """Every load with every number of connections, in rounds; the median of each."""
    runs: dict[tuple[str, int], list[Measured]] = {}
    number = _NUMBERS_OF_A_RUN
    for connections in options.connections:
        chosen = [name for name, load in LOADS.items() if load.crowded or connections == options.connections[0]]
        for turn in range(options.rounds):
            # In turns from either end, so that none always has the same neighbour.
            for name in chosen if turn % 2 == 0 else reversed(chosen):
                load = LOADS[name]
                measured = measure(servers[load.server], load.asks, connections, options.seconds, number, folder)
                runs.setdefault((name, connections), []).append(measured)
                number += _NUMBERS_OF_A_RUN
    return {key: middle(several) for key, several in runs.items()}


def rows_of(figures: Mapping[tuple[str, int], Measured], connections: Sequence[int]) -> tuple[Row, ...]:
    """A row for each case, and number of connections, that has both its figures."""
    return tuple(
        Row(case.name, count, figures[case.load, count], case.yardstick, figures[case.yardstick, count], case.target)
        for count in connections
        for case in CASES
        if (case.load, count) in figures and (case.yardstick, count) in figures
    )


def main(words: Sequence[str]) -> int:
    """Measure and print; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.quick", description="Ratios of one run.")
    parser.add_argument("--connections", type=int, nargs="+", default=[16, 64], help="how many at a time")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    parser.add_argument("--seconds", type=int, default=1, help="how long each time")
    parser.add_argument("--profile", choices=sorted(_OURS), help="what one load of Tailor's spends its time on")
    options = parser.parse_args(words)
    try:
        install_missing()
        core, other_core = two_cores()
        os.sched_setaffinity(0, {other_core})
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if options.profile:
                print(look_into(options.profile, folder, core, other_core))
                return 0
            with all_servers(folder, core, other_core) as servers:
                check_all(servers, 1)
                figures = run_all(servers, options, folder)
                check_all(servers, 3)
    except CannotRunError as error:
        print(f"This can't be measured here: {error}.", file=sys.stderr)
        return 2
    except (ServerError, WrongAnswerError) as error:
        print(f"Stopped: {told(error)}", file=sys.stderr)
        return 1
    rows = rows_of(figures, options.connections)
    print(machine(facts(core, other_core, options)), end="\n\n")
    print(table(rows))
    if any(figures[name, options.connections[0]].busy < _QUIET for name in _NEVER_WAITING):
        print("\nOther work had the cores meanwhile: run it again when the machine is quiet.")
    return int(any(row.is_missed for row in rows))


def look_into(name: str, folder: Path, core: int, other_core: int) -> str:
    """The profile of one load, under an origin of its own."""
    load = LOADS[name]
    rules = large_rules_text() if load.server == _LARGE else rules_text()
    with origin_server(folder, other_core) as origin:
        return profile(folder, rules, origin.port, core, load.asks)


def facts(core: int, other_core: int, options: argparse.Namespace) -> Mapping[str, str]:
    """What the figures hang on."""
    models = [line.partition(":")[2] for line in _cpu_lines() if line.startswith("model name")]
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{models[0].strip() if models else platform.machine()}, {os.cpu_count()} cores",
        "Python": platform.python_version(),
        "cores": f"servers on {core}, wrk and the origin on {other_core}",
        "figures": f"medians of {options.rounds} rounds of {options.seconds} s",
        "load average": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


def _cpu_lines() -> Sequence[str]:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
