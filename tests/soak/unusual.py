"""Visitors who are unlike the crowd, now and then: slow ones, such as leave halfway, and such as talk over a WebSocket.

Their answers are judged like everyone's; the crowd itself is `tests.isolation.driver`'s.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections import Counter
from collections.abc import Awaitable, Callable

from websockets.asyncio.client import connect

from tests.isolation.checker import Checker
from tests.isolation.driver import Line, keep_cookies
from tests.isolation.visitors import Ask, Asker

EVERY_SECONDS = 2.0
"""Between two visits of one sort, on average."""
SLOW_SECONDS = 3.0
"""How long a slow one takes for a request, or until they read its answer."""
_PIECES = 10
_NARROW_BYTES = 4_096
_SOME_BYTES = 50_000


class NarrowLine(Line):
    """A connection that takes little at a time, so that a large answer waits in the proxy for its reader."""

    async def __aenter__(self) -> NarrowLine:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _NARROW_BYTES)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", self._port))
        self._reader, self._writer = await asyncio.open_connection(sock=connection, limit=4 * _NARROW_BYTES)
        self.is_open = True
        return self


class Unusual:
    """Their visits, by chance. `visits` counts those that came to their end, by sort."""

    def __init__(self, port: int, asker: Asker, checker: Checker, chance: random.Random) -> None:
        self._port = port
        self._asker = asker
        self._checker = checker
        self._chance = chance
        self.visits: Counter[str] = Counter()

    async def come(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for visit in (self.send_slowly, self.read_late, self.leave_halfway, self.talk, self.hang_up):
                tasks.create_task(self._at_times(visit))

    async def _at_times(self, visit: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / EVERY_SECONDS))
            await visit()
            self.visits[visit.__name__] += 1

    async def send_slowly(self) -> None:
        """A request whose head comes in pieces."""
        ask = self._asker.ask()
        message = ask.encode()
        size = len(message) // _PIECES + 1
        async with Line(self._port) as line:
            for begin in range(0, len(message), size):
                line.send(message[begin : begin + size])
                await asyncio.sleep(SLOW_SECONDS / _PIECES)
            await self._judge(line, ask)

    async def read_late(self) -> None:
        """A large page, whose reader is away for a while."""
        ask = self._large()
        async with NarrowLine(self._port) as line:
            line.send(ask.encode())
            await asyncio.sleep(SLOW_SECONDS)
            await self._judge(line, ask)

    async def leave_halfway(self) -> None:
        """A large page, of which some comes before its reader resets the connection."""
        async with NarrowLine(self._port) as line:
            await line.leave(self._large(), after_bytes=_SOME_BYTES)

    async def talk(self) -> None:
        """A WebSocket over which what is said comes back, and which is closed in due form."""
        async with connect(self._socket_url(), proxy=None) as websocket:
            for number in range(_PIECES):
                said = f"{number} {self._chance.getrandbits(64):x}" * 100
                await websocket.send(said)
                assert await websocket.recv() == said
                await asyncio.sleep(SLOW_SECONDS / _PIECES)

    async def hang_up(self) -> None:
        """A WebSocket whose visitor is gone without a word."""
        async with connect(self._socket_url(), proxy=None) as websocket:
            await websocket.send("anyone?")
            websocket.transport.abort()

    async def _judge(self, line: Line, ask: Ask) -> None:
        got = await line.read(ask.method)
        self._checker.check(ask, got)
        keep_cookies(ask.visitor, got)

    def _large(self) -> Ask:
        return self._asker.as_someone(self._chance.choice(("plain", "touched")), "large", self._chance.randrange(2))

    def _socket_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/{self._chance.choice(('plain', 'touched'))}/socket/0"
