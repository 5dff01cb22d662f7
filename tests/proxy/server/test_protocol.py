from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.server import ServerState

from proxy.server.connection import Limits
from proxy.server.connections import Connections
from proxy.server.cycle import BrokenResponseError
from proxy.server.framing import MAX_FIELDS, MAX_HEAD, MAX_REQUEST_LINE
from proxy.server.outbox import Outbox
from proxy.server.protocol import GuardedProtocol, make_config
from tests.proxy.origins import PATIENCE_SECONDS, RunningServer, asgi_origin


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what it was asked: a line of target, then headers, then the body or `broken off`."""
    body, more_body = b"", True
    while more_body:
        message = await receive()
        if message["type"] == "http.disconnect":
            body = b"broken off"
            break
        body += message["body"]
        more_body = message["more_body"]
    lines = [scope["method"].encode() + b" " + scope["raw_path"] + b"?" + scope["query_string"]]
    lines += [name + b"=" + value for name, value in scope["headers"]]
    answer = b"\n".join([*lines, b"", body])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": answer})


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with asgi_origin(echo) as server:
        yield server


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


REFUSED = {
    "no host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "two hosts": (400, b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    "length beside coding": (
        400,
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
    "coding beside length": (
        400,
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
    ),
    "differing lengths": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"),
    "list of lengths": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 4\r\n\r\n"),
    "signed length": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n"),
    "unknown coding": (501, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
    "coding in 1.0": (400, b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "folded header": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n"),
    "space before colon": (400, b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
    "control in header": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: b\x01\r\n\r\n"),
    "bare line feeds": (400, b"GET / HTTP/1.1\nHost: a\n\n"),
    "unknown version": (505, b"GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    "other host": (400, b"GET http://evil/x HTTP/1.1\r\nHost: a\r\n\r\n"),
    "user before host": (400, b"GET http://a@evil/x HTTP/1.1\r\nHost: a\r\n\r\n"),
    "other scheme": (400, b"GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n"),
    "authority form": (400, b"GET @evil/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    "connect to a path": (400, b"CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "connect to a url": (400, b"CONNECT http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    "connect": (400, b"CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n"),
    "asterisk without OPTIONS": (400, b"GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
    "bytes outside ASCII": (400, b"GET /caf\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"),
    "long line": (414, b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * MAX_REQUEST_LINE)),
    "endless line": (414, b"GET /%s" % (b"x" * MAX_REQUEST_LINE)),
    "large head": (431, b"GET / HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n" % (b"x" * MAX_HEAD)),
    "many fields": (431, b"GET / HTTP/1.1\r\nHost: a\r\n%s\r\n" % (b"X: y\r\n" * MAX_FIELDS)),
    "endless field": (431, b"GET / HTTP/1.1\r\nHost: a\r\nX: %s" % (b"x" * MAX_HEAD)),
    "NUL in header": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n"),
    "carriage return in header": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n"),
    "field without a name": (400, b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"),
    "field without a colon": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"),
    "first field folded": (400, b"GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    "negative length": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
    "length in another base": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc"),
    "length beyond all bounds": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"),
    "no length in its field": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"),
    "one length twice": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
    "chunks in chunks": (400, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"),
    "coding twice": (
        400,
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
    "chunks not last": (400, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"),
    "no coding at all": (501, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n"),
    "coding behind a control": (400, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n"),
    "space before a coding's colon": (400, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n"),
    "space in target": (400, b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
    "tab for space": (400, b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    "unknown method": (400, b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "method in lower case": (400, b"get / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "no version": (505, b"GET /\r\nHost: a\r\n\r\n"),
    "version of never": (400, b"GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
    "protocol in lower case": (400, b"GET / http/1.1\r\nHost: a\r\n\r\n"),
    "HTTP/2 at once": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "garbage": (400, b"\x16\x03\x01\x02\x00\x01"),
}


@pytest.mark.parametrize(("status", "request_bytes"), REFUSED.values(), ids=REFUSED.keys())
def test_what_could_be_read_in_two_ways_is_refused(server: RunningServer, status: int, request_bytes: bytes) -> None:
    answer = server.ask(request_bytes)

    assert status_of(answer) == status
    assert b"\r\nconnection: close\r\n" in answer


TARGETS = {
    "path": (b"GET /a?b=c", b"GET /a?b=c"),
    "doubled slash": (b"GET //evil/x", b"GET //evil/x?"),
    "absolute form of this host": (b"GET http://A/x?y", b"GET /x?y"),
    "absolute form without a path": (b"GET http://a", b"GET /?"),
    "asterisk": (b"OPTIONS *", b"OPTIONS *?"),
    "question marks": (b"GET /a?b?c", b"GET /a?b?c"),
}


@pytest.mark.parametrize(("line", "seen"), TARGETS.values(), ids=TARGETS.keys())
def test_a_target_reaches_the_app_as_path_and_query(server: RunningServer, line: bytes, seen: bytes) -> None:
    answer = server.ask(line + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    assert seen + b"\n" in answer


def test_the_largest_allowed_request_line_and_head_pass(server: RunningServer) -> None:
    path = b"/" + b"x" * (MAX_REQUEST_LINE - len(b"GET / HTTP/1.1\r\n"))
    fields = b"X: y\r\n" * (MAX_FIELDS - 2)

    answer = server.ask(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n" % (path, fields))

    assert status_of(answer) == 200


def test_trailers_never_become_headers(server: RunningServer) -> None:
    answer = server.ask(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"5\r\nhello\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\nCookie: id=forged\r\n\r\n"
    )

    assert answer.endswith(b"\n\nhello\r\n0\r\n\r\n")
    assert b"6.6.6.6" not in answer
    assert b"forged" not in answer


ENDLESS = {
    "trailer": b"0\r\nX: " + b"x" * (10 * MAX_HEAD),
    "chunk extension": b"5;" + b"x" * (10 * MAX_HEAD),
}


@pytest.mark.parametrize("tail", ENDLESS.values(), ids=ENDLESS.keys())
def test_bytes_that_never_become_a_message_are_bounded(server: RunningServer, tail: bytes) -> None:
    answer = server.ask(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + tail)

    assert status_of(answer) == 431


def test_a_malformed_chunk_breaks_the_body_off() -> None:
    seen: list[str] = []
    done = threading.Event()

    async def read_to_end(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect" or not message["more_body"]:
                seen.append(message["type"])
                done.set()
                return

    with asgi_origin(read_to_end) as server:
        answer = server.ask(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n")
        assert done.wait(5)

    assert status_of(answer) == 400
    assert seen == ["http.disconnect"]


def test_a_body_beside_an_upgrade_is_still_a_body(server: RunningServer) -> None:
    with server.connect() as connection:
        connection.send(
            b"POST /up?x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 20\r\n\r\n"
            b"GET /smuggled HT"
        )
        connection.send(b"TP/1")
        first = connection.read_message()
        connection.send(b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
        second = connection.read_message()

    assert b"POST /up?x\n" in first
    assert b"\n\nGET /smuggled HTTP/1\r\n" in first
    assert b"upgrade=" not in first
    assert b"GET /next?\n" in second


def test_pipelined_requests_are_answered_in_order(server: RunningServer) -> None:
    answer = server.ask(b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    assert answer.index(b"GET /1?") < answer.index(b"GET /2?")


def test_thousands_of_pipelined_upgrades_are_answered(server: RunningServer) -> None:
    one = b"GET /%d HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
    with server.connect() as connection:
        connection.send(b"".join(one % number for number in range(2_000)))
        for number in range(2_000):
            assert b"GET /%d?\n" % number in connection.read_message()


def test_every_pipelined_request_hears_that_its_browser_left() -> None:
    left = threading.Event()

    async def first_waits(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["path"] == "/1"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    with asgi_origin(first_waits) as server:
        with server.connect() as connection:
            connection.send(b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
            connection.read_until(b"begun")
        assert left.wait(PATIENCE_SECONDS)


def test_a_connection_whose_browser_holds_its_body_back_ends_with_the_answer() -> None:
    ask = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    with asgi_origin(answering(403, [(b"content-length", b"0")])) as server:
        answer = server.ask(ask % 5)
        with server.connect() as connection:
            connection.send(ask % 0)
            without_body = connection.read_message()

    assert b"\r\nconnection: close\r\n" in answer
    assert b"connection: close" not in without_body


def answering(status: int, headers: list[tuple[bytes, bytes]], *parts: bytes) -> ASGIApp:
    """An app that answers at once, in the given parts."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})

    return app


def test_garbage_behind_a_request_does_not_spoil_its_answer() -> None:
    app = answering(200, [(b"content-length", b"4")], b"bo", b"dy")

    with asgi_origin(app) as server:
        answer = server.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\x00\x01garbage")

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.endswith(b"\r\n\r\nbody")


@pytest.mark.parametrize("status", [299, 600, 799, 999])
def test_statuses_that_no_standard_names_pass(status: int) -> None:
    with asgi_origin(answering(status, [(b"content-length", b"0")])) as server:
        answer = server.ask(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    assert status_of(answer) == status


def test_nothing_is_added_to_a_response() -> None:
    app = answering(200, [(b"content-length", b"2"), (b"x", b"1"), (b"x", b"2")], b"ok")

    with asgi_origin(app) as server, server.connect() as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = connection.read_message()

    assert answer == b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx: 1\r\nx: 2\r\n\r\nok"


@pytest.mark.parametrize(("method", "status"), [(b"GET", 304), (b"HEAD", 200), (b"HEAD", 304)])
def test_the_length_of_a_body_that_is_not_sent_is_told(method: bytes, status: int) -> None:
    with asgi_origin(answering(status, [(b"content-length", b"7")])) as server, server.connect() as connection:
        for _ in range(2):  # the second shows that the first left the connection whole
            connection.send(method + b" / HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = connection.read_until(b"\r\n\r\n")

            assert status_of(answer) == status
            assert b"content-length: 7\r\n" in answer


def test_http_1_0_gets_a_body_without_chunks() -> None:
    with asgi_origin(answering(200, [], b"bo", b"dy")) as server:
        answer = server.ask(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")

    assert answer == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nbody"


async def breaking_off(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise BrokenResponseError


def test_a_broken_response_never_ends_its_chunks() -> None:
    with asgi_origin(breaking_off) as server:
        answer = server.ask(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")

    assert answer.endswith(b"4\r\nhalf\r\n")


def test_a_broken_response_without_chunks_ends_in_a_reset() -> None:
    proceed = threading.Event()

    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        await asyncio.to_thread(proceed.wait, 5)
        raise BrokenResponseError

    with asgi_origin(half) as server, server.connect() as connection:
        connection.send(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
        connection.read_until(b"half")
        proceed.set()
        with pytest.raises(ConnectionResetError):
            connection.raw.recv(1)


def left_at_the_end(begun: Sequence[Message], request: bytes) -> bytes:
    """What a client gets whose request still runs when the server has waited long enough for it."""
    asked = threading.Event()

    async def unending(scope: Scope, receive: Receive, send: Send) -> None:
        for message in begun:
            await send(message)
        asked.set()
        await asyncio.Event().wait()

    with contextlib.ExitStack() as connections:
        with asgi_origin(unending) as server:
            connection = connections.enter_context(server.connect())
            connection.send(request)
            assert asked.wait(PATIENCE_SECONDS)
        return connection.read_to_end()


BEGUN = (
    {"type": "http.response.start", "status": 200, "headers": []},
    {"type": "http.response.body", "body": b"half", "more_body": True},
)


def test_a_request_that_outlasts_the_server_gets_a_503_and_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = left_at_the_end((), b"GET /slow?q=secret HTTP/1.1\r\nHost: a\r\n\r\n")

    assert status_of(answer) == 503
    assert b"\r\nconnection: close\r\n" in answer
    assert [record.getMessage() for record in caplog.records if record.name == "proxy.server.cycle"] == [
        "GET /slow: not answered before the server's end"
    ]
    assert not any(record.exc_info for record in caplog.records)


def test_a_response_that_outlasts_the_server_never_ends_its_chunks() -> None:
    assert left_at_the_end(BEGUN, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").endswith(b"4\r\nhalf\r\n")


def test_a_body_does_not_wait_for_its_heads_acknowledgement() -> None:
    async def accept_one() -> int:
        accepted, lost = asyncio.get_running_loop().create_future(), asyncio.Event()

        class Looking(GuardedProtocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                connection = transport.get_extra_info("socket")
                accepted.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                lost.set()

        config = make_config(echo)
        config.load()
        listener = socket.create_server(("127.0.0.1", 0))
        server = await asyncio.get_running_loop().create_server(
            lambda: Looking(config, ServerState(), {}, limits=Limits(), room=Connections(1), outbox=Outbox()),
            sock=listener,
        )
        async with server:
            _, writer = await asyncio.open_connection(*listener.getsockname())
            no_delay: int = await accepted
            writer.close()
            await writer.wait_closed()
            await lost.wait()
        return no_delay

    assert asyncio.run(asyncio.wait_for(accept_one(), PATIENCE_SECONDS))


def test_the_server_names_neither_itself_nor_the_time() -> None:
    config = make_config(echo)

    assert not config.server_header
    assert not config.date_header
    assert not config.proxy_headers
