from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import cast

import pytest
import uvloop
from websockets.frames import Frame, Opcode

from proxy.frames import GOING_AWAY, TOO_BIG, close_frame
from proxy.tunnel import End, Tunnel
from tests.proxy.origins import PATIENCE_SECONDS

LIMIT = 64 << 20
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@dataclass
class Peer:
    """What is at the far side of one of the tunnel's ends, and the near side's transport."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    near: asyncio.Transport

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def reset(self) -> None:
        raw: socket.socket = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.writer.transport.abort()


@contextlib.asynccontextmanager
async def connected(end: End) -> AsyncIterator[Peer]:
    made: asyncio.Future[asyncio.Transport] = asyncio.get_running_loop().create_future()

    class Accepting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            made.set_result(cast("asyncio.Transport", transport))
            transport.set_protocol(end)
            end.connection_made(transport)

    server = await asyncio.get_running_loop().create_server(Accepting, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    near = await made
    try:
        yield Peer(reader, writer, near)
    finally:
        writer.transport.abort()
        near.abort()
        server.close()


Scene = Callable[[Tunnel, Peer, Peer], Awaitable[None]]


def play(scene: Scene, loop: str = "asyncio", *, message_bytes: int = LIMIT) -> None:
    """Runs `scene` with a tunnel, and what is at the browser's and at the origin's far side; the tunnel has to end."""

    async def run() -> None:
        tunnel = Tunnel(message_bytes)
        async with asyncio.timeout(PATIENCE_SECONDS):
            async with connected(tunnel.browser) as browser, connected(tunnel.origin) as origin:
                await scene(tunnel, browser, origin)
            await tunnel.ended.wait()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(run())


async def became(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - a transport tells nobody that it was paused
        await asyncio.sleep(0)


def text(payload: bytes, *, final: bool = True) -> bytes:
    return Frame(Opcode.TEXT, payload, fin=final).serialize(mask=False)


every_loop = pytest.mark.parametrize("loop", LOOPS)


@every_loop
def test_what_one_says_the_other_hears(loop: str) -> None:
    async def scene(tunnel: Tunnel, browser: Peer, origin: Peer) -> None:
        browser.send(text(b"up"))
        origin.send(text(b"down"))

        assert await origin.reader.readexactly(4) == text(b"up")
        assert await browser.reader.readexactly(6) == text(b"down")

    play(scene, loop)


@every_loop
def test_an_end_waits_for_the_other_to_take_what_it_says(loop: str) -> None:
    size = 32 << 20

    async def scene(tunnel: Tunnel, browser: Peer, origin: Peer) -> None:
        # Nobody reads at the browser's side until then.
        browser.writer.transport.pause_reading()  # type: ignore[attr-defined]
        message = Frame(Opcode.BINARY, bytes(size)).serialize(mask=False)
        origin.send(message)
        await became(lambda: browser.near.get_write_buffer_size() > 0 and not origin.near.is_reading())

        assert browser.near.get_write_buffer_size() < 1 << 20

        browser.writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert await browser.reader.readexactly(len(message)) == message
        await became(origin.near.is_reading)

    play(scene, loop)


@every_loop
def test_half_a_connection_may_end_before_the_other_half(loop: str) -> None:
    async def scene(tunnel: Tunnel, browser: Peer, origin: Peer) -> None:
        origin.send(text(b"last"))
        origin.writer.write_eof()
        assert await browser.reader.read() == text(b"last")

        browser.send(text(b"still here"))
        browser.writer.write_eof()

        assert await origin.reader.read() == text(b"still here")
        await tunnel.ended.wait()

    play(scene, loop)


@every_loop
@pytest.mark.parametrize("leaver", ["browser", "origin"])
def test_who_closes_ends_both_connections(loop: str, leaver: str) -> None:
    async def scene(tunnel: Tunnel, browser: Peer, origin: Peer) -> None:
        gone, left = (browser, origin) if leaver == "browser" else (origin, browser)
        gone.writer.close()

        assert await left.reader.read() == b""
        left.writer.close()
        await tunnel.ended.wait()

    play(scene, loop)


@every_loop
@pytest.mark.parametrize("leaver", ["browser", "origin"])
def test_a_reset_passes_on_as_a_reset(loop: str, leaver: str) -> None:
    async def scene(tunnel: Tunnel, browser: Peer, origin: Peer) -> None:
        gone, left = (browser, origin) if leaver == "browser" else (origin, browser)
        gone.reset()

        with pytest.raises(ConnectionResetError):
            await left.reader.read()
        await tunnel.ended.wait()

    play(scene, loop)


@every_loop
def test_a_message_over_the_bound_closes_the_websocket_towards_both(loop: str) -> None:
    async def scene(tunnel: Tunnel, browser: Peer, origin: Peer) -> None:
        begun = text(b"x" * 900, final=False)
        browser.send(begun + Frame(Opcode.CONT, b"x" * 101).serialize(mask=False))

        assert await browser.reader.read() == close_frame(TOO_BIG, masked=False)
        assert await origin.reader.read() == begun + close_frame(GOING_AWAY, masked=True)
        assert tunnel.is_over

    play(scene, loop, message_bytes=1000)


def test_a_message_of_the_origin_over_the_bound_closes_the_websocket_towards_both() -> None:
    async def scene(tunnel: Tunnel, browser: Peer, origin: Peer) -> None:
        origin.send(text(b"x" * 1001))

        assert await origin.reader.read() == close_frame(TOO_BIG, masked=True)
        assert await browser.reader.read() == close_frame(GOING_AWAY, masked=False)

    play(scene, message_bytes=1000)


def test_a_goodbye_waits_until_the_frame_under_way_is_whole() -> None:
    async def scene(tunnel: Tunnel, browser: Peer, origin: Peer) -> None:
        message = text(b"x" * 200)
        origin.send(message[:100])
        assert await browser.reader.readexactly(100) == message[:100]
        tunnel.leave()
        origin.send(message[100:] + text(b"too late"))

        assert await browser.reader.read() == message[100:] + close_frame(GOING_AWAY, masked=False)
        assert await origin.reader.read() == close_frame(GOING_AWAY, masked=True)

    play(scene)


def test_who_does_not_go_is_left_behind() -> None:
    async def scene(tunnel: Tunnel, browser: Peer, origin: Peer) -> None:
        tunnel.leave()
        tunnel.end_within(0)
        await tunnel.ended.wait()

    play(scene)


def test_each_end_tells_its_former_owner_that_it_is_lost() -> None:
    lost: list[str] = []

    async def scene(tunnel: Tunnel, browser: Peer, origin: Peer) -> None:
        tunnel.browser.when_lost(lambda _: lost.append("browser"))
        tunnel.origin.when_lost(lambda _: lost.append("origin"))
        tunnel.abort()
        await tunnel.ended.wait()

    play(scene)

    assert sorted(lost) == ["browser", "origin"]
