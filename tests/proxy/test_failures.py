import logging

import pytest

from proxy.failures import Failures
from tests.proxy.requests import page_request


def test_a_failure_is_counted_by_its_step_and_logged_with_what_is_done_instead(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures = Failures()
    for step in ("decide", "cut", "cut"):
        try:
            raise RuntimeError("no reason")
        except RuntimeError:
            failures.note(step, page_request("/a"), "nobody notices")
    assert failures.counts == {"decide": 1, "cut": 2}
    assert caplog.messages[0] == "GET /a: decide failed, nobody notices"
    assert {record.levelno for record in caplog.records} == {logging.ERROR}
    assert "no reason" in caplog.text


def test_what_ran_out_of_time_or_room_is_counted_and_told_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures = Failures()
    failures.note_missed("cut-late", page_request("/a"))
    assert failures.counts == {"cut-late": 1}
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)
    assert record.getMessage() == "GET /a: cut-late, the origin's page goes out"
