"""The parent of a fleet: it passes on to every worker what one asks for, and gathers what they report.

Owns who was told and who is waited for. It never waits for one worker to serve another: what a worker does not read is
kept for it, within a bound, and one that dies is waited for no longer, since its memory is gone with it. Processes are
`proxy.fleet.workers`'s, messages `proxy.fleet.parent`'s.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import Any

from proxy.fleet.parent import PATIENCE_SECONDS, Ask, Do, Done, Line, Report, Reports, Told


@dataclass(slots=True)
class _Round:
    """One order on its way: whom it waits for, and who failed."""

    awaited: set[int]
    failed: set[int] = field(default_factory=set)
    reports: list[Report] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, process: int, report: Report | None) -> None:
        if process not in self.awaited:
            return
        if report is None:
            self.failed.add(process)
        else:
            self.reports.append(report)
        self.forget(process)

    def forget(self, process: int) -> None:
        self.awaited.discard(process)
        if not self.awaited:
            self.ended.set()


class Dispatch:
    """Every worker's line, by its process; an order waits `patience_seconds` for them at most."""

    def __init__(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience_seconds = patience_seconds
        self._lines: dict[int, Line] = {}
        self._rounds: dict[int, _Round] = {}
        self._numbers = itertools.count()

    async def attend(self, process: int, line: Line) -> None:
        """Pass on what a worker asks for and reports, until its line ends."""
        self._lines[process] = line
        try:
            async with asyncio.TaskGroup() as tasks:
                while (message := await line.hear()) is not None:
                    match message:
                        case Ask(number, order):
                            tasks.create_task(self._answer(line, number, order))
                        case Done(number, report) if number in self._rounds:
                            self._rounds[number].hear(process, report)
                # Before what it asked for is through: nobody waits for it any longer.
                self._leave(process, line)
        finally:
            self._leave(process, line)

    async def ask(self, order: Any) -> Reports:
        """Have an order done by every worker that there is."""
        number = next(self._numbers)
        told = {process: line.say(Do(number, order)) for process, line in self._lines.items()}
        current = _Round({process for process, is_told in told.items() if is_told})
        if not current.awaited:
            current.ended.set()
        self._rounds[number] = current
        try:
            async with asyncio.timeout(self._patience_seconds):
                await current.ended.wait()
        except TimeoutError:
            pass
        finally:
            del self._rounds[number]
        untold = {process for process, is_told in told.items() if not is_told}
        return Reports(tuple(current.reports), tuple(sorted(current.awaited | current.failed | untold)))

    async def _answer(self, line: Line, number: int, order: Any) -> None:
        line.say(Told(number, await self.ask(order)))

    def _leave(self, process: int, line: Line) -> None:
        line.close()
        if self._lines.get(process) is line:
            del self._lines[process]
            for current in self._rounds.values():
                current.forget(process)
