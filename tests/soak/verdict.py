"""Whether a soak went well, and how it is told: nobody got a wrong answer, nothing is left over, memory is flat.

Pure: an outcome becomes findings, and lines of a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from tests.soak.run import SAMPLE_SECONDS, Outcome, Sample
from tests.soak.usage import Usage

FLAT_RATE = 0.05
"""How much more memory may be used in the end, of what it was."""
SETTLED = slice(2, 4)
"""The third and the fourth minute, in which memory is told at first: what is kept has its size by then."""
LAST = slice(-2, None)
_SAMPLES = round(60 / SAMPLE_SECONDS)


@dataclass(frozen=True, slots=True)
class Minute:
    """What one minute of the load was like."""

    rate: float
    busy: float
    usages: tuple[Usage, ...]

    @property
    def resident(self) -> float:
        """Its memory in RAM, in MB."""
        return fmean(usage.resident for usage in self.usages)


def minutes(samples: Sequence[Sample]) -> list[Minute]:
    """The minutes that are whole. Each begins with the sample that ended the one before."""
    found: list[Minute] = []
    for begin in range(0, len(samples) - _SAMPLES, _SAMPLES):
        first, *others = samples[begin : begin + _SAMPLES + 1]
        last = others[-1]
        seconds = last.seconds - first.seconds
        busy = (last.usage.busy_seconds - first.usage.busy_seconds) / seconds
        found.append(Minute((last.answers - first.answers) / seconds, busy, tuple(each.usage for each in others)))
    return found


def growth(told: Sequence[Minute]) -> float | None:
    """How much more memory is used in the last two minutes than in the third and fourth; None of a soak too short."""
    if len(told) < SETTLED.stop - LAST.start:
        return None
    settled, last = (fmean(minute.resident for minute in told[part]) for part in (SETTLED, LAST))
    return last / settled - 1


def findings(outcome: Outcome) -> list[str]:
    """What is wrong; nothing where all is well."""
    wrong = [f"{count} times {fault}" for fault, count in outcome.tally.faults.most_common()]
    wrong += [f"Tailor says: {trouble}" for trouble in outcome.troubles]
    wrong += [f"left over: {more} {name}" for name, more in outcome.ended.beyond(outcome.rested).items()]
    grown = growth(minutes(outcome.samples))
    if grown is not None and grown > FLAT_RATE:
        wrong.append(f"memory grew by {grown:.1%}")
    return wrong


def table(outcome: Outcome) -> Iterator[str]:
    """What was used: at rest before the load, in each minute of it, and at rest again."""
    yield "  ".join(("minute", "req/s", "busy", *(column.name for column in _COLUMNS)))
    yield _row("before", " " * 5, " " * 4, (outcome.rested,))
    for number, minute in enumerate(minutes(outcome.samples), start=1):
        yield _row(f"{number:>6}", f"{minute.rate:>5,.0f}", f"{minute.busy:>4.0%}", minute.usages)
    yield _row("after ", " " * 5, " " * 4, (outcome.ended,))


def _row(name: str, rate: str, busy: str, usages: Sequence[Usage]) -> str:
    return "  ".join((name, rate, busy, *(column.tell(usages) for column in _COLUMNS)))


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    read: Callable[[Usage], float]
    of_several: Callable[[Sequence[float]], float] = max
    form: str = ".0f"

    def tell(self, usages: Sequence[Usage]) -> str:
        return f"{self.of_several([self.read(usage) for usage in usages]):>{len(self.name)}{self.form}}"


_COLUMNS = (
    _Column("   MB", lambda usage: usage.resident, fmean, ".1f"),
    _Column("anonymous", lambda usage: usage.anonymous, fmean, ".1f"),
    _Column("kept", lambda usage: usage.kept, fmean, ".1f"),
    _Column("fds", lambda usage: usage.descriptors),
    _Column("threads", lambda usage: usage.threads),
    _Column("tasks", lambda usage: usage.tasks),
    _Column("visitors", lambda usage: usage.connections),
    _Column("origin", lambda usage: usage.origin_connections),
    _Column("websockets", lambda usage: usage.websockets),
)
"""Memory is told by its mean, in MB; what is counted, by the most of it."""
