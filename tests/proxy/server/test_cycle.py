"""Responses that break off are shown in `test_server`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import cast

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn._types import ASGI3Application, HTTPScope

from proxy.server.cycle import BrokenResponseError, GuardedCycle, GuardedFlow


class Pausing(asyncio.Transport):
    """A transport that knows whether it is read."""

    is_reading_paused = False

    def pause_reading(self) -> None:
        self.is_reading_paused = True

    def resume_reading(self) -> None:
        self.is_reading_paused = False


def test_reading_that_is_held_is_resumed_only_when_it_is_released() -> None:
    transport = Pausing()
    flow = GuardedFlow(transport)

    flow.hold_reading()
    flow.resume_reading()
    assert transport.is_reading_paused
    assert flow.read_paused

    flow.release_reading()
    assert not transport.is_reading_paused


def test_reading_that_is_not_held_is_resumed_by_anyone() -> None:
    transport = Pausing()
    flow = GuardedFlow(transport)

    flow.pause_reading()
    flow.resume_reading()

    assert not transport.is_reading_paused


class Recording(asyncio.Transport):
    """A transport that keeps what is written at one time."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: object) -> None:
        self.written.append(cast("bytes", data))

    def writelines(self, pieces: object) -> None:
        self.written.append(b"".join(cast("Sequence[bytes]", pieces)))

    def close(self) -> None:
        self.is_closed = True


HEAD: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]}
UNTOLD: Message = {"type": "http.response.start", "status": 200, "headers": []}
SENT = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"


def part(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


def written(*messages: Message, fails: Exception | None = None, method: str = "GET", version: str = "1.1") -> Recording:
    """What goes to the client of an app that sends these messages."""
    transport = Recording()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
        if fails is not None:
            raise fails

    asyncio.run(_run(app, transport, {"type": "http", "method": method, "http_version": version, "raw_path": b"/"}))
    return transport


async def _run(app: ASGIApp, transport: Recording, scope: Scope) -> None:
    quiet = logging.getLogger("quiet")
    cycle = GuardedCycle(
        scope=cast("HTTPScope", scope),
        transport=transport,
        flow=GuardedFlow(transport),
        logger=quiet,
        access_logger=quiet,
        access_log=False,
        default_headers=[],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=scope["http_version"] == "1.1",
        on_response=lambda: None,
    )
    await cycle.run_asgi(cast("ASGI3Application", app))


def test_the_head_goes_out_with_the_first_piece_of_the_body() -> None:
    assert written(HEAD, part(b"hel", more=True), part(b"lo")).written == [SENT + b"hel", b"lo"]


def test_an_empty_piece_sends_the_head_at_once() -> None:
    assert written(HEAD, part(b"", more=True), part(b"hello")).written == [SENT, b"hello"]


def test_a_body_of_unknown_length_goes_in_chunks() -> None:
    assert written(UNTOLD, part(b"hello", more=True), part(b"")).written == [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"0\r\n\r\n",
    ]


def test_a_body_of_unknown_length_ends_an_http_1_0_connection() -> None:
    transport = written(UNTOLD, part(b"hel", more=True), part(b"lo"), version="1.0")

    assert transport.written == [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhel", b"lo"]
    assert transport.is_closed


def test_the_answer_to_a_head_is_its_head() -> None:
    assert written(HEAD, part(b""), method="HEAD").written == [SENT]


@pytest.mark.parametrize("fails", [BrokenResponseError("the origin left"), ValueError("a fault of ours")])
def test_a_head_whose_body_never_comes_is_sent_before_the_connection_closes(fails: Exception) -> None:
    transport = written(HEAD, fails=fails)

    assert transport.written == [SENT]
    assert transport.is_closed


@pytest.mark.parametrize("body", [b"hell", b"hello!"])
def test_a_body_of_another_length_than_was_told_closes_the_connection(body: bytes) -> None:
    assert written(HEAD, part(body)).is_closed


@pytest.mark.parametrize("field", [(b"x y", b"1"), (b"x", b"1\r\ny: 2")], ids=["name", "value"])
def test_a_header_that_would_be_read_as_another_is_not_sent(field: tuple[bytes, bytes]) -> None:
    transport = written({"type": "http.response.start", "status": 200, "headers": [field]}, part(b"hello"))

    assert transport.written == []
    assert transport.is_closed
