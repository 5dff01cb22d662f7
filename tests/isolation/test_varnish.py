"""A shared cache in front, in its default configuration, keeps nothing that is one visitor's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.isolation.run import Run, play
from tests.isolation.stage import varnishd
from tests.isolation.test_isolation import REQUESTS


@pytest.mark.skipif(varnishd() is None, reason="varnishd is not installed (Debian's package varnish)")
def test_varnish_in_front_shows_no_visitor_what_is_another_ones(tmp_path: Path) -> None:
    outcome = play(Run(REQUESTS, has_varnish=True, seed=4), tmp_path)
    assert not outcome.tally.faults, f"{outcome.tally}\n\n" + "\n\n".join(map(str, outcome.tally.findings))
    assert outcome.troubles == []
