from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from proxy.sockets import (
    IDLE_SECONDS,
    UNSENT_BYTES,
    leave_unsent,
    reset,
    send_at_once,
    untaken_bytes,
    watch_peer,
)


def on_a_connection(do: Callable[[asyncio.WriteTransport], Any]) -> tuple[Any, socket.socket]:
    """What `do` says of a connection's transport, and the peer's socket."""

    async def run() -> tuple[Any, socket.socket]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            peer = socket.create_connection(listener.getsockname())
            accepted, _ = listener.accept()
        _, writer = await asyncio.open_connection(sock=accepted)
        said = do(writer.transport)
        writer.close()
        await asyncio.wait([asyncio.create_task(writer.wait_closed())])
        return said, peer

    return asyncio.run(run())


def option(transport: asyncio.WriteTransport, level: int, name: int) -> int:
    connection: socket.socket = transport.get_extra_info("socket")
    return connection.getsockopt(level, name)


def test_a_connection_that_sends_at_once_waits_for_no_acknowledgement() -> None:
    def no_delay(transport: asyncio.WriteTransport) -> int:
        send_at_once(transport)
        return option(transport, socket.IPPROTO_TCP, socket.TCP_NODELAY)

    said, peer = on_a_connection(no_delay)

    peer.close()
    assert said


def test_a_watched_peer_is_asked_whether_it_lives() -> None:
    def idle(transport: asyncio.WriteTransport) -> tuple[int, int]:
        watch_peer(transport)
        return (
            option(transport, socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            option(transport, socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
        )

    said, peer = on_a_connection(idle)

    peer.close()
    assert said == (1, IDLE_SECONDS)


def test_a_reset_is_no_end_in_peace() -> None:
    _, peer = on_a_connection(reset)

    with peer, pytest.raises(ConnectionResetError):
        peer.recv(1)


def untaken(transport: asyncio.WriteTransport) -> tuple[int, int]:
    """How much of 64 MB nobody took, and how much of that is left here."""
    transport.write(bytes(64 << 20))
    counted = untaken_bytes(transport), transport.get_write_buffer_size()
    transport.abort()
    return counted


def test_what_a_peer_does_not_take_is_counted_wherever_it_waits() -> None:
    (everywhere, here), peer = on_a_connection(untaken)

    peer.close()
    # What the peer's machine has taken is the peer's, read or not.
    assert 0 < here < everywhere < 64 << 20


def test_the_kernel_is_left_little_that_it_can_not_send() -> None:
    def unsent(transport: asyncio.WriteTransport) -> int:
        leave_unsent(transport)
        return option(transport, socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)

    said, peer = on_a_connection(unsent)

    peer.close()
    assert said == UNSENT_BYTES
