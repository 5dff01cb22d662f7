from __future__ import annotations

from datetime import timedelta

import pytest

from proxy.profile.model import VISIT_ENDS_AFTER, Session
from tests.proxy.profile.browsing import TUESDAY


@pytest.mark.parametrize(
    ("later", "runs"),
    [
        (timedelta(0), True),
        (VISIT_ENDS_AFTER, True),
        (VISIT_ENDS_AFTER + timedelta(seconds=1), False),
        # Another machine's clock may be behind.
        (-timedelta(seconds=5), True),
    ],
)
def test_a_visit_runs_until_half_an_hour_after_its_last_request(later: timedelta, runs: bool) -> None:
    session = Session(TUESDAY - timedelta(hours=3), TUESDAY, "/")
    assert session.is_running(TUESDAY + later) is runs
