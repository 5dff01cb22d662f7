"""The opening handshake of a WebSocket (RFC 6455 §4), as a proxy has to see it: what asks for one, and what grants it.

Pure. What looks like a handshake and is none must not become a tunnel, on either side: through a tunnel anything passes
that one of them takes for requests.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha1

from proxy.server.framing import Refusal, RefusedError
from proxy.wire import Headers

SPOKE_EARLY = Refusal(400, "a WebSocket client waits for the answer to its handshake")

SWITCHING: Headers = ((b"connection", b"Upgrade"), (b"upgrade", b"websocket"))
"""What a handshake's head and its answer bear beside all else; hop-by-hop, so each hop says it anew."""

_VERSION = b"13"
_OTHER_VERSION = Refusal(426, "WebSockets of version 13 only", ((b"sec-websocket-version", _VERSION),))
_KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")
_SALT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


def asks_for_websocket(method: bytes, version: str, headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a head with `Connection: upgrade` asks for a WebSocket, and for nothing else.

    Of any other the upgrade is ignored, as a server may (RFC 9110 §7.8). RefusedError where it asks in a wrong way.
    """
    if (
        method != b"GET"
        or version != "1.1"
        or [value.lower() for value in _values(headers, b"upgrade")] != [b"websocket"]
    ):
        return False
    if any(name in _FRAMING for name, _ in headers):
        return False
    if _values(headers, b"sec-websocket-version") != [_VERSION]:
        raise RefusedError(_OTHER_VERSION)
    keys = _values(headers, b"sec-websocket-key")
    if len(keys) != 1 or not _KEY.fullmatch(keys[0]):
        raise RefusedError(Refusal(400, "one Sec-WebSocket-Key of 16 bytes is required"))
    return True


def grants_websocket(headers: Headers, key: bytes) -> bool:
    """Whether a 101 with these headers answers the handshake with `key` (RFC 6455 §4.1)."""
    options = [option.strip().lower() for value in _values(headers, b"connection") for option in value.split(b",")]
    return (
        [value.lower() for value in _values(headers, b"upgrade")] == [b"websocket"]
        and b"upgrade" in options
        and _values(headers, b"sec-websocket-accept") == [accept_for(key)]
        and not any(name in _FRAMING for name, _ in headers)
    )


def switching_head(headers: Headers) -> bytes:
    """The head of the 101 with these headers, as it goes on the wire."""
    lines = [b"HTTP/1.1 101 Switching Protocols", *(name + b": " + value for name, value in (*headers, *SWITCHING))]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def accept_for(key: bytes) -> bytes:
    """The one `Sec-WebSocket-Accept` that answers a key.

    >>> accept_for(b"dGhlIHNhbXBsZSBub25jZQ==")
    b's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    """
    return b64encode(sha1(key + _SALT, usedforsecurity=False).digest())


def _values(headers: Headers | list[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for field, value in headers if field == name]
