"""The thread in which the file of profiles is read, so that a disk that hangs holds up nobody but this thread.

A request can't be decided before the answer is there, and the way there and back takes some 10 µs. So it is simply
waited for, though not for long.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

from proxy.profile.store import UnavailableError

READ_SECONDS = 0.25
"""How long all of a process waits for one read, before nothing is read until the disk has answered."""

_T = TypeVar("_T")


class ReadingThread:
    """Does one thing at a time, and nothing while something takes longer than `seconds`. One thread may call it."""

    def __init__(self, seconds: float = READ_SECONDS) -> None:
        self._seconds = seconds
        self._orders: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._answers: SimpleQueue[BaseException | None] = SimpleQueue()
        self._is_late = False
        self._thread = threading.Thread(target=self._run, name="profiles-read", daemon=True)
        self.late = 0
        """How often something took too long."""

    def call(self, work: Callable[[], _T]) -> _T:
        """What the work gives or raises; UnavailableError where that takes too long, or what came before still does."""
        if self._is_late:
            self._drop_late_answer()
        elif self._thread.ident is None:
            self._thread.start()
        answer: list[_T] = []
        self._orders.put(lambda: answer.append(work()))
        try:
            error = self._answers.get(timeout=self._seconds)
        except Empty:
            self._is_late = True
            self.late += 1
            raise UnavailableError from None
        if error is not None:
            raise error
        return answer[0]

    def close(self) -> None:
        """Begin nothing any more; nobody waits for what still hangs."""
        self._orders.put(None)

    def _drop_late_answer(self) -> None:
        try:
            self._answers.get_nowait()
        except Empty:
            raise UnavailableError from None
        self._is_late = False

    def _run(self) -> None:
        while (work := self._orders.get()) is not None:
            try:
                work()
            except BaseException as error:
                self._answers.put(error)
            else:
                self._answers.put(None)
