from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from proxy.profile import database
from proxy.profile.database import (
    MIGRATIONS,
    PARTITIONS,
    Database,
    connect_to_read,
    connect_to_write,
    day_of,
    load,
    prepare,
    total_rows,
)
from proxy.profile.model import PageView, Profile
from proxy.profile.pending import Step
from proxy.profile.store import StoreError, key_of
from tests.proxy.profile.browsing import TUESDAY

ROOMY = 1 << 40
CANARY = "/canary-of-the-page"
ERASURE = Step(None, TUESDAY)


def page(path: str = "/", days: int = 0) -> Step:
    return Step(PageView(path), TUESDAY + timedelta(days=days))


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    assert prepare(path, TUESDAY) == ()
    with closing(Database(path)) as writing:
        yield writing


def write(writing: Database, batch: Mapping[bytes, list[Step]], oldest_day: int = 0) -> dict[bytes, Profile | None]:
    settled: dict[bytes, Profile | None] = {}
    writing.write(batch, settled.__setitem__, oldest_day=oldest_day)
    return settled


def read(path: Path, key: bytes, oldest_day: int = 0) -> Profile | None:
    with closing(connect_to_write(path)) as reading:
        return load(reading, key, oldest_day=oldest_day)


def rows(path: Path) -> int:
    """How many there are said to be, and are."""
    with closing(connect_to_write(path)) as reading:
        counted: int = sum(
            reading.execute(f"SELECT count(*) FROM profile_{partition:02x}").fetchone()[0]  # noqa: S608
            for partition in range(PARTITIONS)
        )
        assert total_rows(reading) == counted
        return counted


def content(path: Path) -> bytes:
    """All bytes of the database and its log."""
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*") if not each.name.endswith("-shm"))


KEYS = [key_of(f"visitor-{n}") for n in range(3000)]


def test_what_is_written_is_read_by_another_connection(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with opened(path) as writing:
        settled = write(writing, {KEYS[0]: [page(), page()], KEYS[1]: [page()]})
        assert read(path, KEYS[0]) == settled[KEYS[0]]
        write(writing, {KEYS[0]: [page()]})
    profile = read(path, KEYS[0])
    assert profile is not None
    assert profile.pages == 3
    assert read(path, KEYS[2]) is None
    assert rows(path) == 2


def test_the_file_is_for_its_own_account_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "p.db"
    with opened(path) as writing:
        write(writing, {KEYS[0]: [page()]})
        modes = {each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    assert (modes, path.parent.stat().st_mode & 0o777) == ({0o600}, 0o700)


def test_a_profile_that_is_too_old_counts_as_none_also_while_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    today = day_of(TUESDAY)
    with opened(path) as writing:
        write(writing, {KEYS[0]: [page()]})
        assert read(path, KEYS[0], oldest_day=today) is not None
        assert read(path, KEYS[0], oldest_day=today + 1) is None
        settled = write(writing, {KEYS[0]: [page(days=200)]}, oldest_day=today + 1)
    profile = settled[KEYS[0]]
    assert profile is not None
    assert profile.visits == 1
    assert rows(path) == 1


def test_rows_that_are_too_old_go_one_partition_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with opened(path) as writing:
        write(writing, {key: [page(days=n % 2)] for n, key in enumerate(KEYS[:100])})
        for partition in range(PARTITIONS):
            writing.age(partition, oldest_day=day_of(TUESDAY) + 1, max_bytes=ROOMY)
    assert rows(path) == 50
    assert read(path, KEYS[0]) is None
    assert read(path, KEYS[1]) is not None


def test_a_file_that_is_too_large_loses_its_oldest_rows_and_shrinks(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with opened(path) as writing:
        for start in range(0, len(KEYS), 1000):
            write(writing, {key: [page("/x" * 90, days=n % 50)] for n, key in enumerate(KEYS[start : start + 1000])})
        writing.wipe()
        before, large = writing.used_bytes(), path.stat().st_size
        # An empty file has a page for each partition.
        limit = (before + PARTITIONS * 4096) // 2
        for turn in range(30 * PARTITIONS):
            writing.age(turn % PARTITIONS, oldest_day=0, max_bytes=limit)
        writing.wipe()
        assert writing.used_bytes() <= limit
        assert path.stat().st_size < large
        with closing(connect_to_write(path)) as reading:
            kept = [load(reading, key, oldest_day=0) for key in KEYS]
    newest = [each for n, each in enumerate(kept) if n % 50 >= 40]
    oldest = [each for n, each in enumerate(kept) if n % 50 < 10]
    assert sum(each is None for each in oldest) > sum(each is None for each in newest)


def test_what_was_erased_is_in_no_byte_of_the_files(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    # Enough rows, grown and moved often enough, for pages to be split and rows to be copied.
    with opened(path) as writing:
        for turn in range(3):
            for start in range(0, len(KEYS), 500):
                batch = {key: [page(f"{CANARY}-{key.hex()}{'x' * (n % 90)}", days=turn)]
                         for n, key in enumerate(KEYS[start : start + 500])}  # fmt: skip
                write(writing, batch)
        gone = KEYS[::7]
        assert all(key in content(path) and key.hex().encode() in content(path) for key in gone[:20])
        for start in range(0, len(gone), 100):
            write(writing, {key: [ERASURE] for key in gone[start : start + 100]})
        assert writing.is_wiped is False
        writing.wipe()
        assert writing.is_wiped is True
        left = content(path)
        assert [key for key in gone if key in left or key.hex().encode() in left] == []
        assert KEYS[1] in left
    assert rows(path) == len(KEYS) - len(gone)


def test_a_visitor_who_was_erased_and_comes_back_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with opened(path) as writing:
        write(writing, {KEYS[0]: [page(CANARY)]})
        settled = write(writing, {KEYS[0]: [ERASURE, page()]})
        writing.wipe()
        assert CANARY.encode() not in content(path)
    profile = settled[KEYS[0]]
    assert profile is not None
    assert profile.pages == 1
    assert rows(path) == 1


def test_erasing_who_is_not_there_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with opened(path) as writing:
        assert write(writing, {KEYS[0]: [ERASURE]}) == {KEYS[0]: None}
        assert writing.is_wiped is True
    assert rows(path) == 0


def test_the_log_is_emptied_later_if_somebody_reads_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.db"
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    with opened(path) as writing, closing(connect_to_read(path)) as reading:
        write(writing, {KEYS[0]: [page(CANARY)]})
        reading.execute("BEGIN")
        reading.execute("SELECT rows FROM total").fetchall()
        write(writing, {KEYS[0]: [ERASURE]})
        writing.wipe()
        assert writing.is_wiped is False
        reading.execute("COMMIT")
        writing.wipe()
        assert writing.is_wiped is True
        assert CANARY.encode() not in content(path)


def test_a_row_that_is_no_profile_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with opened(path) as writing:
        write(writing, {KEYS[0]: [page(), page()]})
        with closing(connect_to_write(path)) as other:
            other.execute(f"UPDATE profile_{KEYS[0][0]:02x} SET body = x'00'")  # noqa: S608
        settled = write(writing, {KEYS[0]: [page()]})
        assert writing.unreadable == 1
    profile = settled[KEYS[0]]
    assert profile is not None
    assert profile.pages == 1
    assert rows(path) == 1


def test_two_processes_lose_none_of_each_others_steps(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with opened(path) as one, opened(path) as other:
        for _ in range(20):
            write(one, {KEYS[0]: [page()]})
            write(other, {KEYS[0]: [page(), page()]})
    profile = read(path, KEYS[0])
    assert profile is not None
    assert profile.pages == 60


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "p.db"

    def refuse(key: bytes, profile: Profile | None) -> None:
        raise ZeroDivisionError

    with opened(path) as writing:
        write(writing, {KEYS[0]: [page()]})
        with pytest.raises(ZeroDivisionError):
            writing.write({KEYS[0]: [ERASURE]}, refuse, oldest_day=0)
        write(writing, {KEYS[1]: [page()]})
    assert rows(path) == 2


def test_an_older_file_is_brought_to_this_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.db"
    with opened(path) as writing:
        write(writing, {KEYS[0]: [page()]})
    later = (*MIGRATIONS, lambda: ["CREATE TABLE later (x)"])
    monkeypatch.setattr(database, "MIGRATIONS", later)
    assert prepare(path, TUESDAY) == ()
    assert prepare(path, TUESDAY) == ()
    assert rows(path) == 1
    with closing(connect_to_write(path)) as reading:
        assert reading.execute("PRAGMA user_version").fetchone() == (2,)
        assert reading.execute("SELECT * FROM later").fetchall() == []


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.db"
    with opened(path):
        pass
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, lambda: ["CREATE TABLE later (x)", "nonsense"]))
    with pytest.raises(StoreError, match="nonsense"):
        prepare(path, TUESDAY)
    with closing(connect_to_write(path)) as reading:
        assert reading.execute("PRAGMA user_version").fetchone() == (1,)
        assert reading.execute("SELECT 1 FROM sqlite_schema WHERE name = 'later'").fetchall() == []


def test_a_file_of_a_later_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with opened(path), closing(connect_to_write(path)) as other:
        other.execute("PRAGMA user_version = 9")
    with pytest.raises(StoreError, match=r"later version of Tailor \(schema 9; this one knows 1: install"):
        prepare(path, TUESDAY)
    with pytest.raises(StoreError):
        Database(path)


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE note (text)")
        other.commit()
    with pytest.raises(StoreError, match="is another program's database"):
        prepare(path, TUESDAY)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_schema").fetchall() == [("note",)]


@pytest.mark.parametrize("damage", [b"\x00" * 4096, b"no database at all, but a text that is long enough" * 100])
def test_a_broken_file_is_moved_aside_and_a_new_one_begun(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "p.db"
    path.write_bytes(damage)
    (warning,) = prepare(path, TUESDAY)
    aside = tmp_path / "p.db.corrupt-20261201T100000"
    assert warning == f"{path}: the profiles could not be read and begin anew (the old file is {aside})"
    assert aside.read_bytes() == damage
    assert rows(path) == 0
    assert prepare(path, TUESDAY) == ()


def test_a_file_that_was_found_damaged_in_use_is_moved_aside_too(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    with opened(path) as writing:
        write(writing, {KEYS[0]: [page()]})
    database.damage_marker(path).touch()
    assert len(prepare(path, TUESDAY)) == 1
    assert rows(path) == 0
    assert prepare(path, TUESDAY) == ()


def test_a_folder_that_can_not_be_had_is_told_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"can't be used: .* \(choose another --profile-db\)"):
        prepare(tmp_path / "file" / "p.db", TUESDAY)
    with pytest.raises(StoreError, match=r"can't be used: Is a directory"):
        prepare(tmp_path, TUESDAY)
