"""The origin, in a process of its own: reads requests off raw connections and sends what `pages` answers, also broken.

    python -m tests.isolation.origin

prints the port on which it listens, on 127.0.0.1, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import sys
import time
from typing import cast

from tests.isolation.echo import Echo, is_handshake
from tests.isolation.pages import Asked, Ending, Reply, reply_to

VERSION_SECONDS = 3
"""How long a page stays as it is; three lifetimes of most."""
SLOW_SECONDS = 0.05
IDLE_SECONDS = 1.0
"""After so long, or up to twice that, a connection that nobody uses is closed, whatever is on its way then."""
_RESET_ON_CLOSE = b"\x01\0\0\0\0\0\0\0"
_SMUGGLED = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Made-For: %b\r\nContent-Length: %d\r\n\r\n%b"


class OriginProtocol(asyncio.Protocol):
    """One connection of a proxy's, whose requests are answered one after another."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._unread = b""
        self._is_busy = False
        self._is_used = True
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._look_later()

    def _look_later(self) -> None:
        asyncio.get_running_loop().call_later(IDLE_SECONDS, self._look)

    def _look(self) -> None:
        if self._transport is None:
            return
        if not self._is_used:
            self._transport.close()
        self._is_used = False
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._unread += data
        self._is_used = True
        if is_handshake(self._unread) and self._transport is not None:
            echo = Echo(self._transport)
            self._transport.set_protocol(echo)
            self._transport = None
            echo.data_received(self._unread)
            return
        self._answer_next()

    def _answer_next(self) -> None:
        while not self._is_busy and (asked := self._take()) is not None:
            reply = reply_to(asked)
            if reply.is_slow:
                self._is_busy = True
                asyncio.get_running_loop().call_later(SLOW_SECONDS, self._answer_late, asked, reply)
                return
            self._send(asked, reply)

    def _answer_late(self, asked: Asked, reply: Reply) -> None:
        self._is_busy = False
        self._send(asked, reply)
        self._answer_next()

    def _take(self) -> Asked | None:
        """The next request, once it is here with its body."""
        head, mark, rest = self._unread.partition(b"\r\n\r\n")
        if not mark:
            return None
        asked = read_request(head, int(time.monotonic() / VERSION_SECONDS), self._chance)
        length = int(asked.fields.get("content-length", "0"))
        if len(rest) < length:
            return None
        self._unread = rest[length:]
        return asked

    def _send(self, asked: Asked, reply: Reply) -> None:
        if self._transport is None:
            return
        is_bodiless = asked.method == "HEAD" or reply.status == 304
        ending = Ending.WHOLE if is_bodiless else reply.ending
        self._transport.write(encode(asked, reply, ending))
        if ending is Ending.RESET:
            connection: socket.socket = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._transport.abort()
        elif ending in (Ending.CLOSE, Ending.SHORT, Ending.BAD_CHUNK):
            self._transport.close()


def read_request(head: bytes, version: int, chance: random.Random) -> Asked:
    """A request of its head; `version` is what pages are by now."""
    line, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
    method, target, _ = line.split(" ", 2)
    return Asked(method, target.partition("?")[0], fields, version, chance)


def encode(asked: Asked, reply: Reply, ending: Ending) -> bytes:
    """A response as it goes over the wire, as far as it goes."""
    body = b"" if asked.method == "HEAD" else reply.body
    lines = [f"HTTP/1.1 {reply.status} Said", *(f"{name}: {value}" for name, value in reply.fields)]
    match ending:
        case Ending.CHUNKS | Ending.BAD_CHUNK:
            lines.append("transfer-encoding: chunked")
        case Ending.CLOSE:
            lines.append("connection: close")
        case _ if reply.status != 304:
            lines.append(f"content-length: {len(reply.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + _ended(asked, body, ending)


def _ended(asked: Asked, body: bytes, ending: Ending) -> bytes:
    half = len(body) // 2
    match ending:
        case Ending.CHUNKS:
            return b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (half, body[:half], len(body) - half, body[half:])
        case Ending.BAD_CHUNK:
            return b"%x\r\n%b\r\nnonsense\r\n" % (half, body[:half])
        case Ending.RESET | Ending.SHORT:
            return body[:half]
        case Ending.TRAILING:
            mark = asked.canary.encode()
            return body + _SMUGGLED % (mark, len(mark), mark)
        case _:
            return body


async def serve() -> None:
    """Answer until standard input ends."""
    loop = asyncio.get_running_loop()
    chance = random.Random()
    server = await loop.create_server(lambda: OriginProtocol(chance), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    server.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve())
