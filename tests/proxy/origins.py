"""Real servers for tests: origins that say exactly what a test scripts, and the proxy in front of them.

Everything runs in threads, on 127.0.0.1, on ports of the system's choice, and is stopped when its `with` ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from proxy.app import App
from proxy.cache.page_cache import PageCache
from proxy.cache.policy import Policy
from proxy.cache.store import PageStore
from proxy.company.finder import CompanyFinder
from proxy.edge import Edge
from proxy.hosts import Hosts
from proxy.ledger import Ledger
from proxy.origin.client import Origin
from proxy.origin.errors import OriginError
from proxy.page.memory import CutMemory
from proxy.pipeline import Pipeline
from proxy.profile.store import ProfileStore
from proxy.remember import Memory
from proxy.request import RequestReader
from proxy.rights.answers import Rights
from proxy.rights.page import MePage
from proxy.server.connection import Limits
from proxy.server.protocol import make_config
from proxy.visitor.consent import ConsentReader
from proxy.visitor.identity import IdentityReader
from proxy.visitor.observe import Observer, make_observer
from proxy.visitor.vouched import Vouched
from proxy.websocket import WebSockets
from proxy.wire import AnswerAtOnce
from rules.model import RuleBook

PATIENCE_SECONDS = 10.0


class Connection:
    """One connection, seen raw: the tests' side of it, as an origin or as a client."""

    def __init__(self, raw: socket.socket) -> None:
        raw.settimeout(PATIENCE_SECONDS)
        self.raw = raw
        self._unread = b""

    def send(self, message: bytes) -> None:
        self.raw.sendall(message)

    def read_until(self, mark: bytes) -> bytes:
        """What comes up to and with `mark`, or all that came before the other side closed."""
        while mark not in self._unread:
            if not self._fill():
                return self._take(len(self._unread))
        return self._take(self._unread.index(mark) + len(mark))

    def read_exactly(self, size: int) -> bytes:
        while len(self._unread) < size and self._fill():
            pass
        return self._take(size)

    def read_into(self, room: memoryview) -> int:
        """Reads what is there, of which nothing is kept; how much that was, 0 once the other side closed."""
        if self._unread:
            taken = self._take(len(room))
            room[: len(taken)] = taken
            return len(taken)
        return self.raw.recv_into(room)

    def read_to_end(self) -> bytes:
        """All that comes until the other side closes or resets."""
        with contextlib.suppress(ConnectionResetError):
            while self._fill():
                pass
        return self._take(len(self._unread))

    def read_message(self) -> bytes:
        """A message: its head, and its body where `Content-Length` or chunks say how long that is."""
        head = self.read_until(b"\r\n\r\n")
        if length := re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE):
            return head + self.read_exactly(int(length[1]))
        if re.search(rb"\r\ntransfer-encoding: *chunked", head, re.IGNORECASE):
            return head + self._read_chunks()
        return head

    def reset(self) -> None:
        """Closes so that the other side sees a reset, not an end."""
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.raw.close()

    def close(self) -> None:
        self.raw.close()

    def _read_chunks(self) -> bytes:
        message = b""
        while True:
            line = self.read_until(b"\r\n")
            size = int(line, 16) if line.strip() else 0
            message += line + self.read_exactly(size + 2)
            if not size:
                return message

    def _fill(self) -> bool:
        received = self.raw.recv(65536)
        self._unread += received
        return bool(received)

    def _take(self, size: int) -> bytes:
        taken, self._unread = self._unread[:size], self._unread[size:]
        return taken


Script = Callable[[Connection], None]


def replying(*replies: bytes) -> Script:
    """A script that reads a message before each reply, and closes after the last."""

    def script(connection: Connection) -> None:
        for reply in replies:
            if not connection.read_message():
                return
            connection.send(reply)

    return script


def ok(body: bytes = b"hello", *fields: bytes) -> bytes:
    """A plain 200 with its length."""
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@dataclass
class ScriptedOrigin:
    """An origin whose every connection is run by the script; `heard` holds what each connection got, in order."""

    port: int
    connections: list[RecordedConnection] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def heard(self) -> bytes:
        """All bytes that came, over all connections."""
        return b"".join(connection.heard for connection in self.connections)


class RecordedConnection(Connection):
    """A connection that keeps what came over it."""

    def __init__(self, raw: socket.socket) -> None:
        super().__init__(raw)
        self.heard = b""

    def _fill(self) -> bool:
        before = len(self._unread)
        more = super()._fill()
        self.heard += self._unread[before:]
        return more


@contextlib.contextmanager
def scripted_origin(script: Script) -> Iterator[ScriptedOrigin]:
    """Runs `script` for every connection, each in a thread of its own; a failure in one fails the test."""
    listener = socket.create_server(("127.0.0.1", 0))
    origin = ScriptedOrigin(listener.getsockname()[1])
    threads: list[threading.Thread] = []

    def serve(connection: RecordedConnection) -> None:
        try:
            script(connection)
        except (ConnectionError, TimeoutError):
            pass
        except BaseException as failure:
            origin.failures.append(failure)
        finally:
            connection.close()

    def accept() -> None:
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            connection = RecordedConnection(raw)
            origin.connections.append(connection)
            threads.append(threading.Thread(target=serve, args=(connection,)))
            threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield origin
    finally:
        # Closing alone would leave the accepting thread asleep.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()
        for connection in origin.connections:
            with contextlib.suppress(OSError):
                connection.raw.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
    assert not origin.failures, origin.failures


class PromptServer(uvicorn.Server):
    """uvicorn's server, told to stop from another thread; it leaves signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True)
class RunningServer:
    """A server on 127.0.0.1 in a thread."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def connect(self) -> Iterator[Connection]:
        """A raw connection to it."""
        raw = socket.create_connection(("127.0.0.1", self.port))
        try:
            yield Connection(raw)
        finally:
            raw.close()

    def ask(self, request: bytes) -> bytes:
        """Sends raw bytes and returns all that comes until the server closes; let `request` say so."""
        with self.connect() as connection:
            connection.send(request)
            return connection.read_to_end()


@contextlib.contextmanager
def running_server(
    make_app: Callable[[], ASGIApp],
    cleanup: Callable[[], Any] | None = None,
    express: AnswerAtOnce | None = None,
    *,
    websockets: bool = False,
    limits: Limits | None = None,
    drain_seconds: int = 1,
) -> Iterator[RunningServer]:
    """Runs the guarded server in a thread. `make_app` is called, and `cleanup` awaited at the end, in its loop."""
    listener = socket.create_server(("127.0.0.1", 0))
    started = threading.Event()
    servers: list[PromptServer] = []

    async def serve() -> None:
        server = PromptServer(
            make_config(make_app(), express=express, websockets=websockets, limits=limits, drain_seconds=drain_seconds)
        )
        servers.append(server)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        started.set()
        await serving
        if cleanup is not None:
            await cleanup()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert started.wait(PATIENCE_SECONDS)
        yield RunningServer(listener.getsockname()[1])
    finally:
        for server in servers:
            server.should_exit = True
        thread.join()


@contextlib.contextmanager
def asgi_origin(app: ASGIApp, limits: Limits | None = None, *, drain_seconds: int = 1) -> Iterator[RunningServer]:
    """An ASGI app as the origin."""
    with running_server(lambda: app, limits=limits, drain_seconds=drain_seconds) as server:
        yield server


@functools.cache
def plain_observer() -> Observer:
    """An observer without geo presets or visitor cookies, made once: its table of devices takes a while to load."""
    return make_observer((), {})


@contextlib.contextmanager
def running_proxy(
    origin_url: str,
    *,
    book: RuleBook | None = None,
    reader: RequestReader | None = None,
    is_ready: Callable[[], bool] = lambda: True,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    hosts: Hosts | None = None,
    identity: IdentityReader | None = None,
    observer: Observer | None = None,
    profiles: ProfileStore | None = None,
    keys: Sequence[bytes] = (),
    companies: CompanyFinder | None = None,
    vouched: Vouched | None = None,
    policy: Policy | None = None,
    cuts: CutMemory | None = None,
    edge: Edge | None = None,
    is_express: bool = True,
    websockets: Callable[[Origin, Hosts], WebSockets] = WebSockets,
    limits: Limits | None = None,
    **origin_options: Any,
) -> Iterator[RunningServer]:
    """The proxy before `origin_url`, as it runs in production: the real server, app, pipeline and client.

    It has a page cache where it is given a `policy`.
    """
    observer, book = observer or plain_observer(), book or RuleBook()
    identity = identity or IdentityReader(ConsentReader(), now=now)
    origin, ledger, reader = Origin(origin_url, **origin_options), Ledger(1 << 20), reader or RequestReader()
    cuts = cuts or CutMemory(ledger)
    cache: PageCache | None = None
    if policy is not None:
        clock = lambda: now().timestamp()  # noqa: E731 - a clock is handed in as a function
        cache = PageCache(PageStore(ledger), policy, now=clock, failures=(OriginError,))
    pipeline = Pipeline(
        origin,
        observer,
        book,
        now=now,
        cuts=cuts,
        cache=cache,
        identity=identity,
        hosts=hosts,
        memory=Memory(observer, now, profiles),
        companies=companies,
        vouched=vouched,
        edge=edge,
    )
    rights = Rights(MePage.open(), identity, keys, store=profiles, now=now, book=book)
    served = websockets(origin, hosts or Hosts())
    subrequests = pipeline.subrequests(reader, prefix="/_tailor")
    app = App(pipeline, reader, is_ready=is_ready, rights=rights, websockets=served, subrequests=subrequests)
    express = pipeline.express(reader, prefix="/_tailor") if is_express else None

    async def close() -> None:
        if cache is not None:
            await cache.close()
        cuts.close()
        await origin.close()

    answer = express.answer if express else None
    with running_server(lambda: app, close, answer, websockets=True, limits=limits) as server:
        yield server
