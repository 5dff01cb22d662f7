from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

import pytest

from proxy.watched import WatchedFile


def replace(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.rename(path)


def opened(path: Path, text: str) -> WatchedFile[int]:
    path.write_text(text)
    watched = WatchedFile(path, lambda path: int(path.read_text()), 0)
    watched.open()
    return watched


def test_a_file_that_changed_is_read_anew(tmp_path: Path) -> None:
    watched = opened(tmp_path / "file", "1")
    assert watched.current == 1
    assert watched.refresh() is False
    replace(watched.path, "2")
    assert watched.refresh() is True
    assert watched.current == 2


def test_a_wrong_one_changes_nothing_and_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    watched = opened(tmp_path / "file", "1")
    replace(watched.path, "one")
    with caplog.at_level(logging.ERROR):
        assert [watched.refresh() for _ in range(3)] == [False, False, False]
    assert watched.current == 1
    (record,) = caplog.records
    assert f"{watched.path} can't be used, and what was read before stays" in record.getMessage()


def test_one_that_is_gone_changes_nothing_until_it_is_back(tmp_path: Path) -> None:
    watched = opened(tmp_path / "file", "1")
    os.remove(watched.path)
    assert watched.refresh() is False
    assert watched.current == 1
    replace(watched.path, "3")
    assert watched.refresh() is True
    assert watched.current == 3


def test_the_first_one_has_to_be_right(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        opened(tmp_path / "file", "one")


def test_the_watch_reads_in_the_background_and_ends_when_asked_to(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("1")

    async def watch() -> int:
        loop = asyncio.get_running_loop()
        swapped, stop = asyncio.Event(), asyncio.Event()

        def load(path: Path) -> int:
            if path.read_text() == "2":
                loop.call_soon_threadsafe(swapped.set)
            return int(path.read_text())

        watched = WatchedFile(path, load, 0)
        watched.open()
        replace(path, "2")
        async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
            tasks.create_task(watched.watch(stop, look_seconds=0.001))
            await swapped.wait()
            stop.set()
        return watched.current

    assert asyncio.run(watch()) == 2
