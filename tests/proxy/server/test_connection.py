"""What one connection may cost: real servers with short deadlines, and clients that are too slow or too many."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from proxy.server.connection import PIECE_BYTES, Limits
from proxy.server.connections import Connections
from proxy.server.deadlines import Deadlines
from proxy.server.outbox import Outbox
from proxy.server.protocol import GuardedProtocol, make_config
from tests.proxy.origins import PATIENCE_SECONDS, Connection, asgi_origin, running_proxy, scripted_origin
from tests.proxy.server.test_protocol import answering, echo, status_of

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
NEVER = 3600.0
ONE_BYTE_EACH_SECONDS = 0.02


def only(**seconds: float) -> Limits:
    """Limits with these deadlines, and no others."""
    return Limits(replace(Deadlines(NEVER, NEVER, NEVER, NEVER), **seconds))


def listening(connection: Connection) -> None:
    """An origin that hears all and says nothing."""
    connection.read_to_end()


def trickle(connection: Connection, pieces: Callable[[], bytes]) -> bytes:
    """What is answered to a client that goes on sending, a little at a time."""
    connection.raw.settimeout(ONE_BYTE_EACH_SECONDS)
    answer = b""
    with contextlib.suppress(ConnectionError):
        while True:
            try:
                received = connection.raw.recv(65536)
            except TimeoutError:
                connection.raw.sendall(pieces())
            else:
                answer += received
                if not received:
                    break
    return answer


@pytest.mark.parametrize("head", [b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nX: "])
def test_a_head_that_does_not_end_in_time_is_a_408(head: bytes) -> None:
    with asgi_origin(echo, only(head_seconds=0.2)) as server:
        answer = server.ask(head)

    assert status_of(answer) == 408
    assert b"\r\nconnection: close\r\n" in answer


def test_a_head_that_only_trickles_in_is_a_408_too() -> None:
    with asgi_origin(echo, only(head_seconds=0.2)) as server, server.connect() as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
        answer = trickle(connection, lambda: b"X: y\r\n")

    assert status_of(answer) == 408


def test_a_late_head_does_not_spoil_the_answer_before_it() -> None:
    late = threading.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.to_thread(late.wait, PATIENCE_SECONDS)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    with asgi_origin(slow, only(head_seconds=0.2)) as server, server.connect() as connection:
        connection.send(GET + b"GET / HT")
        # By the time at which a later head is refused, this one was.
        assert status_of(server.ask(b"G")) == 408
        late.set()
        answer = connection.read_to_end()

    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nconnection: close\r\n" in answer
    assert answer.endswith(b"\r\n\r\nok")


@pytest.mark.parametrize("blank", [b"", b"\r\n"])
def test_who_asks_for_nothing_is_left_without_a_word(blank: bytes) -> None:
    with asgi_origin(echo, only(head_seconds=0.2)) as server:
        assert server.ask(blank) == b""


def test_an_idle_connection_is_closed_without_a_word() -> None:
    with asgi_origin(echo, only(idle_seconds=0.2)) as server, server.connect() as connection:
        connection.send(GET)
        connection.read_message()

        assert connection.read_to_end() == b""


@pytest.mark.parametrize("body", [b"Content-Length: 9\r\n\r\nhello", CHUNKED + b"5\r\nhello\r\n"])
def test_a_body_that_stalls_is_a_408_and_breaks_off_at_the_origin(body: bytes) -> None:
    with (
        scripted_origin(listening) as origin,
        running_proxy(origin.url, limits=only(body_seconds=0.2)) as proxy,
    ):
        answer = proxy.ask(POST + body)

    assert status_of(answer) == 408
    assert b"hello" in origin.heard
    assert not origin.heard.endswith(b"0\r\n\r\n")


def test_a_body_that_only_trickles_in_is_a_408_too() -> None:
    with asgi_origin(echo, only(body_seconds=0.2)) as server, server.connect() as connection:
        connection.send(POST + b"Content-Length: 1000000\r\n\r\n")
        answer = trickle(connection, lambda: b"x")

    assert status_of(answer) == 408


def test_a_body_that_stalls_behind_its_answer_closes_the_connection() -> None:
    app = answering(200, [(b"content-length", b"2")], b"ok")

    with asgi_origin(app, only(body_seconds=0.2)) as server:
        answer = server.ask(POST + b"Content-Length: 9\r\n\r\n")

    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.endswith(b"ok")


def test_who_waits_to_be_asked_for_the_body_is_not_slow() -> None:
    go_on = threading.Event()

    async def asks_late(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.to_thread(go_on.wait, PATIENCE_SECONDS)
        await echo(scope, receive, send)

    with asgi_origin(asks_late, only(body_seconds=0.2)) as server, server.connect() as patient:
        patient.send(POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        # By the time at which a later body is refused, this one would have been.
        assert status_of(server.ask(POST + b"Content-Length: 5\r\n\r\n")) == 408
        go_on.set()
        assert patient.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        patient.send(b"hello")
        answer = patient.read_message()

    assert status_of(answer) == 200
    assert answer.endswith(b"hello\r\n0\r\n\r\n")


def test_who_waits_for_an_app_that_does_not_read_is_not_slow() -> None:
    go_on = threading.Event()
    size = 300_000

    async def reads_late(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/late":
            await asyncio.to_thread(go_on.wait, PATIENCE_SECONDS)
        await echo(scope, receive, send)

    with (
        asgi_origin(reads_late, only(body_seconds=0.2)) as server,
        server.connect() as patient,
        ThreadPoolExecutor() as pool,
    ):
        sending = pool.submit(
            patient.send, b"POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (size, b"x" * size)
        )
        assert status_of(server.ask(POST + b"Content-Length: 5\r\n\r\n")) == 408
        go_on.set()
        sending.result()
        answer = patient.read_message()

    assert status_of(answer) == 200
    assert answer.count(b"x") >= size


def pouring(connection: Connection) -> None:
    """An origin's response without an end; ConnectionError where nobody wants more of it."""
    connection.read_message()
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 40))
    connection.raw.settimeout(None)
    while True:
        connection.send(bytes(65536))


def test_a_response_that_is_not_taken_is_reset_and_the_origin_left() -> None:
    left = threading.Event()

    def told(connection: Connection) -> None:
        try:
            pouring(connection)
        finally:
            left.set()

    with (
        scripted_origin(told) as origin,
        running_proxy(origin.url, limits=only(send_seconds=0.2)) as proxy,
        proxy.connect() as browser,
    ):
        browser.send(GET)
        assert left.wait(PATIENCE_SECONDS)
        assert is_reset(browser)


def is_reset(connection: Connection) -> bool:
    """Whether the other side breaks the connection off, whatever is left to be read."""
    poll = select.poll()
    poll.register(connection.raw, select.POLLHUP)
    return any(event & select.POLLHUP for _, event in poll.poll(PATIENCE_SECONDS * 1000))


def test_a_whole_response_that_is_not_taken_is_reset_where_the_connection_would_close() -> None:
    size = 64 << 20
    app = answering(200, [(b"content-length", b"%d" % size), (b"connection", b"close")], bytes(size))

    with asgi_origin(app, only(send_seconds=0.2)) as server, server.connect() as browser:
        browser.send(GET)
        assert is_reset(browser)


def test_a_response_that_is_slow_to_come_is_nobodys_fault_but_ours() -> None:
    go_on = threading.Event()

    async def streams(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"bo", "more_body": True})
        await asyncio.to_thread(go_on.wait, PATIENCE_SECONDS)
        await send({"type": "http.response.body", "body": b"dy"})

    limits = Limits(Deadlines(0.2, 0.2, 0.2, 0.2))
    with asgi_origin(streams, limits) as server, server.connect() as browser:
        browser.send(GET)
        browser.read_until(b"bo")
        assert status_of(server.ask(b"G")) == 408
        go_on.set()
        assert browser.read_exactly(2) == b"dy"


TOO_LONG = {
    "told in the head": b"Content-Length: 6\r\n\r\n",
    "held back": b"Expect: 100-continue\r\nContent-Length: 6\r\n\r\n",
    "in one chunk": CHUNKED + b"6\r\nhello!\r\n0\r\n\r\n",
    "in many": CHUNKED + b"1\r\nx\r\n" * 6,
}


@pytest.mark.parametrize("body", TOO_LONG.values(), ids=TOO_LONG.keys())
def test_a_body_over_the_bound_is_a_413_and_never_whole_at_the_origin(body: bytes) -> None:
    limits = Limits(body_bytes=5)
    with (
        scripted_origin(listening) as origin,
        running_proxy(origin.url, limits=limits) as proxy,
    ):
        answer = proxy.ask(POST + body)

    assert status_of(answer) == 413
    assert not origin.heard.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("body", [b"Content-Length: 5\r\n\r\nhello", CHUNKED + b"5\r\nhello\r\n0\r\n\r\n"])
def test_bodies_of_just_the_bound_pass_one_after_another(body: bytes) -> None:
    with asgi_origin(echo, Limits(body_bytes=5)) as server, server.connect() as browser:
        for _ in range(3):
            browser.send(POST + body)
            assert b"\n\nhello\r\n" in browser.read_message()


def test_who_never_asked_makes_room_before_who_asked_last() -> None:
    with (
        asgi_origin(echo, Limits(connections=2)) as server,
        server.connect() as asked,
        server.connect() as silent,
    ):
        asked.send(GET)
        asked.read_message()
        with server.connect() as third:
            third.send(GET)
            assert status_of(third.read_message()) == 200
            assert silent.read_to_end() == b""
            asked.send(GET)
            assert status_of(asked.read_message()) == 200


def test_where_all_are_at_work_who_comes_is_a_503_until_one_is_done() -> None:
    asked, done = threading.Semaphore(0), threading.Event()

    async def works(scope: Scope, receive: Receive, send: Send) -> None:
        asked.release()
        await asyncio.to_thread(done.wait, PATIENCE_SECONDS)
        await echo(scope, receive, send)

    with (
        asgi_origin(works, Limits(connections=2)) as server,
        server.connect() as first,
        server.connect() as second,
    ):
        for connection in (first, second):
            connection.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert asked.acquire(timeout=PATIENCE_SECONDS)
        assert status_of(server.ask(GET)) == 503
        done.set()
        for connection in (first, second):
            assert status_of(connection.read_to_end()) == 200
        with server.connect() as third:
            third.send(GET)
            assert status_of(third.read_message()) == 200


def test_a_flood_of_connections_is_cut_off_and_leaves_the_server_whole() -> None:
    with asgi_origin(echo, Limits(connections=8)) as server:
        with contextlib.ExitStack() as flood:
            for _ in range(64):
                connection = flood.enter_context(server.connect())
                with contextlib.suppress(ConnectionError):
                    connection.send(b"GET / HTTP/1.1\r\n")
        # Those that are gone are found to be gone one after another.
        asking = (server.ask(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") for _ in range(1_000))
        assert any(answer.startswith(b"HTTP/1.1 200 ") for answer in asking)


def test_a_body_behind_many_pipelined_requests_arrives_whole() -> None:
    gets, size = 500, 200_000
    upload = POST + b"Content-Length: %d\r\n\r\n%s" % (size, b"x" * size)

    with asgi_origin(echo) as server, server.connect() as browser, ThreadPoolExecutor() as pool:
        sending = pool.submit(browser.send, GET * gets + upload + GET)
        for _ in range(gets):
            assert status_of(browser.read_message()) == 200
        assert browser.read_message().count(b"x") >= size
        assert status_of(browser.read_message()) == 200
        sending.result()


def test_only_as_many_pipelined_requests_wait_as_fit_in_a_piece() -> None:
    async def count_waiting() -> int:
        loop = asyncio.get_running_loop()
        held, go_on, lost = loop.create_future(), asyncio.Event(), asyncio.Event()

        class Counting(GuardedProtocol):
            def data_received(self, data: bytes) -> None:
                super().data_received(data)
                if self._held and not held.done():
                    held.set_result(len(self.pipeline))

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                lost.set()

        async def waits(scope: Scope, receive: Receive, send: Send) -> None:
            await go_on.wait()
            await echo(scope, receive, send)

        config = make_config(waits)
        config.load()
        listener = socket.create_server(("127.0.0.1", 0))
        server = await loop.create_server(
            lambda: Counting(config, ServerState(), {}, limits=Limits(), room=Connections(1), outbox=Outbox()),
            sock=listener,
        )
        async with server:
            _, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(GET * 2_000)
            waiting: int = await held
            go_on.set()
            writer.close()
            await writer.wait_closed()
            await lost.wait()
        return waiting

    assert 0 < asyncio.run(asyncio.wait_for(count_waiting(), PATIENCE_SECONDS)) <= PIECE_BYTES // len(GET) + 1


def test_at_the_end_who_is_idle_is_closed_and_who_began_to_ask_is_answered() -> None:
    with contextlib.ExitStack() as connections, ThreadPoolExecutor() as pool, contextlib.ExitStack() as running:
        server = running.enter_context(asgi_origin(echo, drain_seconds=60))
        idle, silent, begun = (connections.enter_context(server.connect()) for _ in range(3))
        begun.send(GET)
        begun.read_message()
        begun.send(b"GET /begun HTTP/1.1\r\nHo")
        idle.send(GET)
        idle.read_message()

        ending = pool.submit(running.close)

        assert idle.read_to_end() == b""
        assert silent.read_to_end() == b""
        begun.send(b"st: a\r\n\r\n")
        answer = begun.read_to_end()
        ending.result(PATIENCE_SECONDS)

    assert b"GET /begun?" in answer
    assert b"\r\nconnection: close\r\n" in answer


def test_at_the_end_an_upload_that_runs_is_taken_whole() -> None:
    with contextlib.ExitStack() as connections, ThreadPoolExecutor() as pool, contextlib.ExitStack() as running:
        server = running.enter_context(asgi_origin(echo, drain_seconds=60))
        idle, upload = (connections.enter_context(server.connect()) for _ in range(2))
        upload.send(POST + b"Content-Length: 10\r\n\r\nhello")
        idle.send(GET)
        idle.read_message()

        ending = pool.submit(running.close)

        assert idle.read_to_end() == b""
        upload.send(b"world")
        answer = upload.read_to_end()
        ending.result(PATIENCE_SECONDS)

    assert b"helloworld" in answer
    assert b"\r\nconnection: close\r\n" in answer
