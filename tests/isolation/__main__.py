"""The whole run, as long as it is asked to be: python -m tests.isolation --requests 200000 [--workers 2] [--varnish]

Prints one line that sums up, before it up to ten faults with their exchange, and exits with 1 where there is a fault.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.isolation.run import Run, play


def main() -> int:
    """One run, by the words of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.isolation", description="No visitor sees another's page.")
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--no-keep-alive", action="store_true")
    parser.add_argument("--varnish", action="store_true", help="Varnish in its default configuration in front")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    run = Run(
        given.requests,
        workers=given.workers,
        keeps_alive=not given.no_keep_alive,
        has_varnish=given.varnish,
        seed=given.seed,
    )
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        outcome = play(run, Path(folder))
    seconds = time.perf_counter() - began
    for finding in outcome.tally.findings:
        print(finding, end="\n\n----\n\n")
    for trouble in outcome.troubles[:10]:
        print(trouble)
    print(f"{outcome.tally} ({seconds:.0f} s)")
    return 1 if outcome.tally.faults or outcome.troubles else 0


if __name__ == "__main__":
    sys.exit(main())
