"""Five hundred visitors who want one page at the same moment: one fetch where it is everyone's, else one for each."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from tests.isolation.checker import Checker
from tests.isolation.driver import Line
from tests.isolation.origin import encode, read_request
from tests.isolation.pages import reply_to
from tests.isolation.stage import Tailor, running_tailor
from tests.isolation.visitors import Ask, crowd
from tests.isolation.wire import Got

HERD = 500
_ALIVE = b"GET /_tailor/livez HTTP/1.1\r\nHost: shop.example\r\n\r\n"


@dataclass
class HeldOrigin:
    """An origin that answers at once, but holds back what is asked of `held` until it is `released`."""

    held: str
    released: asyncio.Event = field(default_factory=asyncio.Event)
    asked: Counter[str] = field(default_factory=Counter)
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def listen(self, listener: socket.socket) -> AsyncIterator[None]:
        """Serves on a socket that stays open for the next one."""

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.serving.add(asyncio.create_task(self._serve(reader, writer)))

        server = await asyncio.start_server(accept, sock=listener.dup(), backlog=HERD)
        try:
            yield
        finally:
            server.close()
            for task in self.serving:
                task.cancel()
            await asyncio.gather(*self.serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chance = random.Random(1)
        try:
            while True:
                request = read_request((await reader.readuntil(b"\r\n\r\n"))[:-4], 1, chance)
                self.asked[request.path] += 1
                if request.path == self.held:
                    await self.released.wait()
                reply = reply_to(request)
                writer.write(encode(request, reply, reply.ending))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tailor, socket.socket]]:
    """Tailor, and the socket on which its origin is to listen."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=HERD) as listener,
        running_tailor(listener.getsockname()[1], tmp_path_factory.mktemp("herd")) as tailor,
    ):
        yield tailor, listener


async def send_at_once(stage: tuple[Tailor, socket.socket], asks: list[Ask], origin: HeldOrigin) -> list[Got]:
    """The answers to requests that all have reached the proxy before the origin answers the first of them."""
    tailor, listener = stage
    async with origin.listen(listener), contextlib.AsyncExitStack() as opened:
        lines = [await opened.enter_async_context(Line(tailor.port)) for _ in asks]
        await asyncio.gather(*(is_served(line) for line in lines))
        for line, ask in zip(lines, asks, strict=True):
            line.send(ask.encode())
        # The proxy reads what came in the order in which it came, and a request that goes as far as the origin and
        # back takes it more turns than the others take to get where they wait.
        for number in range(2):
            aside = Ask(asks[0].visitor, "plain", "no-store", number, f"aside-{number}")
            async with Line(tailor.port) as line:
                await line.ask(aside)
        origin.released.set()
        return await asyncio.gather(*(line.read(ask.method) for line, ask in zip(lines, asks, strict=True)))


async def is_served(line: Line) -> None:
    """The connection was accepted, and has answered once."""
    line.send(_ALIVE)
    assert (await line.read("GET")).status == 200


def herd(room: str, kind: str, number: int, *credentials: str) -> list[Ask]:
    return [
        Ask(visitor, room, kind, number, f"{index}-herd", credentials=frozenset(credentials), keeps_alive=False)
        for index, visitor in enumerate(crowd(HERD, random.Random(1)))
    ]


def judge(asks: list[Ask], answers: list[Got]) -> Checker:
    checker = Checker()
    for ask, got in zip(asks, answers, strict=True):
        checker.check(ask, got)
    assert not checker.tally.faults, f"{checker.tally}\n\n" + "\n\n".join(map(str, checker.tally.findings))
    return checker


@pytest.mark.parametrize("room", ["plain", "touched"])
def test_a_herd_on_a_page_for_everyone_costs_one_fetch(stage: tuple[Tailor, socket.socket], room: str) -> None:
    asks, origin = herd(room, "lasting", 0, "name"), HeldOrigin(f"/{room}/lasting/0")
    answers = asyncio.run(send_at_once(stage, asks, origin))
    tally = judge(asks, answers).tally
    assert (tally.statuses, origin.asked[origin.held]) == ({200: HERD}, 1)
    assert tally.due == tally.came == (3 * HERD if room == "touched" else 0)


@pytest.mark.parametrize("room", ["plain", "touched"])
@pytest.mark.parametrize("credential", ["session", "name"])
def test_a_herd_on_a_private_page_gets_each_visitors_own(
    stage: tuple[Tailor, socket.socket], room: str, credential: str
) -> None:
    number = ("session", "name").index(credential)
    asks, origin = herd(room, "private", number, credential), HeldOrigin(f"/{room}/private/{number}")
    answers = asyncio.run(send_at_once(stage, asks, origin))
    tally = judge(asks, answers).tally
    assert (tally.statuses, origin.asked[origin.held]) == ({200: HERD}, HERD)
    assert tally.due == tally.came >= HERD
