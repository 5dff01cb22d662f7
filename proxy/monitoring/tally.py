"""Histograms as Prometheus has them, in plain numbers: to count costs next to nothing, and nobody waits to be read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

FAST_SECONDS = (
    0.00005,
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1,
    2.5,
    5,
    10,
)
"""From what is in memory, which takes microseconds, to what somebody gives up on."""

SLOW_SECONDS = FAST_SECONDS[4:]


class Tallied(NamedTuple):
    """A histogram at one moment: how much was at most each of its `bounds`, and above the last, each by itself."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    sum: float


class Histogram:
    """Counts values by size. A value that is a bound itself is within it (`le`).

    Who has no time for a call counts by `bounds`, `counts` and `sum` as `observe` does.
    """

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def told(self) -> Tallied:
        """What was counted so far."""
        return Tallied(self.bounds, tuple(self.counts), self.sum)
