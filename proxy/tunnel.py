"""A WebSocket on its way: two connections, and what one says goes to the other as it is (RFC 6455).

Owns back-pressure, the ends of both connections, and the bound on messages. Where frames end is `proxy.frames`'s to
say; how the two connections came to speak WebSocket, `proxy.websocket`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from proxy.frames import GOING_AWAY, TOO_BIG, FrameReader, close_frame
from proxy.sockets import reset, watch_peer
from proxy.wire import Headers

LEAVE_SECONDS = 5.0
"""How long both sides have to go once they were told to."""
END_SECONDS = 30.0
"""How long the one side has to end, and to take what it is owed, once the other has ended."""

WEBSOCKET = "tailor.websocket"
"""The extension of an ASGI scope that asks for a WebSocket; it holds a Switch under the same name."""


class Tunnel:
    """Two ends, the `browser`'s and the `origin`'s, to be given their connections; `ended` once both have lost them.

    A message of more than `message_bytes` closes the WebSocket: 1009 to who sent it, 1001 to the other.
    """

    def __init__(self, message_bytes: int) -> None:
        self.ended = asyncio.Event()
        self.is_over = False
        """Whether a message was too long."""
        self.browser = End(self, message_bytes, is_server=False)
        self.origin = End(self, message_bytes, is_server=True)
        self.browser.other, self.origin.other = self.origin, self.browser
        self._deadline: asyncio.TimerHandle | None = None

    def leave(self) -> None:
        """Close the WebSocket towards both: this proxy goes away."""
        for end in (self.browser, self.origin):
            end.say_goodbye(GOING_AWAY)
        self.end_within(LEAVE_SECONDS)

    def refuse_message(self, sender: End) -> None:
        """Close the WebSocket towards both: a message of one of them is too long."""
        self.is_over = True
        sender.say_goodbye(TOO_BIG)
        sender.other.say_goodbye(GOING_AWAY)
        self.end_within(LEAVE_SECONDS)

    def end_within(self, seconds: float) -> None:
        """Abort what is left by then, unless an earlier end is set."""
        loop = asyncio.get_running_loop()
        when = loop.time() + seconds
        if self._deadline is None or when < self._deadline.when():
            self._cancel_deadline()
            self._deadline = loop.call_at(when, self.abort)

    def abort(self) -> None:
        """End both connections at once."""
        for end in (self.browser, self.origin):
            end.abort()

    def note_lost(self) -> None:
        """One of the ends has lost its connection."""
        if self.browser.is_lost and self.origin.is_lost:
            self._cancel_deadline()
            self.ended.set()

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class End(asyncio.Protocol):
    """One of the two connections; `is_server` tells whether a server is at its far end, which takes masked frames."""

    other: End

    def __init__(self, tunnel: Tunnel, message_bytes: int, *, is_server: bool) -> None:
        self.is_lost = False
        self._tunnel = tunnel
        self._is_server = is_server
        self._reader = FrameReader(message_bytes)
        self._transport: asyncio.Transport | None = None
        self._goodbye = b""
        self._heard_all = False
        self._said_all = False
        self._when_lost: Callable[[Exception | None], object] = _ignore

    def when_lost(self, callback: Callable[[Exception | None], object]) -> None:
        """Tell who had the connection before that it is lost, and by what."""
        self._when_lost = callback

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if not transport.is_closing():
            # A WebSocket may be silent for hours; only a peer that is gone without a word must not hold it open.
            watch_peer(transport)

    def data_received(self, data: bytes) -> None:
        was_over = self._reader.is_over
        passed = self._reader.read(data)
        if passed:
            self.other.write(passed)
        if self._reader.is_over and not was_over:
            self._tunnel.refuse_message(self)
        self.other.part_if_due()

    def eof_received(self) -> bool:
        self._heard_all = True
        self.other.finish()
        self._tunnel.end_within(END_SECONDS)
        # TLS knows no half of a connection.
        return not self._said_all and self._speaks_plainly()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        self._when_lost(exc)
        if exc is not None:
            self.other.reset()
        else:
            self.other.close()
            self._tunnel.end_within(END_SECONDS)
        self._tunnel.note_lost()

    def pause_writing(self) -> None:
        self.other.pause_reading()

    def resume_writing(self) -> None:
        self.other.resume_reading()

    def shutdown(self) -> None:
        """What uvicorn tells each connection when the server goes."""
        self._tunnel.leave()

    def write(self, data: bytes) -> None:
        """Pass on what the other end got."""
        if self._transport is not None and not self._said_all and not self._transport.is_closing():
            self._transport.write(data)

    def pause_reading(self) -> None:
        """The other end has enough for now."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """The other end takes more."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def say_goodbye(self, code: int) -> None:
        """Send a Close frame as soon as the frame is whole that is passed on to here, and nothing behind it."""
        if not self._goodbye:
            self._goodbye = close_frame(code, masked=self._is_server)
            self.other.stop()
            self.part_if_due()

    def stop(self) -> None:
        """Pass on what is left of the frame under way; what comes then is read, so that nothing resets, and dropped."""
        self._reader.stop()

    def part_if_due(self) -> None:
        """Send the goodbye if there is one and the other end is at a boundary."""
        if self._goodbye and not self._said_all and self.other.at_boundary:
            self.write(self._goodbye)
            self.finish()

    @property
    def at_boundary(self) -> bool:
        """Whether what was passed on from here ends with a whole frame."""
        return self._reader.at_boundary

    def finish(self) -> None:
        """Nothing more will be written: end this direction, and the connection if the other one has ended too."""
        if self._said_all or self._transport is None or self._transport.is_closing():
            return
        self._said_all = True
        if self._heard_all or not self._transport.can_write_eof():
            self._transport.close()
        else:
            self._transport.write_eof()

    def close(self) -> None:
        """End the connection when all is written."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """End the connection as the other one was ended: by force."""
        if self._transport is not None and not self._transport.is_closing():
            reset(self._transport)

    def abort(self) -> None:
        """End the connection, whatever is not written yet."""
        if self._transport is not None:
            self._transport.abort()

    def _speaks_plainly(self) -> bool:
        return self._transport is not None and self._transport.get_extra_info("sslcontext") is None


Switch = Callable[[Headers, End], bool]
"""Answers a handshake with 101 and headers, and gives an end its connection; not if the browser is gone by then."""


def _ignore(_: Exception | None) -> None:
    pass
