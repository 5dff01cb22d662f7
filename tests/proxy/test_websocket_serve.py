"""WebSockets through `tailor serve`, a process of its own: many at once, readers that don't read, TLS, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedOK
from websockets.frames import Frame, Opcode

from tests.proxy.origins import Connection, scripted_origin
from tests.proxy.serving import PATIENCE_SECONDS, Running, serving
from tests.proxy.test_memory_flow import MEGABYTE, Gauge
from tests.proxy.test_websocket import GRANT, HANDSHAKE

CROWD = 1000
MAX_BYTES_EACH = 100 * 1024
"""What a WebSocket may take of the proxy's memory: two connections, a task and what is read at a time."""
MAX_GROWTH = 8 * MEGABYTE
MAX_POURED = 256 * MEGABYTE
"""More than all the buffers of the system on the way hold."""


@contextlib.contextmanager
def many_files(count: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limits[0] < count:
        if limits[1] < count:
            pytest.skip(f"this account may open {limits[1]} files only")
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def open_files(tailor: Running) -> int:
    return len(os.listdir(f"/proc/{tailor.process.pid}/fd"))


def open_websockets(tailor: Running) -> int:
    count: int = httpx.get(tailor.admin + "/status", trust_env=False).json()["websockets"]
    return count


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(GRANT + b"\r\n")
    while received := await reader.read(65536):
        writer.write(received)
    writer.close()
    await writer.wait_closed()


async def open_one(tailor: Running) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    url = httpx.URL(tailor.public)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(HANDSHAKE + b"\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    return reader, writer


def test_a_thousand_websockets_are_open_at_once_in_bounded_memory(tmp_path: Path) -> None:
    async def run() -> None:
        origin = await asyncio.start_server(echo, "127.0.0.1", 0, backlog=CROWD)
        port = origin.sockets[0].getsockname()[1]
        with serving(tmp_path, f"http://127.0.0.1:{port}") as tailor:
            _, writer = await open_one(tailor)
            gauge, files = Gauge(tailor), open_files(tailor)
            opened = [await open_one(tailor) for _ in range(CROWD)]
            assert await asyncio.to_thread(open_websockets, tailor) == CROWD + 1
            for number, (_, each) in enumerate(opened):
                each.write(Frame(Opcode.TEXT, b"%04d" % number).serialize(mask=False))
            for number, (each_reader, _) in enumerate(opened):
                assert (await each_reader.readexactly(6))[2:] == b"%04d" % number
            gauge.look()
            for _, each in opened:
                each.close()
            while await asyncio.to_thread(open_websockets, tailor) > 1:
                pass
            left = open_files(tailor)
            writer.close()
        origin.close()
        assert gauge.growth < CROWD * MAX_BYTES_EACH
        # The status was asked over a connection or two of its own.
        assert left <= files + 2

    with many_files(4 * CROWD + 200):
        asyncio.run(asyncio.wait_for(run(), PATIENCE_SECONDS))


def pour_until_stalled(connection: Connection, *, masked: bool) -> int:
    """Sends messages of a megabyte until for a second nothing more is taken; how many bytes were."""
    message = Frame(Opcode.BINARY, bytes(MEGABYTE)).serialize(mask=masked)
    sent, rest = 0, memoryview(message)
    while sent < MAX_POURED and select.select([], [connection.raw], [], 1.0)[1]:
        taken = connection.raw.send(rest[: 64 * 1024])
        sent += taken
        rest = rest[taken:] or memoryview(message)
    return sent


@contextlib.contextmanager
def opened(tailor: Running) -> Iterator[Connection]:
    url = httpx.URL(tailor.public)
    with socket.create_connection((url.host, url.port)) as raw:
        browser = Connection(raw)
        browser.send(HANDSHAKE + b"\r\n")
        assert browser.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        yield browser


def test_a_browser_that_does_not_read_holds_the_origin_up_and_no_memory(tmp_path: Path) -> None:
    sent: list[int] = []
    stalled = threading.Event()

    def shout(connection: Connection) -> None:
        connection.read_message()
        connection.send(GRANT + b"\r\n")
        sent.append(pour_until_stalled(connection, masked=False))
        stalled.set()
        connection.read_to_end()

    with scripted_origin(shout) as origin, serving(tmp_path, origin.url) as tailor:
        httpx.get(tailor.public + "/_tailor/livez", trust_env=False)
        gauge = Gauge(tailor)
        with opened(tailor):
            assert stalled.wait(PATIENCE_SECONDS)
            gauge.look()

    assert sent[0] < MAX_POURED
    assert gauge.growth < MAX_GROWTH


def test_an_origin_that_does_not_read_holds_the_browser_up_and_no_memory(tmp_path: Path) -> None:
    stalled = threading.Event()

    def stay_deaf(connection: Connection) -> None:
        connection.read_message()
        connection.send(GRANT + b"\r\n")
        stalled.wait(PATIENCE_SECONDS)

    with scripted_origin(stay_deaf) as origin, serving(tmp_path, origin.url) as tailor:
        httpx.get(tailor.public + "/_tailor/livez", trust_env=False)
        gauge = Gauge(tailor)
        with opened(tailor) as browser:
            sent = pour_until_stalled(browser, masked=True)
            gauge.look()
            stalled.set()

    assert sent < MAX_POURED
    assert gauge.growth < MAX_GROWTH


def test_what_an_origin_says_with_its_answer_arrives_although_it_leaves_at_once(tmp_path: Path) -> None:
    last_words = Frame(Opcode.TEXT, b"bye").serialize(mask=False)

    def say_all_at_once(connection: Connection) -> None:
        connection.read_message()
        connection.send(GRANT + b"\r\n" + last_words)

    with scripted_origin(say_all_at_once) as origin, serving(tmp_path, origin.url) as tailor:
        for _ in range(30):
            with opened(tailor) as browser:
                assert browser.read_to_end() == last_words


async def greet(connection: ServerConnection) -> None:
    await connection.send("hello")
    await connection.wait_closed()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_end_of_the_process_closes_websockets_as_going_away(tmp_path: Path, workers: str) -> None:
    async def run() -> None:
        async with serve(greet, "127.0.0.1", 0) as origin:
            port = origin.sockets[0].getsockname()[1]
            with serving(tmp_path, f"http://127.0.0.1:{port}", "--workers", workers) as tailor:
                async with connect(
                    tailor.public.replace("http", "ws"), proxy=None, open_timeout=PATIENCE_SECONDS
                ) as browser:
                    assert await browser.recv() == "hello"
                    ended = asyncio.create_task(asyncio.to_thread(tailor.end))
                    with pytest.raises(ConnectionClosedOK) as caught:
                        await browser.recv()
                    assert await ended == ""
                assert caught.value.rcvd is not None
                assert caught.value.rcvd.code == 1001
                assert tailor.process.returncode == 0

    asyncio.run(asyncio.wait_for(run(), PATIENCE_SECONDS))


def certified(folder: Path) -> ssl.SSLContext:
    """A server's context for 127.0.0.1, whose certificate is in `certificate.pem` of the folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "origin")]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "certificate.pem").write_bytes(public)
    (folder / "server.pem").write_bytes(private + public)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def test_an_origin_behind_tls_speaks_websocket_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[object] = []

    async def listen(connection: ServerConnection) -> None:
        await connection.send(await connection.recv())
        await connection.wait_closed()
        heard.append((connection.close_code, connection.close_reason))

    async def run() -> None:
        async with serve(listen, "127.0.0.1", 0, ssl=certified(tmp_path), max_size=None) as origin:
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
            port = origin.sockets[0].getsockname()[1]
            with serving(tmp_path, f"https://127.0.0.1:{port}") as tailor:
                async with connect(
                    tailor.public.replace("http", "ws"), proxy=None, open_timeout=PATIENCE_SECONDS, max_size=None
                ) as browser:
                    await browser.send(bytes(5 * MEGABYTE))
                    assert await browser.recv() == bytes(5 * MEGABYTE)
                    await browser.close(4001, "enough")
                assert tailor.end() == ""

    asyncio.run(asyncio.wait_for(run(), PATIENCE_SECONDS))

    assert heard == [(4001, "enough")]
