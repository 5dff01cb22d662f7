from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from proxy.profile import database
from proxy.profile.database import connect_to_read, connect_to_write, load, prepare
from proxy.profile.model import PageView
from proxy.profile.pending import Pending, Step
from proxy.profile.store import key_of
from proxy.profile.writer import Writer
from tests.proxy.profile.browsing import TUESDAY

PATIENCE_SECONDS = 60
KILLS = int(os.environ.get("TAILOR_TEST_KILLS", "5"))
PAGE = Step(PageView("/"), TUESDAY)
KEY = key_of("anna")


@contextmanager
def writing(path: Path, pending: Pending, *, batch_seconds: float = 0.0) -> Iterator[Writer]:
    prepare(path, TUESDAY)
    writer = Writer(path, pending, now=lambda: TUESDAY, days=180, max_bytes=1 << 30, batch_seconds=batch_seconds)
    writer.start()
    try:
        yield writer
    finally:
        writer.close(PATIENCE_SECONDS)


def pages(path: Path, key: bytes = KEY) -> int:
    with closing(connect_to_read(path)) as reading:
        profile = load(reading, key, oldest_day=0)
    return profile.pages if profile is not None else 0


def test_what_is_pending_is_written_without_being_asked(tmp_path: Path) -> None:
    pending = Pending(10)
    with writing(tmp_path / "p.db", pending) as writer:
        pending.add(KEY, PAGE)
        writer.wake()
        writer.close(PATIENCE_SECONDS)
        assert len(pending) == 0
    assert pages(tmp_path / "p.db") == 1


def test_a_flush_does_not_wait_for_the_batch_to_fill(tmp_path: Path) -> None:
    pending = Pending(10)
    with writing(tmp_path / "p.db", pending, batch_seconds=3600) as writer:
        for count in (1, 2):
            pending.add(KEY, PAGE)
            assert writer.flush(PATIENCE_SECONDS)
            assert pages(tmp_path / "p.db") == count


def test_what_could_not_be_written_is_written_when_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path, pending = tmp_path / "p.db", Pending(10)
    prepare(path, TUESDAY)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    with caplog.at_level(logging.INFO, "proxy.profile"), closing(connect_to_write(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with writing_prepared(path, pending) as writer:
            pending.add(KEY, PAGE)
            assert writer.flush(PATIENCE_SECONDS) is False
            assert writer.flush(PATIENCE_SECONDS) is False
            assert (writer.errors >= 2, writer.lost, len(pending)) == (True, 0, 1)
            other.execute("COMMIT")
            assert writer.flush(PATIENCE_SECONDS) is True
    assert pages(path) == 1
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: profiles can't be written: database is locked; what is remembered waits",
        f"{path}: profiles are written again",
    ]


@contextmanager
def writing_prepared(path: Path, pending: Pending) -> Iterator[Writer]:
    writer = Writer(path, pending, now=lambda: TUESDAY, days=180, max_bytes=1 << 30, batch_seconds=0)
    writer.start()
    try:
        yield writer
    finally:
        writer.close(PATIENCE_SECONDS)


def test_what_waits_at_the_end_and_can_not_be_written_is_counted_as_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, pending = tmp_path / "p.db", Pending(10)
    prepare(path, TUESDAY)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    with closing(connect_to_write(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with writing_prepared(path, pending) as writer:
            pending.add(KEY, PAGE)
        assert writer.lost == 1


def child(*arguments: str, **options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.proxy.profile.writing_process", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **options})


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_process_killed_while_it_writes_breaks_nothing_and_loses_the_last_batch_at_most(
    tmp_path: Path, kill: int
) -> None:
    """The child tells how many steps were remembered before each flush that it was told had ended."""
    path = tmp_path / "p.db"
    prepare(path, TUESDAY)
    with child(str(path), str(kill)) as process:
        assert process.stdout is not None
        flushed = 0
        for line in process.stdout:
            flushed = int(line)
            if flushed > 3000 + 1700 * (kill % 7):
                break
        process.kill()
        # What it still told before it died.
        flushed = max([flushed, *(int(line) for line in process.stdout.read().split("\n")[:-1] if line)])
    with closing(connect_to_read(path)) as reading:
        assert reading.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        profiles = [load(reading, key_of(f"visitor-{n}"), oldest_day=0) for n in range(50)]
    written = sum(profile.pages for profile in profiles if profile is not None)
    assert written >= flushed > 0
    assert prepare(path, TUESDAY) == ()


def test_a_full_disk_costs_nothing_but_what_can_not_be_kept(tmp_path: Path) -> None:
    """The child may write files of two megabytes at most, which an empty database nearly fills."""
    path = tmp_path / "p.db"
    prepare(path, TUESDAY)
    with child(str(path), "full", TAILOR_TEST_FILE_BYTES=str(2 << 20)) as process:
        assert process.stdout is not None
        told = process.stdout.read().split()
    assert process.returncode == 0
    assert told == ["flushed=False", "errors=True", "read=True"]
    with closing(connect_to_read(path)) as reading:
        assert reading.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
