"""No visitor ever sees what is another's, through the whole command, whatever the origin answers.

TAILOR_TEST_ISOLATION=200000 makes the runs that long; `python -m tests.isolation` tells more of one.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.isolation.checker import Fault
from tests.isolation.run import Run, play

REQUESTS = int(os.environ.get("TAILOR_TEST_ISOLATION", "300"))
RUNS = {
    "kept connections": Run(REQUESTS),
    "a connection for each request": Run(REQUESTS, keeps_alive=False, seed=2),
    "two workers": Run(REQUESTS, workers=2, seed=3),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS.keys())
def test_no_visitor_sees_another_ones_canary_and_each_sees_their_own(run: Run, tmp_path: Path) -> None:
    outcome = play(run, tmp_path)
    tally = outcome.tally
    assert tally.faults[Fault.FOREIGN] == 0, "\n\n".join(map(str, tally.findings))
    assert not tally.faults, f"{tally}\n\n" + "\n\n".join(map(str, tally.findings))
    assert outcome.troubles == []
    # What was not asked for can't have been answered wrongly.
    assert tally.due == tally.came > REQUESTS / 4
    assert tally.statuses[304] > REQUESTS / 50
