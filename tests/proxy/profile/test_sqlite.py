from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from proxy.profile.database import connect_to_write, damage_marker, prepare
from proxy.profile.model import Event, PageView, Preferences
from proxy.profile.pending import MAX_STEPS_OF_ONE
from proxy.profile.sqlite import ERASED_SECONDS, REOPEN_AFTER, SqliteProfileStore
from proxy.profile.store import UnavailableError
from tests.proxy.profile.browsing import TUESDAY, break_profiles

PATIENCE_SECONDS = 30
PAGE = PageView("/")
ANNA, BERIT = "anna", "berit"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = TUESDAY

    def __call__(self) -> datetime:
        return self.now


class Kept:
    """A store on a file, with a clock of its own."""

    def __init__(self, path: Path, **options: float) -> None:
        prepare(path, TUESDAY)
        self.path = path
        self.clock = Clock()
        self.store = SqliteProfileStore(path, now=self.clock, **options)  # type: ignore[arg-type]

    def remember(self, visitor_id: str, event: Event = PAGE) -> None:
        self.store.remember(visitor_id, event, self.clock.now)

    def flush(self) -> bool:
        return self.store.flush(PATIENCE_SECONDS)

    def pages(self, visitor_id: str) -> int:
        profile = self.store.read(visitor_id)
        return profile.pages if profile is not None else 0


@contextmanager
def kept(path: Path, **options: float) -> Iterator[Kept]:
    running = Kept(path, **options)
    with closing(running.store):
        yield running


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "profiles.db"


def test_what_was_remembered_is_read_before_it_is_written_and_after(path: Path) -> None:
    with kept(path, batch_seconds=3600) as running:
        running.remember(ANNA)
        running.remember(ANNA)
        assert (running.pages(ANNA), running.pages(BERIT)) == (2, 0)
        assert running.store.counts() == {"rows": 0, "waiting": 2, "errors": 0, "lost": 0}
        assert running.flush()
        assert running.pages(ANNA) == 2
        assert running.store.counts() == {"rows": 1, "waiting": 0, "errors": 0, "lost": 0}
        running.remember(ANNA)
        assert running.pages(ANNA) == 3


def test_what_waits_is_written_when_the_store_is_closed(path: Path) -> None:
    with kept(path, batch_seconds=3600) as running:
        running.remember(ANNA)
    with kept(path) as again:
        assert again.pages(ANNA) == 1


def test_two_stores_on_one_file_count_together(path: Path) -> None:
    with kept(path) as one, kept(path) as other:
        for _ in range(5):
            one.remember(ANNA)
            other.remember(ANNA)
        assert one.flush()
        assert other.flush()
        assert one.pages(ANNA) == other.pages(ANNA) == 10


def test_reads_never_differ_while_batches_are_written(path: Path) -> None:
    with kept(path, batch_seconds=0.001) as running:
        for count in range(1, 400):
            running.remember(ANNA)
            assert running.pages(ANNA) == count
            if count % (MAX_STEPS_OF_ONE // 2) == 0:
                assert running.flush()


def test_an_erased_visitor_is_gone_at_once_and_from_the_file(path: Path) -> None:
    with kept(path) as running:
        running.remember(ANNA, Preferences({"diet": "canary"}))
        assert running.flush()
        running.store.erase(ANNA)
        assert running.store.read(ANNA) is None
        assert running.flush()
        left = b"".join(each.read_bytes() for each in path.parent.glob("profiles.db*"))
        assert b"canary" not in left
        assert running.store.counts()["rows"] == 0


def test_a_page_under_way_does_not_bring_an_erased_visitor_back(path: Path) -> None:
    with kept(path) as running:
        running.remember(ANNA)
        running.store.erase(ANNA)
        running.remember(ANNA)
        assert running.store.read(ANNA) is None
        running.clock.now += timedelta(seconds=ERASED_SECONDS)
        running.remember(ANNA)
        assert running.pages(ANNA) == 1


def test_what_another_process_had_under_way_of_an_erased_visitor_goes_after_a_minute(path: Path) -> None:
    with kept(path, batch_seconds=0) as one, kept(path, batch_seconds=0) as other:
        one.store.erase(ANNA)
        assert one.flush()
        other.remember(ANNA)
        assert other.flush()
        one.clock.now += timedelta(seconds=ERASED_SECONDS)
        assert one.flush()
        assert (one.pages(ANNA), other.pages(ANNA), one.store.counts()["rows"]) == (0, 0, 0)


def test_a_store_that_ends_erases_again_what_it_erased_last(path: Path) -> None:
    with kept(path, batch_seconds=0) as other:
        with kept(path, batch_seconds=0) as one:
            one.store.erase(ANNA)
            assert one.flush()
            other.remember(ANNA)
            assert other.flush()
        assert other.pages(ANNA) == 0


def test_a_profile_is_kept_for_so_many_days(path: Path) -> None:
    with kept(path, days=30) as running:
        running.remember(ANNA)
        assert running.flush()
        running.clock.now += timedelta(days=30)
        assert running.pages(ANNA) == 1
        running.clock.now += timedelta(days=1)
        assert running.store.read(ANNA) is None


def test_a_full_queue_costs_page_views_and_is_counted(path: Path) -> None:
    with kept(path, batch_seconds=3600, queue_size=3) as running:
        for _ in range(5):
            running.remember(ANNA)
        assert running.pages(ANNA) == 3
        assert running.store.counts()["lost"] == 2
        assert running.flush()
        running.remember(ANNA)
        assert running.pages(ANNA) == 4


def test_a_locked_file_costs_nothing_but_time(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with kept(path) as running, closing(connect_to_write(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        running.remember(ANNA)
        assert running.store.flush(0.01) is False
        assert running.pages(ANNA) == 1
        other.execute("COMMIT")
        assert running.flush()
        assert running.store.counts()["rows"] == 1


def test_a_file_that_can_not_be_read_is_told_and_logged_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with kept(path, batch_seconds=3600) as running:
        break_profiles(path)
        with caplog.at_level(logging.ERROR, "proxy.profile"):
            for _ in range(3):
                with pytest.raises(UnavailableError):
                    running.store.read(ANNA)
                running.clock.now += REOPEN_AFTER
        (record,) = caplog.records
        assert record.getMessage().startswith(f"{path}: profiles can't be read: no such table: profile_")
        counts = running.store.counts()
        assert (counts["rows"], counts["errors"] >= 3) == (-1, True)


def test_a_file_that_turns_out_damaged_is_told_and_marked_for_the_next_start(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with kept(path) as running:
        running.remember(ANNA)
        assert running.flush()
    whole = path.read_bytes()
    # The schema stays readable; every table's page is garbage.
    path.write_bytes(whole[: 4096 * 30] + b"\xa5" * (len(whole) - 4096 * 30))
    with caplog.at_level(logging.ERROR, "proxy.profile"), closing(SqliteProfileStore(path, now=Clock())) as store:
        for n in range(100):
            store.remember(f"visitor-{n}", PAGE, TUESDAY)
        assert store.flush(PATIENCE_SECONDS) is False
        assert store.counts()["errors"] > 0
        assert store.counts()["lost"] == 100
        with pytest.raises(UnavailableError):
            store.read(ANNA)
    assert damage_marker(path).exists()
    assert "the file is damaged, and the next start begins a new one" in caplog.text
    assert len(prepare(path, TUESDAY)) == 1
    with kept(path) as again:
        again.remember(ANNA)
        assert again.flush()


def test_a_missing_file_is_made_again(path: Path) -> None:
    clock = Clock()
    with closing(SqliteProfileStore(path, now=clock)) as store:
        store.remember(ANNA, PAGE, TUESDAY)
        assert store.flush(PATIENCE_SECONDS)
        assert store.read(ANNA) is not None


class HangingClock(Clock):
    """A clock that the thread which reads the file doesn't get to see, as if its disk hung."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()

    def __call__(self) -> datetime:
        if threading.current_thread().name == "profiles-read":
            self.goes_on.wait(PATIENCE_SECONDS)
        return super().__call__()


def test_a_disk_that_hangs_is_waited_for_once_and_its_visitors_are_not_known(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    prepare(path, TUESDAY)
    clock = HangingClock()
    with closing(SqliteProfileStore(path, now=clock, read_seconds=0.01)) as store:
        for _ in range(3):
            with pytest.raises(UnavailableError):
                store.read(ANNA)
            store.remember(ANNA, PAGE, TUESDAY)
        assert store.counts()["rows"] == -1
        assert store.counts()["errors"] == 1
        clock.goes_on.set()
    (message,) = [record.getMessage() for record in caplog.records]
    assert message == f"{path}: can't be read in time; visitors count as not known until it answers"
