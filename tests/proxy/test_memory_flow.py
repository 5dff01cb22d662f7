"""A gigabyte each way through `tailor serve`: what passes through is not kept."""

from __future__ import annotations

import socket
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.processes import resident_bytes
from tests.proxy.origins import PATIENCE_SECONDS, Connection, ok, scripted_origin
from tests.proxy.serving import Running, serving

MEGABYTE = 1 << 20
GIGABYTE = 1 << 30
MAX_GROWTH = 30 * MEGABYTE

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")


class Gauge:
    """How much more memory a process holds than when it was idle."""

    def __init__(self, tailor: Running) -> None:
        self._process = tailor.process.pid
        self._idle = self._resident()
        self.growth = 0

    def look(self) -> None:
        self.growth = max(self.growth, self._resident() - self._idle)

    def _resident(self) -> int:
        return resident_bytes(self._process)


def pour(send: Callable[[bytes], None]) -> int:
    """Sends a gigabyte in pieces of which no two are alike; their checksum."""
    checksum = 0
    for piece in _pieces():
        send(piece)
        checksum = zlib.crc32(piece, checksum)
    return checksum


def _pieces() -> Iterator[bytes]:
    block = bytearray(bytes(range(256)) * (MEGABYTE // 256))
    for number in range(GIGABYTE // MEGABYTE):
        block[:8] = number.to_bytes(8, "big")
        yield bytes(block)


def drain(connection: Connection, look: Callable[[], None] = lambda: None) -> int:
    """Reads a gigabyte and keeps nothing but its checksum; looks around at each 16 megabytes."""
    checksum, left, next_look = 0, GIGABYTE, GIGABYTE
    room = memoryview(bytearray(MEGABYTE))
    while left:
        taken = connection.read_into(room[: min(left, MEGABYTE)])
        assert taken, f"{left} bytes are missing"
        checksum = zlib.crc32(room[:taken], checksum)
        left -= taken
        if left <= next_look:
            next_look = left - 16 * MEGABYTE
            look()
    return checksum


def connected(tailor: Running) -> Connection:
    """A browser's connection, after a first exchange over another."""
    assert httpx.get(tailor.public, trust_env=False, timeout=PATIENCE_SECONDS).text == "hello"
    url = httpx.URL(tailor.public)
    return Connection(socket.create_connection((url.host, url.port or 80)))


LENGTH = b"Content-Length: %d\r\n" % GIGABYTE


def test_a_download_of_a_gigabyte_leaves_the_memory_flat(tmp_path: Path) -> None:
    poured: list[int] = []

    def pouring(connection: Connection) -> None:
        while head := connection.read_until(b"\r\n\r\n"):
            if head.startswith(b"GET /large "):
                connection.send(b"HTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n")
                poured.append(pour(connection.send))
            else:
                connection.send(ok())

    with scripted_origin(pouring) as origin, serving(tmp_path, origin.url) as tailor:
        browser = connected(tailor)
        gauge = Gauge(tailor)
        browser.send(b"GET /large HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        head = browser.read_until(b"\r\n\r\n")
        drained = drain(browser, gauge.look)
        browser.close()
        tailor.end()

    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert poured == [drained]
    assert gauge.growth < MAX_GROWTH


def test_an_upload_of_a_gigabyte_leaves_the_memory_flat(tmp_path: Path) -> None:
    gauges: list[Gauge] = []
    drained: list[int] = []

    def draining(connection: Connection) -> None:
        while head := connection.read_until(b"\r\n\r\n"):
            if head.startswith(b"PUT /large "):
                drained.append(drain(connection, gauges[0].look))
            connection.send(ok())

    with scripted_origin(draining) as origin, serving(tmp_path, origin.url) as tailor:
        browser = connected(tailor)
        gauges.append(Gauge(tailor))
        browser.send(b"PUT /large HTTP/1.1\r\nHost: shop.example\r\n" + LENGTH + b"\r\n")
        poured = pour(browser.send)
        answer = browser.read_message()
        browser.close()
        tailor.end()

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert drained == [poured]
    assert gauges[0].growth < MAX_GROWTH
