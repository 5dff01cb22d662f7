"""A soak of some seconds: nothing is left over, nobody gets a wrong answer. Memory takes ten minutes: make soak."""

from __future__ import annotations

from pathlib import Path

from tests.soak.run import Soak, play
from tests.soak.verdict import findings


def test_under_load_with_reloads_purges_and_faults_nothing_goes_wrong_or_is_left_over(tmp_path: Path) -> None:
    outcome = play(Soak(seconds=4.0, load=0.7, full_seconds=1.0, newcomers=50), tmp_path)
    assert findings(outcome) == [], "\n\n".join(map(str, outcome.tally.findings))
    assert outcome.tally.came == outcome.tally.due > 0
    assert sum(outcome.unusual.values()) > 0
