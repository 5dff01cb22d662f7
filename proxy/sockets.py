"""What asyncio leaves to the sockets below its transports."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import select
import socket
import struct
import sys
import termios

IDLE_SECONDS, PROBE_SECONDS, PROBES = 60, 15, 4
"""When a silent peer is asked whether it lives, how long until it is asked again, and how often."""

UNSENT_BYTES = 128 * 1024

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def send_at_once(transport: asyncio.BaseTransport) -> None:
    """Hold no piece back until the one before it is acknowledged, which takes clients up to 40 ms.

    asyncio does so only where the listener's protocol number is written out, as `socket.create_server` leaves it not.
    """
    connection = _tcp_of(transport)
    if connection is not None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def leave_unsent(transport: asyncio.BaseTransport) -> None:
    """Have the kernel keep no more than UNSENT_BYTES that it could not send yet.

    Left to itself, it takes megabytes off our hands for a client that reads nothing, of memory that nobody counts.
    """
    connection = _tcp_of(transport)
    if connection is not None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)


def watch_peer(transport: asyncio.BaseTransport) -> None:
    """Notice within two minutes that the peer is gone without a word."""
    connection = _tcp_of(transport)
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBE_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)


def has_unread(transport: asyncio.BaseTransport) -> bool:
    """Whether the peer said something, or went, that the event loop has not come to yet."""
    connection: socket.socket = transport.get_extra_info("socket")
    look = select.poll()
    look.register(connection.fileno(), select.POLLIN)
    return bool(look.poll(0))


def reset(transport: asyncio.WriteTransport) -> None:
    """End a connection so that the peer sees that it was broken off, and no end in peace."""
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()


def untaken_bytes(transport: asyncio.WriteTransport) -> int:
    """What was written and the peer's machine has not acknowledged: here, and in the kernel where that tells it."""
    connection: socket.socket = transport.get_extra_info("socket")
    queued = bytearray(4)
    with contextlib.suppress(OSError):
        fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, queued)
    return transport.get_write_buffer_size() + int.from_bytes(queued, sys.byteorder)


def _tcp_of(transport: asyncio.BaseTransport) -> socket.socket | None:
    connection: socket.socket = transport.get_extra_info("socket")
    return connection if connection.family in (socket.AF_INET, socket.AF_INET6) else None
