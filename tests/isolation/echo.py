"""The origin's WebSocket: what comes in a message is sent back."""

from __future__ import annotations

import asyncio

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol


def is_handshake(head: bytes) -> bool:
    """Whether a request asks for a WebSocket."""
    return b"\r\nupgrade: websocket\r\n" in head.lower()


class Echo(asyncio.Protocol):
    """One WebSocket, from its handshake on, over a connection that is open."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._messages = ServerProtocol()

    def data_received(self, data: bytes) -> None:
        self._messages.receive_data(data)
        for event in self._messages.events_received():
            if isinstance(event, Request):
                self._messages.send_response(self._messages.accept(event))
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._messages.send_text(bytes(event.data))
        for sent in self._messages.data_to_send():
            if sent:
                self._transport.write(sent)
            else:
                self._transport.close()
