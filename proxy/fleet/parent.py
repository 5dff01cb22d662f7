"""What every process of a server does at once: one asks, all do it, and each reports what came of it.

Owns the way between a worker and its parent, and a worker's side of it; the parent's is `proxy.fleet.dispatch`'s. What
can be asked for is `proxy.fleet.orders`'s. A process that is alone asks itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import pickle
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

PATIENCE_SECONDS = 10.0
"""How long a process may take to do what it is asked for, before it is told of as one that did not."""

_GRACE_SECONDS = 1.0
_LENGTH = struct.Struct("!I")
# Far more than a process can owe that reads what it is told.
_MAX_UNREAD = 1 << 20

logger = logging.getLogger(__name__)

Perform = Callable[[Any], Awaitable[Any]]
"""Carries an order out in this process, and says what came of it; both can be pickled."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of an order in one process; `process` is its id."""

    process: int
    result: Any


@dataclass(frozen=True, slots=True)
class Reports:
    """What came of it in all; `missing` are processes that failed, or did not answer in time."""

    done: tuple[Report, ...] = ()
    missing: tuple[int, ...] = ()

    @property
    def results(self) -> tuple[Any, ...]:
        """What the processes made of it."""
        return tuple(report.result for report in self.done)


class Fleet(Protocol):
    """The processes that serve together, this one among them."""

    async def ask(self, order: Any) -> Reports:
        """Have an order done by all."""


@dataclass(frozen=True, slots=True)
class Alone:
    """A process that serves by itself."""

    do: Perform

    async def ask(self, order: Any) -> Reports:
        report = await attempt(self.do, order)
        return Reports(missing=(os.getpid(),)) if report is None else Reports((report,))


async def attempt(do: Perform, order: Any) -> Report | None:
    """What came of an order here; None where it failed, which is logged."""
    try:
        return Report(os.getpid(), await do(order))
    except Exception:
        logger.exception("%s failed", type(order).__name__)
        return None


@dataclass(frozen=True, slots=True)
class Ask:
    """From a worker: have all do this. `number` is the worker's own."""

    number: int
    order: Any


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to that."""

    number: int
    reports: Reports


@dataclass(frozen=True, slots=True)
class Do:
    """From the parent: do this. `number` is the parent's own."""

    number: int
    order: Any


@dataclass(frozen=True, slots=True)
class Done:
    """The answer to that; without a report it failed."""

    number: int
    report: Report | None


Message = Ask | Told | Do | Done


class Line:
    """One end of the way between a worker and its parent: whole messages, and nobody waits to be read."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, end: socket.socket) -> Line:
        """The line that ends in a Unix socket, which it owns from now on."""
        return cls(*await asyncio.open_unix_connection(sock=end))

    def say(self, message: Message) -> bool:
        """Send a message; False where the other side no longer reads."""
        if self._writer.transport.is_closing() or self._writer.transport.get_write_buffer_size() > _MAX_UNREAD:
            return False
        pickled = pickle.dumps(message)
        self._writer.write(_LENGTH.pack(len(pickled)) + pickled)
        return True

    async def hear(self) -> Message | None:
        """The next message; None where the other side is gone."""
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            pickled = await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, OSError):
            return None
        # Only a process of ours has the other end.
        message: Message = pickle.loads(pickled)  # noqa: S301
        return message

    def close(self) -> None:
        """Let go of it; the other side hears that this one is gone."""
        self._writer.close()


class Member:
    """A worker's place in the fleet: it does what the parent orders, and asks the parent on behalf of all."""

    def __init__(self, line: Line, do: Perform, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._line = line
        self._do = do
        self._patience_seconds = patience_seconds
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Reports]] = {}
        self._is_lost = False

    async def ask(self, order: Any) -> Reports:
        """Have an order done by all. Where the parent can't be reached, nobody has done it."""
        number = next(self._numbers)
        if self._is_lost or not self._line.say(Ask(number, order)):
            return Reports(missing=(os.getpid(),))
        self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            # The parent answers in time, whoever else does not.
            async with asyncio.timeout(self._patience_seconds + _GRACE_SECONDS):
                return await self._asked[number]
        except TimeoutError:
            return Reports(missing=(os.getpid(),))
        finally:
            del self._asked[number]

    async def run(self) -> None:
        """Do what is ordered, several at a time, until the parent lets go."""
        async with asyncio.TaskGroup() as tasks:
            while (message := await self._line.hear()) is not None:
                match message:
                    case Do(number, order):
                        tasks.create_task(self._obey(number, order))
                    case Told(number, reports):
                        self._hear_answer(number, reports)
        self._is_lost = True
        for number in self._asked:
            self._hear_answer(number, Reports(missing=(os.getpid(),)))

    def close(self) -> None:
        """Leave the fleet."""
        self._line.close()

    async def _obey(self, number: int, order: Any) -> None:
        self._line.say(Done(number, await attempt(self._do, order)))

    def _hear_answer(self, number: int, reports: Reports) -> None:
        asked = self._asked.get(number)
        if asked is not None:
            with contextlib.suppress(asyncio.InvalidStateError):  # whoever asked has left
                asked.set_result(reports)


@contextlib.asynccontextmanager
async def in_fleet(end: socket.socket | None, do: Perform) -> AsyncIterator[Fleet]:
    """The fleet of this process while it serves; without an `end` of a line it is alone."""
    if end is None:
        yield Alone(do)
        return
    member = Member(await Line.open(end), do)
    running = asyncio.create_task(member.run())
    try:
        yield member
    finally:
        member.close()
        await running
