"""The table of ratios: what each case came to beside its yardstick, and what it is to come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.quick_load import Measured

_HEAD = (
    f"{'':40}{'Tailor':>30}    {'yardstick':47}{'ratio':>15}{'target':>14}\n"
    f"{'case':32}{'connections':>12}{'req/s':>9}{'CPU µs':>8}{'busy':>6}{'MB':>5}    "
    f"{'server':26}{'req/s':>8}{'CPU µs':>8}{'busy':>6}{'req/s':>8}{'CPU':>7}{'first':>8}{'then':>6}"
)


@dataclass(frozen=True, slots=True)
class Target:
    """How many times a yardstick's requests per second a case has to answer: at first, and then."""

    first: float
    then: float

    def verdict(self, ratio: float) -> str:
        """What is told of a ratio."""
        return "met" if ratio >= self.then else "met at first" if ratio >= self.first else "missed"


@dataclass(frozen=True, slots=True)
class Row:
    """A case and its yardstick, each as the median of its runs."""

    case: str
    connections: int
    tailor: Measured
    yardstick: str
    other: Measured
    target: Target

    @property
    def by_requests(self) -> float:
        """How many requests a second Tailor answers for each of the yardstick's."""
        return self.tailor.per_second / self.other.per_second

    @property
    def by_cpu(self) -> float:
        """How many it answers in the time on its core in which the yardstick answers one."""
        return self.other.cpu_microseconds / self.tailor.cpu_microseconds

    @property
    def ratio(self) -> float:
        """What is judged: the lower one, since a server that waits is not fast, and one that is let wait not slow."""
        return min(self.by_requests, self.by_cpu)

    @property
    def is_missed(self) -> bool:
        """Whether not even the first target is reached."""
        return self.ratio < self.target.first

    def __str__(self) -> str:
        ours, theirs, target = self.tailor, self.other, self.target
        return (
            f"{self.case:32}{self.connections:>12}{ours.per_second:>9,.0f}{ours.cpu_microseconds:>8,.0f}"
            f"{ours.busy:>6.0%}{ours.megabytes:>5.0f}    "
            f"{self.yardstick:26}{theirs.per_second:>8,.0f}{theirs.cpu_microseconds:>8,.0f}{theirs.busy:>6.0%}"
            f"{self.by_requests:>8.2f}{self.by_cpu:>7.2f}{target.first:>8.2f}{target.then:>6.2f}  "
            f"{target.verdict(self.ratio)}"
        )


def middle(runs: Sequence[Measured]) -> Measured:
    """The median of each figure."""
    return Measured(
        per_second=median(run.per_second for run in runs),
        cpu_microseconds=median(run.cpu_microseconds for run in runs),
        busy=median(run.busy for run in runs),
        megabytes=median(run.megabytes for run in runs),
    )


def table(rows: Sequence[Row]) -> str:
    """All of it, a line each."""
    return "\n".join([_HEAD, *map(str, rows)])


def machine(facts: Mapping[str, str]) -> str:
    """What it was measured on, a line each."""
    wide = max(map(len, facts)) + 2
    return "\n".join(f"{name:{wide}}{fact}" for name, fact in facts.items())
