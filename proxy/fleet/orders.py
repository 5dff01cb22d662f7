"""What an operator can have a process do, or each of a fleet: purge, read the rules again, tell of itself.

Owns what is done and what is told of it. How an order reaches every process is `proxy.fleet.parent`'s, who may give one
is `proxy.admin`'s.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from proxy.cache.page_cache import PageCache
from proxy.fleet.purges import Purge
from proxy.monitoring.metrics import Measures
from proxy.page.drift import RECENT, Drift
from proxy.reload import RuleKeeper
from proxy.settings.model import Settings

Counts: TypeAlias = Mapping[str, Mapping[str, int] | int]

MAX_PROBLEMS = 100
"""How many problems of a rulebook are told at once."""

# One file that all processes share: each tells of the whole.
_SHARED = frozenset({"profiles"})


@dataclass(frozen=True, slots=True)
class Reload:
    """Look at the rules now, and let them go live if they load."""


@dataclass(frozen=True, slots=True)
class TellStatus:
    """Tell what runs."""


@dataclass(frozen=True, slots=True)
class TellMetrics:
    """Tell what is measured."""


Order = Purge | Reload | TellStatus | TellMetrics


@dataclass(frozen=True, slots=True)
class Status:
    """What runs in one process, and what it has counted since it began."""

    facts: Mapping[str, Any]
    counts: Counts

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**self.facts, **self.counts}


@dataclass(frozen=True, slots=True)
class Orders:
    """Carries orders out in this process; `cache` is None where pages are not kept."""

    settings: Settings
    keeper: RuleKeeper
    version: str
    counts: Callable[[], Counts]
    cache: PageCache | None = None
    measure: Callable[[], Measures] = dict
    drifts: Callable[[], Sequence[Drift]] = tuple

    async def carry_out(self, order: Order) -> Any:
        """What comes of an order: the number of purged responses, or a part of the status."""
        match order:
            case Purge():
                return order.apply(self.cache) if self.cache is not None else 0
            case Reload():
                await self.keeper.refresh()
                return {"process": os.getpid(), **self._rules()}
            case TellStatus():
                return self.status()
            case TellMetrics():
                return self.measure()

    def status(self) -> Status:
        """What runs here."""
        book = self.keeper.book
        facts = {
            "version": self.version,
            "process": os.getpid(),
            "origin": self.settings.origin,
            "rules": str(self.keeper.folder),
            "experiences": [experience.id for experience in book.live],
            "drift": [_told_drift(drift) for drift in self.drifts()],
            **self._rules(),
        }
        # Copies: the status may be on its way to another process while this one counts on.
        return Status(facts, {name: _copy(value) for name, value in self.counts().items()})

    def _rules(self) -> dict[str, Any]:
        failure = self.keeper.failure
        return {
            "experiences_live": len(self.keeper.book.live),
            "last_reload": self.keeper.loaded_at.isoformat(timespec="seconds"),
            "last_error": failure
            and {
                "at": failure.at.isoformat(timespec="seconds"),
                "problems": list(failure.problems[:MAX_PROBLEMS]),
            },
        }


def totals(each: Iterable[Counts]) -> Counts:
    """What several processes have counted together.

    >>> totals([{"set_aside": 1, "failures": {"cut": 1}}, {"set_aside": 2, "failures": {"cut": 2, "decide": 1}}])
    {'set_aside': 3, 'failures': {'cut': 3, 'decide': 1}}
    """
    sums: dict[str, dict[str, int] | int] = {}
    for counts in each:
        for name, value in counts.items():
            if name in _SHARED:
                continue
            before = sums.get(name, 0)
            if isinstance(value, int):
                sums[name] = value + (before if isinstance(before, int) else 0)
            else:
                known = before if isinstance(before, dict) else {}
                sums[name] = known | {key: known.get(key, 0) + count for key, count in value.items()}
    return sums


def _copy(value: Mapping[str, int] | int) -> Mapping[str, int] | int:
    return value if isinstance(value, int) else dict(value)


def _told_drift(drift: Drift) -> dict[str, Any]:
    return {
        "experience": drift.experience,
        "selector": drift.selector,
        "url": drift.url,
        "since": datetime.fromtimestamp(drift.since, UTC).isoformat(timespec="seconds"),
        "found": drift.found,
        "cuts": RECENT,
        "found_before": drift.found_before,
        "cuts_before": drift.cuts_before,
    }
