from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from proxy.origin.client import Origin
from proxy.origin.errors import (
    OriginBodyError,
    OriginProtocolError,
    OriginTimeoutError,
    OriginUnreachableError,
)
from proxy.wire import Headers
from tests.proxy.origin.conversation import HOST, fetch, pieces, read_body, silent, talk
from tests.proxy.origins import PATIENCE_SECONDS, Connection, ok, replying, scripted_origin


def test_a_request_is_written_byte_for_byte() -> None:
    headers: Headers = ((b"x-b", b"\xe9\xff"), HOST, (b"cookie", b"a=1"), (b"x-a", b""), (b"cookie", b"b=2"))

    with scripted_origin(replying(ok())) as origin:
        talk(origin.url, lambda client: fetch(client, target=b"//evil/x?a=[b]&c=%zz&", headers=headers))

    assert origin.heard == (
        b"GET //evil/x?a=[b]&c=%zz& HTTP/1.1\r\n"
        b"x-b: \xe9\xff\r\nhost: shop.example\r\ncookie: a=1\r\nx-a: \r\ncookie: b=2\r\n\r\n"
    )


def test_options_can_ask_for_the_server_itself() -> None:
    with scripted_origin(replying(ok())) as origin:
        talk(origin.url, lambda client: fetch(client, "OPTIONS", b"*"))

    assert origin.heard.startswith(b"OPTIONS * HTTP/1.1\r\n")


def test_a_response_keeps_order_duplicates_and_bytes() -> None:
    reply = ok(b"hi", b"X-B: \xe9", b"Set-Cookie: a=1", b"X-A:", b"Set-Cookie: b=2")

    with scripted_origin(replying(reply)) as origin:
        status, headers, body = talk(origin.url, fetch)

    assert (status, body) == (200, b"hi")
    assert headers == (
        (b"content-length", b"2"),
        (b"x-b", b"\xe9"),
        (b"set-cookie", b"a=1"),
        (b"x-a", b""),
        (b"set-cookie", b"b=2"),
    )


def test_a_body_stays_in_its_content_coding() -> None:
    with scripted_origin(replying(ok(b"not really gzip", b"Content-Encoding: gzip"))) as origin:
        _, _, body = talk(origin.url, fetch)

    assert body == b"not really gzip"


BODILESS = {
    "HEAD": ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200),
    "204": ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204),
    "304": ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304),
}


@pytest.mark.parametrize(("method", "reply", "status"), BODILESS.values(), ids=BODILESS.keys())
def test_a_response_without_a_body_leaves_the_connection_whole(method: str, reply: bytes, status: int) -> None:
    async def twice(client: Origin) -> tuple[int, bytes, bytes]:
        first, _, nothing = await fetch(client, method)
        _, _, body = await fetch(client)
        return first, nothing, body

    with scripted_origin(replying(reply, ok())) as origin:
        assert talk(origin.url, twice) == (status, b"", b"hello")

    assert len(origin.connections) == 1


def test_interim_responses_are_dropped() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"

    with scripted_origin(replying(hints + hints + ok())) as origin:
        status, headers, _ = talk(origin.url, fetch)

    assert (status, headers) == (200, ((b"content-length", b"5"),))


def test_a_body_of_known_length_is_sent_as_it_is() -> None:
    with scripted_origin(replying(ok())) as origin:
        talk(
            origin.url,
            lambda client: fetch(
                client, "POST", headers=(HOST, (b"content-length", b"10")), body=pieces(b"hello", b"world")
            ),
        )

    assert origin.heard == b"POST / HTTP/1.1\r\nhost: shop.example\r\ncontent-length: 10\r\n\r\nhelloworld"


def test_a_body_of_unknown_length_goes_in_chunks() -> None:
    with scripted_origin(replying(ok())) as origin:
        talk(origin.url, lambda client: fetch(client, "POST", body=pieces(b"hello", b"world")))

    assert origin.heard == (
        b"POST / HTTP/1.1\r\nhost: shop.example\r\ntransfer-encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n"
    )


class VisitorLeftError(Exception):
    """What a test's body raises."""


async def breaking_off() -> AsyncIterator[bytes]:
    yield b"hello"
    raise VisitorLeftError


@pytest.mark.parametrize("framing", [(b"content-length", b"10"), (b"x-length", b"unknown")])
def test_the_origin_never_sees_a_broken_body_complete(framing: tuple[bytes, bytes]) -> None:
    def listening(connection: Connection) -> None:
        connection.read_to_end()

    with scripted_origin(listening) as origin, pytest.raises(VisitorLeftError):
        talk(origin.url, lambda client: fetch(client, "POST", headers=(HOST, framing), body=breaking_off()))

    assert not origin.heard.endswith(b"\r\n0\r\n\r\n")
    assert origin.heard.partition(b"\r\n\r\n")[2] in (b"", b"hello", b"5\r\nhello\r\n")


@pytest.mark.parametrize("parts", [(b"hell",), (b"hello", b"!")])
def test_a_body_that_is_not_as_long_as_it_says_is_never_complete(parts: tuple[bytes, ...]) -> None:
    def listening(connection: Connection) -> None:
        connection.read_to_end()

    with scripted_origin(listening) as origin, pytest.raises(ValueError, match="than its Content-Length"):
        talk(
            origin.url,
            lambda client: fetch(client, "POST", headers=(HOST, (b"content-length", b"5")), body=pieces(*parts)),
        )

    assert not origin.heard.endswith(b"!")


def test_an_origin_may_answer_before_the_body_is_sent() -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"hello"
        await asyncio.Event().wait()

    def impatient(connection: Connection) -> None:
        connection.read_until(b"hello\r\n")
        connection.send(ok(b"too large"))
        connection.read_to_end()

    with scripted_origin(impatient) as origin:
        _, _, body = talk(origin.url, lambda client: fetch(client, "POST", body=endless()))

    assert body == b"too large"
    assert not origin.heard.endswith(b"0\r\n\r\n")


EXPECTING: Headers = (HOST, (b"expect", b"100-continue"), (b"content-length", b"5"))


def test_a_body_is_held_back_until_the_origin_wants_it() -> None:
    before: list[bytes] = []

    def willing(connection: Connection) -> None:
        before.append(connection.read_until(b"\r\n\r\n"))
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        before.append(connection.read_exactly(5))
        connection.send(ok())

    with scripted_origin(willing) as origin:
        talk(
            origin.url,
            lambda client: fetch(client, "POST", headers=EXPECTING, body=pieces(b"hello")),
            expect_seconds=PATIENCE_SECONDS,
        )

    assert before[1] == b"hello"
    assert b"expect: 100-continue\r\n" in before[0]


def test_a_body_that_the_origin_refuses_is_never_sent() -> None:
    def unwilling(connection: Connection) -> None:
        connection.read_until(b"\r\n\r\n")
        connection.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
        connection.read_to_end()

    with scripted_origin(unwilling) as origin:
        status, _, _ = talk(
            origin.url,
            lambda client: fetch(client, "POST", headers=EXPECTING, body=pieces(b"hello")),
            expect_seconds=PATIENCE_SECONDS,
        )

    assert status == 413
    assert origin.heard.endswith(b"\r\n\r\n")


def test_an_origin_that_knows_nothing_of_100_gets_the_body_all_the_same() -> None:
    with scripted_origin(replying(ok())) as origin:
        talk(
            origin.url,
            lambda client: fetch(client, "POST", headers=EXPECTING, body=pieces(b"hello")),
            expect_seconds=0.01,
        )

    assert origin.heard.endswith(b"\r\n\r\nhello")


MALFORMED = {
    "no HTTP": b"garbage\r\n\r\n",
    "no status": b"HTTP/1.1 abc\r\n\r\n",
    "control in a value": b"HTTP/1.1 200 OK\r\nX: a\x01b\r\n\r\n",
    "escape in a value": b"HTTP/1.1 200 OK\r\nX: \x1b[31m\r\n\r\n",
    "NUL in a value": b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n",
    "carriage return in a value": b"HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\n\r\n",
    "space in a name": b"HTTP/1.1 200 OK\r\nX Y: a\r\n\r\n",
    "delete in a value": b"HTTP/1.1 200 OK\r\nX: a\x7fb\r\n\r\n",
    "letter beyond ASCII in a name": b"HTTP/1.1 200 OK\r\nX\xe9: a\r\n\r\n",
    "field without a colon": b"HTTP/1.1 200 OK\r\nX\r\n\r\n",
    "field without a name": b"HTTP/1.1 200 OK\r\n: a\r\n\r\n",
    "space before a colon": b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
    "page and no head": b"<html>hello</html>\r\n\r\n",
    "another protocol": b"ICY 200 OK\r\n\r\n",
    "version of later": b"HTTP/2 200 OK\r\n\r\n",
    "version of never": b"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
    "status of two digits": b"HTTP/1.1 99 Few\r\n\r\n",
    "status of four digits": b"HTTP/1.1 1000 Many\r\n\r\n",
    "status below zero": b"HTTP/1.1 -200 OK\r\n\r\n",
    "length in words": b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello",
    "length below zero": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "length with a sign": b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
    "no length in its field": b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello",
    "length beyond all bounds": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
    "list of lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
    "unknown coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
    "chunks in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "coding twice": b"HTTP/1.1 200 OK\r\n" + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n5\r\nhello\r\n0\r\n\r\n",
    "endless reason": b"HTTP/1.1 200 " + b"x" * 100_000,
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and coding": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "upgrade unasked": b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    "endless field": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,
    "endless fields": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000,
}


@pytest.mark.parametrize("reply", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_head_that_is_not_safe_to_pass_on_is_refused(reply: bytes) -> None:
    with scripted_origin(replying(reply)) as origin, pytest.raises(OriginProtocolError) as failure:
        talk(origin.url, fetch)

    assert failure.value.error == "http_protocol_error"


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\nSet-Cookie: secret\r\nContent-Le"])
def test_a_head_that_breaks_off_is_no_response_and_is_not_quoted(reply: bytes) -> None:
    with scripted_origin(replying(reply)) as origin, pytest.raises(OriginUnreachableError) as failure:
        talk(origin.url, fetch)

    assert failure.value.error == "connection_terminated"
    assert "secret" not in str(failure.value)


def test_a_head_that_is_too_long_is_not_quoted() -> None:
    reply = b"HTTP/1.1 200 OK\r\nSet-Cookie: secret" + b"x" * 100_000

    with scripted_origin(replying(reply)) as origin, pytest.raises(OriginProtocolError) as failure:
        talk(origin.url, fetch)

    assert "secret" not in str(failure.value)


BREAKING = {
    "short of its length": (b"Content-Length: 10\r\n\r\nhello", b"", False),
    "no last chunk": (b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", b"", False),
    "malformed chunk": (b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", b"zz\r\n", False),
    "reset with a length": (b"Content-Length: 10\r\n\r\nhello", b"", True),
    "reset without a length": (b"\r\nhello", b"", True),
}


@pytest.mark.parametrize(("head", "rest", "reset"), BREAKING.values(), ids=BREAKING.keys())
def test_a_body_that_breaks_off_is_an_error(head: bytes, rest: bytes, reset: bool) -> None:
    got_first = threading.Event()

    def breaking(connection: Connection) -> None:
        connection.read_message()
        connection.send(b"HTTP/1.1 200 OK\r\n" + head)
        got_first.wait(PATIENCE_SECONDS)
        connection.send(rest)
        if reset:
            connection.reset()

    async def read(client: Origin) -> bytes:
        async with await client.fetch("GET", b"/", (HOST,)) as response:
            first = await response.read_chunk()
            got_first.set()
            with pytest.raises(OriginBodyError) as failure:
                await read_body(response)
            assert failure.value.error == "http_response_incomplete"
            return first

    with scripted_origin(breaking) as origin:
        assert talk(origin.url, read) == b"hello"


def test_a_body_may_end_with_its_connection() -> None:
    with scripted_origin(replying(b"HTTP/1.0 200 OK\r\n\r\nhello")) as origin:
        assert talk(origin.url, fetch)[2] == b"hello"


def test_closing_a_response_closes_the_connection() -> None:
    ended = threading.Event()

    def endless(connection: Connection) -> None:
        connection.read_message()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello")
        connection.read_to_end()
        ended.set()

    async def leave(client: Origin) -> bool:
        async with await client.fetch("GET", b"/", (HOST,)) as response:
            await response.read_chunk()
            assert not response.at_end
        return await asyncio.to_thread(ended.wait, PATIENCE_SECONDS)

    with scripted_origin(endless) as origin:
        assert talk(origin.url, leave)


def test_a_head_that_does_not_come_in_time_says_so() -> None:
    with scripted_origin(silent) as origin, pytest.raises(OriginTimeoutError) as failure:
        talk(origin.url, fetch, response_seconds=0.05)

    assert failure.value.error == "http_response_timeout"


def test_a_head_is_due_once_the_body_is_sent() -> None:
    with scripted_origin(silent) as origin, pytest.raises(OriginTimeoutError):
        talk(origin.url, lambda client: fetch(client, "POST", body=pieces(b"hello")), response_seconds=0.05)

    assert origin.heard.endswith(b"0\r\n\r\n")
