from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from proxy.page.compressor import Compressor

PATIENCE_SECONDS = 10


class Gate:
    """Work that ends once it is let."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()

    def work(self) -> str:
        self.begun.set()
        assert self.open.wait(PATIENCE_SECONDS)
        return "gate"


@pytest.fixture
def compressor() -> Iterator[Compressor]:
    compressor = Compressor()
    yield compressor
    compressor.close()


def test_results_are_taken_in_order_by_who_asks(compressor: Compressor) -> None:
    taken: list[tuple[str, int]] = []
    for name in ("first", "second"):
        compressor.ask(lambda name=name: name, lambda result: taken.append((result, threading.get_ident())))  # type: ignore[misc]
    compressor.finish()

    assert taken == [("first", threading.get_ident()), ("second", threading.get_ident())]


def test_work_is_done_in_another_thread_while_its_asker_goes_on(compressor: Compressor) -> None:
    gate, taken = Gate(), list[str]()
    compressor.ask(gate.work, taken.append)
    assert gate.begun.wait(PATIENCE_SECONDS)
    compressor.collect()
    assert taken == []
    gate.open.set()
    compressor.finish()
    assert taken == ["gate"]


def test_only_so_much_waits(compressor: Compressor) -> None:
    gate, taken = Gate(), list[str]()
    asked = [compressor.ask(gate.work, taken.append) for _ in range(20)]
    gate.open.set()
    compressor.finish()

    assert [number for number, cancel in enumerate(asked) if cancel is not None] == list(range(16))
    assert len(taken) == 16
    assert compressor.ask(gate.work, taken.append) is not None


def test_what_is_cancelled_is_not_done(compressor: Compressor) -> None:
    gate, taken = Gate(), list[str]()
    compressor.ask(gate.work, taken.append)
    cancel = compressor.ask(lambda: "cancelled", taken.append)
    assert cancel is not None
    assert cancel()
    gate.open.set()
    compressor.finish()
    assert taken == ["gate"]


def test_work_that_fails_is_told_of_and_the_next_is_done(
    compressor: Compressor, caplog: pytest.LogCaptureFixture
) -> None:
    taken: list[float] = []
    compressor.ask(lambda: 1 / 0, taken.append)
    compressor.ask(lambda: 1.0, taken.append)
    compressor.finish()

    assert taken == [1.0]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_nothing_runs_once_it_is_closed() -> None:
    gate, taken = Gate(), list[str]()
    compressor = Compressor()
    before = threading.active_count()
    for _ in range(3):
        compressor.ask(gate.work, taken.append)
    assert gate.begun.wait(PATIENCE_SECONDS)
    gate.open.set()
    compressor.close()
    compressor.collect()

    assert threading.active_count() == before
    assert taken == []
    assert compressor.ask(gate.work, taken.append) is None
    compressor.close()
