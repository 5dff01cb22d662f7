"""Ten minutes at 70 % of full load, with reloads, purges and faults: python -m tests.soak [--minutes 10] [--load 0.7]

Prints what was used in each minute, what came, and what is wrong; exits with 1 where anything is. Memory is judged from
six minutes on.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.run import Soak, play
from tests.soak.verdict import findings, growth, minutes, table

NEWCOMERS = 12_000
"""More than are remembered, of whatever kind."""


def main() -> int:
    """One soak, by the words of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak", description="Nothing grows, and nothing is left over."
    )
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--load", type=float, default=0.7, help="the share of full load")
    parser.add_argument("--full-seconds", type=float, default=30.0, help="how long full load is measured")
    parser.add_argument("--newcomers", type=int, default=NEWCOMERS, help="visitors whom nobody knows, before all else")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    soak = Soak(given.minutes * 60, given.load, given.full_seconds, given.newcomers, seed=given.seed)
    with tempfile.TemporaryDirectory() as folder:
        outcome = play(soak, Path(folder))
    for finding in outcome.tally.findings:
        print(finding, end="\n\n----\n\n")
    for line in table(outcome):
        print(line)
    grown = growth(minutes(outcome.samples))
    print(f"full load: {outcome.full_rate:,.0f} requests/s, {outcome.full_busy:.0%} of a core")
    print(outcome.tally)
    print("beside them: " + ", ".join(f"{count} {visit}" for visit, count in sorted(outcome.unusual.items())))
    if grown is not None:
        print(f"memory in the last two minutes: {grown:+.1%} beside the third and fourth")
    wrong = findings(outcome)
    print("\n".join(wrong) or "nothing is wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
