"""What a list of target companies costs: loaded, looked up, and read anew while requests run.

Run as `python -m tests.bench.company`. Lookups and the load are CPU time of this process; the stall of the event loop
is by the wall clock. Exits with 1 where a figure is over its limit. The limits are for a machine that makes the
additions at the end in about half a second: on one that shares its cores, judge by that.
"""

from __future__ import annotations

import asyncio
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from proxy.company.account import Accounts
from proxy.company.accounts_file import load_accounts
from proxy.company.organization import judge
from proxy.company.ranges import RangeTable, read_ranges
from proxy.watched import WatchedFile
from tests.bench.micro import cpu_seconds

ROWS = 100_000
_HEAD = "name,alias,domains,cidrs,industry,employees,country,tier,list,owner\n"


def write_accounts(path: Path, rows: int, chance: random.Random) -> None:
    """A list as a CRM exports it: one domain and one range for each account, a tenth of the ranges in IPv6."""
    with path.open("w", encoding="utf-8") as file:
        file.write(_HEAD)
        for number in range(rows):
            network = (
                f"2001:db8:{number % 65536:x}::/48"
                if number % 10 == 0
                else f"{chance.randrange(1, 223)}.{chance.randrange(256)}.{chance.randrange(256)}.0/24"
            )
            file.write(
                f"Company {number} Ltd,Company {number},company{number}.example,{network},industry {number % 20},"
                f"{chance.randrange(10, 99999)},NO,{number % 3 + 1},list {number % 7},owner {number % 50}\n"
            )


def each_of(calls: Sequence[Callable[[], object]]) -> float:
    """The least CPU time of one of these calls."""

    def all_of_them() -> None:
        for call in calls:
            call()

    return cpu_seconds(all_of_them) / len(calls)


async def longest_stall(path: Path) -> float:
    """The longest time for which the event loop stood still while the file was read anew in a thread."""
    watched = WatchedFile(path, load_accounts, Accounts())
    reading = asyncio.create_task(asyncio.to_thread(watched.refresh))
    longest, last = 0.0, time.perf_counter()
    while not reading.done():
        await asyncio.sleep(0)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    if len(watched.current.all) != ROWS:
        raise SystemExit("the accounts were not read")
    return longest


def main() -> int:
    """Print the table; 1 where a figure is over its limit."""
    chance = random.Random(1)  # the same figures each time
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "accounts.csv")
        write_accounts(path, ROWS, chance)
        began = time.process_time()
        accounts = load_accounts(path)
        loading = time.process_time() - began
        stall = asyncio.run(longest_stall(path))
    table = RangeTable((block, n) for n, account in enumerate(accounts.all) for block in account.ranges)
    ipv4 = [IPv4Address(chance.randrange(1 << 32)) for _ in range(1000)]
    ipv6 = [IPv6Address((0x20010DB8 << 96) | chance.randrange(1 << 96)) for _ in range(1000)]
    domains = [f"mail.company{chance.randrange(2 * ROWS)}.example" for _ in range(1000)]
    rows = [
        (f"{ROWS:,} accounts loaded", loading, "s", 3.0),
        ("event loop still while reloading", stall * 1e3, "ms", 250.0),
        ("IPv4 address looked up", each_of([partial(table.owner, a) for a in ipv4]) * 1e6, "µs", 5.0),
        ("IPv6 address looked up", each_of([partial(table.owner, a) for a in ipv6]) * 1e6, "µs", 5.0),
        (
            "email's domain looked up",
            each_of([partial(accounts.by_email_domain, d) for d in domains]) * 1e6,
            "µs",
            20.0,
        ),
        ("signals of an account", each_of([a.signals for a in accounts.all[:1000]]) * 1e6, "µs", 20.0),
        ("a range read", each_of([lambda: read_ranges("203.0.113.0/24")] * 100) * 1e6, "µs", 20.0),
        ("a network's name judged", each_of([lambda: judge("Nordea Bank Abp")] * 10) * 1e6, "µs", 1000.0),
    ]
    failed = False
    for name, figure, unit, limit in rows:
        failed |= figure > limit
        print(f"  {name:34} {figure:8.1f} {unit:3} (limit {limit:g}){' OVER' if figure > limit else ''}")
    print(f"  memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, two lists at a time")
    print(f"  this machine: ten million additions in {_ten_million_additions():.1f} s")
    return int(failed)


def _ten_million_additions() -> float:
    began, total = time.process_time(), 0
    for number in range(10_000_000):
        total += number
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
