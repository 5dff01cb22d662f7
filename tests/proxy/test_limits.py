from __future__ import annotations

import logging
import resource
from collections.abc import Iterator

import pytest

from proxy.limits import FILES_FOR_OURSELVES, make_limits, raise_open_files
from proxy.server.connection import Limits
from proxy.server.deadlines import Deadlines
from proxy.settings.model import Settings


@pytest.fixture(autouse=True)
def _limit_of_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def settings(**given: object) -> Settings:
    return Settings.model_validate({"origin": "http://127.0.0.1:9000", **given})


def test_the_defaults_are_those_of_the_server() -> None:
    assert make_limits(settings()) == Limits()


def test_what_is_set_is_what_holds() -> None:
    limits = make_limits(settings(head_seconds=1, body_seconds=2, send_seconds=3, body_bytes=4, max_connections=5))

    assert limits == Limits(Deadlines(1, 2, 3), connections=5, body_bytes=4)


def test_the_usual_limit_of_open_files_is_raised() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))

    assert raise_open_files(512) == 512
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 512


def test_a_limit_that_is_high_enough_stays() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)

    assert raise_open_files(64) == 64
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


def test_no_more_connections_are_taken_than_there_may_be_files_and_that_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "proxy"):
        limits = make_limits(settings(max_connections=1000), allow=lambda wanted: min(wanted, 1024))

    assert limits.connections == (1024 - FILES_FOR_OURSELVES) // 2
    (record,) = caplog.records
    assert record.getMessage() == (
        "max_connections is 1000, but this process may open no more than 1024 files: "
        f"448 connections are served at once (allow it {2000 + FILES_FOR_OURSELVES}, by LimitNOFILE= or ulimit -n)"
    )
