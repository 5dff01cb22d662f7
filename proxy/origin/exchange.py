"""One request and its response on one connection.

Owns framing and deadlines. It stands on aiohttp's connection and response parser, not on its session: that one writes
headers as UTF-8, puts `Host` first, upper-cases methods, drops an empty query, can't send `OPTIONS *`, adds a
`Content-Length`, and sends a request again on connections that are new. Here the head is written as bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.http import HttpProcessingError, RawResponseMessage, StreamWriter
from aiohttp.streams import EofStream, StreamReader

from proxy.origin.errors import (
    OriginBodyError,
    OriginError,
    OriginLostError,
    OriginProtocolError,
    OriginTimeoutError,
)
from proxy.tunnel import End
from proxy.wire import Headers

if TYPE_CHECKING:
    from aiohttp.connector import Connection

MAX_FIELD = 64 * 1024
MAX_FIELDS = 256
READ_SIZE = 64 * 1024

_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
_NOT_OF_TOKENS = re.compile(rb"[^!#$%&'*+\-.^_`|~0-9A-Za-z]")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class OriginResponse:
    """A response whose head is here; use it as an async context, which closes what was not read to its end.

    `headers` are the origin's, until who passes it on puts others in their place.
    """

    def __init__(self, status: int, headers: Headers, content: StreamReader, exchange: Exchange) -> None:
        self.status = status
        self.headers = headers
        self.at_end = False
        self._read_bytes = 0
        self._content = content
        self._exchange = exchange

    @property
    def is_at_hand(self) -> bool:
        """Whether reading the next piece waits for nothing."""
        return self._content.is_eof() or self._content.total_bytes > self._read_bytes

    async def read_chunk(self) -> bytes:
        """The next piece of the body as it came, still in its content coding; `at_end` tells whether it was the last.

        OriginBodyError where the body breaks off.
        """
        try:
            chunk = await self._content.readany()
        except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
            raise OriginBodyError("http_response_incomplete", str(error)) from error
        self._read_bytes += len(chunk)
        if self._content.at_eof():
            self._exchange.finish()
            self.at_end = True
        return chunk

    def when_over(self, call: Callable[[], None]) -> None:
        """Have something called once: when the connection is free for others, or closed."""
        self._exchange.when_over(call)

    def hand_over(self, end: End) -> None:
        """Give the connection away, after a 101; it is closed all the same where this context ends."""
        self._exchange.hand_over(end)

    async def close(self) -> None:
        """End what was not read of it, and the connection with that."""
        await self._exchange.close()

    async def __aenter__(self) -> OriginResponse:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class Exchange:
    """What goes up and what comes down; over when it fails, or its response is closed.

    `keep` takes the connection back that can serve another request; without it none does.
    """

    def __init__(
        self,
        connection: Connection,
        response_seconds: float,
        expect_seconds: float,
        keep: Callable[[Connection], None] | None = None,
    ) -> None:
        if connection.protocol is None or connection.transport is None:
            connection.close()
            raise OriginLostError("connection_terminated", "the connection was closed at once")
        self._connection: Connection | None = connection
        self._keep = keep
        self._loop = asyncio.get_running_loop()
        self._protocol = connection.protocol
        self._transport = connection.transport
        self._response_seconds = response_seconds
        self._expect_seconds = expect_seconds
        self._deadline: asyncio.TimerHandle | None = None
        self._go_ahead = asyncio.Event()
        self._upload: asyncio.Task[None] | None = None
        self._reads_head = False
        self._sent_whole = False
        self._ends_by_close = False
        self._hear_over: Callable[[], None] | None = None

    async def run(
        self,
        method: str,
        target: bytes,
        headers: Headers,
        body: AsyncIterator[bytes] | None = None,
        *,
        may_switch: bool = False,
    ) -> OriginResponse:
        """Sends the request, and returns when the response's head is here: a 101 only if the origin `may_switch`."""
        try:
            self._protocol.set_response_params(
                skip_payload=method == "HEAD",
                read_until_eof=True,
                auto_decompress=False,
                read_bufsize=READ_SIZE,
                max_line_size=MAX_FIELD,
                max_field_size=MAX_FIELD,
                max_headers=MAX_FIELDS,
            )
            if body is None:
                self._transport.write(_encode_head(method, target, headers))
                self._sent_whole = True
                message, content = await self._read_head(self._response_seconds)
            else:
                message, content = await self._read_head_while_sending(method, target, headers, body)
            fields = tuple([(name.lower(), value) for name, value in message.raw_headers])
            _check_head(message.code, fields, may_switch=may_switch)
        except BaseException:
            await self.close()
            raise
        self._ends_by_close = _FRAMING.isdisjoint([name for name, _ in fields])
        self._break_off_with_connection(content)
        return OriginResponse(message.code, fields, content, self)

    def finish(self) -> None:
        """The response is read to its end: the connection may serve another request, if this one was sent whole."""
        broken = self._protocol.exception()
        if self._ends_by_close and isinstance(broken, OSError):
            raise OriginBodyError("http_response_incomplete", f"ended by a reset: {broken}") from broken
        if self._sent_whole:
            self._end(self._keep)

    def when_over(self, call: Callable[[], None]) -> None:
        """See OriginResponse."""
        self._hear_over = call

    def hand_over(self, end: End) -> None:
        """Another protocol has the connection from here on, and all that came behind the head."""
        rest = _Rest()
        self._protocol.set_parser(rest, None)
        is_open = self._protocol.is_connected()
        if is_open:
            # The connector waits for what it has lent until it hears that it is lost.
            end.when_lost(self._protocol.connection_lost)
            self._transport.set_protocol(end)
        end.connection_made(self._transport)
        end.data_received(bytes(rest.received))
        if not is_open:
            end.eof_received()
            end.connection_lost(None)

    async def close(self) -> None:
        """Ends what is still under way; a request that was not sent whole breaks off at the origin."""
        if self._upload is not None:
            self._upload.cancel()
            await asyncio.wait([self._upload])
            if not self._upload.cancelled():
                self._upload.exception()
        self._end(None)

    def _end(self, keep: Callable[[Connection], None] | None) -> None:
        """Give the connection away, or close it, and tell who waits for that; only the first call counts."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if keep is not None:
            keep(connection)
        else:
            connection.close()
        if self._hear_over is not None:
            self._hear_over()

    def _break_off_with_connection(self, content: StreamReader) -> None:
        # Measured on aiohttp 3.14: a malformed chunk closes the connection, and leaves the body's reader asleep.
        closed = self._protocol.closed
        if content.is_eof() or closed is None:
            return

        def break_off(_: asyncio.Future[None]) -> None:
            if not content.is_eof() and content.exception() is None:
                content.set_exception(aiohttp.ClientPayloadError("the connection ended before the body did"))

        closed.add_done_callback(break_off)
        content.on_eof(functools.partial(_forget, closed, break_off))

    async def _read_head_while_sending(
        self, method: str, target: bytes, headers: Headers, body: AsyncIterator[bytes]
    ) -> tuple[RawResponseMessage, StreamReader]:
        length = next((int(value) for name, value in headers if name == b"content-length"), None)
        if length is None:
            headers = (*headers, (b"transfer-encoding", b"chunked"))
        self._transport.write(_encode_head(method, target, headers))
        if not any(name == b"expect" for name, _ in headers):
            self._go_ahead.set()
        self._upload = upload = asyncio.create_task(self._send(body, length))
        try:
            head = await self._read_head(None)
        except OriginError:
            if upload.done() and not upload.cancelled() and (failure := upload.exception()):
                raise failure from None
            raise
        if not self._go_ahead.is_set():
            upload.cancel()  # the answer is final, and the body is not wanted
        return head

    async def _read_head(self, seconds: float | None) -> tuple[RawResponseMessage, StreamReader]:
        self._reads_head = True
        self._expect_progress(seconds)
        try:
            while True:
                message, content = await self._protocol.read()
                if message.code == 101 or message.code >= 200:
                    return message, content
                if message.code == 100:
                    self._go_ahead.set()
        except HttpProcessingError as error:
            # Its first words name the fault; the rest quotes the origin's bytes, which may be a cookie's.
            fault = re.split(r"[:\n]", error.message, maxsplit=1)[0]
            raise OriginProtocolError("http_protocol_error", fault) from error
        except aiohttp.ServerDisconnectedError as error:
            # Its own words would tell the part of the head that came.
            raise OriginLostError("connection_terminated", "the connection ended before a head came") from error
        except (aiohttp.ClientError, OSError, EofStream) as error:
            raise OriginLostError("connection_terminated", str(error)) from error
        finally:
            self._expect_progress(None)
            self._reads_head = False

    async def _send(self, body: AsyncIterator[bytes], length: int | None) -> None:
        writer = StreamWriter(self._protocol, self._loop)
        if length is None:
            writer.enable_chunking()
        sent = 0
        try:
            await self._wait_for_go_ahead()
            async for chunk in body:
                sent += len(chunk)
                if length is not None and sent > length:
                    raise ValueError("the body is longer than its Content-Length")
                self._expect_progress(self._response_seconds)
                if not await _written(writer.write(chunk)):
                    return
                self._expect_progress(None)
            if length is not None and sent < length:
                raise ValueError("the body is shorter than its Content-Length")
            self._sent_whole = await _written(writer.write_eof())
            self._expect_progress(self._response_seconds)
        except BaseException:
            self._transport.abort()
            raise

    async def _wait_for_go_ahead(self) -> None:
        # An origin may know nothing of 100 (RFC 9110 §10.1.1), so this ends in sending.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._expect_seconds):
                await self._go_ahead.wait()
        self._go_ahead.set()

    def _expect_progress(self, seconds: float | None) -> None:
        """The head's deadline runs while the origin is to act, and not while the visitor is."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None and self._reads_head:
            self._deadline = self._loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        self._protocol.set_exception(OriginTimeoutError("http_response_timeout", "no response head in time"))


class _Rest:
    """Takes what aiohttp's protocol has received behind a 101, in the place of its own reader of WebSockets."""

    def __init__(self) -> None:
        self.received = bytearray()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.received += data
        return False, b""

    def feed_eof(self) -> None:
        """That the connection is lost, its new protocol hears itself."""


def _forget(closed: asyncio.Future[None], callback: Callable[[asyncio.Future[None]], None]) -> None:
    closed.remove_done_callback(callback)


async def _written(write: Awaitable[None]) -> bool:
    # An origin that has answered may stop listening; its answer counts, not this.
    try:
        await write
    except (aiohttp.ClientError, OSError):
        return False
    return True


def _encode_head(method: str, target: bytes, headers: Headers) -> bytes:
    lines = [method.encode("ascii") + b" " + target + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _check_head(status: int, headers: Headers, *, may_switch: bool) -> None:
    if not 200 <= status <= 999 and not (status == 101 and may_switch):
        raise OriginProtocolError("http_protocol_error", f"status {status} was not asked for")
    names, values = zip(*headers, strict=True) if headers else ((), ())
    if b"" in names or _NOT_OF_TOKENS.search(b"".join(names)) or _CONTROL.search(b"".join(values)):
        raise OriginProtocolError("http_protocol_error", "a header that holds a control character")
    if b"transfer-encoding" not in names:
        return
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    if codings != [b"chunked"]:
        # Read to its end as it is, the body would be passed on in a coding that nobody is told of (RFC 9112 §6.1).
        raise OriginProtocolError("http_protocol_error", "a transfer coding other than chunked")
