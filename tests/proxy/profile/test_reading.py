from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from proxy.profile.reading import ReadingThread
from proxy.profile.store import UnavailableError

PATIENCE_SECONDS = 30


@pytest.fixture
def thread() -> Iterator[ReadingThread]:
    thread = ReadingThread(PATIENCE_SECONDS)
    yield thread
    thread.close()


def test_work_is_done_in_a_thread_of_its_own_and_waited_for(thread: ReadingThread) -> None:
    assert thread.call(lambda: threading.current_thread().name) == "profiles-read"


def test_what_work_raises_is_raised_and_the_next_work_is_done(thread: ReadingThread) -> None:
    with pytest.raises(ZeroDivisionError):
        thread.call(lambda: 1 // 0)
    assert thread.call(lambda: 1) == 1


def test_work_that_hangs_is_waited_for_once_and_nothing_is_asked_until_it_is_done() -> None:
    thread, blocked, begun = ReadingThread(0.01), threading.Event(), list[bool]()

    def hang() -> None:
        begun.append(True)
        blocked.wait(PATIENCE_SECONDS)

    for _ in range(3):
        with pytest.raises(UnavailableError):
            thread.call(hang)
    assert thread.late == 1
    blocked.set()
    thread.close()
    assert len(begun) <= 1


def test_once_the_late_answer_is_there_work_goes_on_without_it() -> None:
    thread, blocked, done = ReadingThread(0.01), threading.Event(), threading.Event()
    with pytest.raises(UnavailableError):
        thread.call(lambda: blocked.wait(PATIENCE_SECONDS))
    blocked.set()
    # The answer comes after the work, in its own time.
    while not done.is_set():
        try:
            assert thread.call(lambda: 2) == 2
            done.set()
        except UnavailableError:
            continue
    thread.close()
