"""Responses that break off are shown in `test_server`."""

from __future__ import annotations

import asyncio

from proxy.cycle import GuardedFlow


class Pausing(asyncio.Transport):
    """A transport that knows whether it is read."""

    is_reading_paused = False

    def pause_reading(self) -> None:
        self.is_reading_paused = True

    def resume_reading(self) -> None:
        self.is_reading_paused = False


def test_reading_that_is_held_is_resumed_only_when_it_is_released() -> None:
    transport = Pausing()
    flow = GuardedFlow(transport)

    flow.hold_reading()
    flow.resume_reading()
    assert transport.is_reading_paused
    assert flow.read_paused

    flow.release_reading()
    assert not transport.is_reading_paused


def test_reading_that_is_not_held_is_resumed_by_anyone() -> None:
    transport = Pausing()
    flow = GuardedFlow(transport)

    flow.pause_reading()
    flow.resume_reading()

    assert not transport.is_reading_paused
