"""When requests are due."""

from __future__ import annotations

import asyncio

from tests.isolation.pace import Number, Pace, Schedule


class Clock:
    """Time that passes by sleeping, and by what `work` takes."""

    def __init__(self, work: float = 0.0) -> None:
        self.now = 100.0
        self._work = work

    async def sleep(self, seconds: float) -> None:
        self.now += max(0.0, seconds) + self._work


async def times(pace: Pace, clock: Clock, count: int = 1) -> list[float]:
    """When each of its requests was sent."""
    sent: list[float] = []
    while await pace.take(count):
        sent.append(clock.now)
    assert pace.is_over
    return sent


def scheduled(seconds: float, rate: float, clock: Clock, count: int = 1) -> list[float]:
    return asyncio.run(times(Schedule(seconds, rate, clock=lambda: clock.now, sleep=clock.sleep), clock, count))


def test_a_number_of_requests_is_sent_without_waiting() -> None:
    clock = Clock()
    assert asyncio.run(times(Number(3), clock)) == [100.0] * 3


def test_requests_of_a_schedule_are_sent_when_they_are_due() -> None:
    assert scheduled(1.0, 4, Clock()) == [100.0, 100.25, 100.5, 100.75]


def test_several_at_once_put_off_those_after_them() -> None:
    assert scheduled(1.0, 4, Clock(), count=2) == [100.0, 100.5]


def test_who_is_late_puts_nobody_off() -> None:
    clock = Clock(work=0.25)
    assert scheduled(1.0, 4, clock) == [100.25, 100.5, 100.75, 101.0]
