from __future__ import annotations

import pytest

from proxy.server.framing import RefusedError
from proxy.server.handshake import SWITCHING, accept_for, asks_for_websocket, grants_websocket, switching_head

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ASKING = [
    (b"host", b"a"),
    (b"connection", b"keep-alive, Upgrade"),
    (b"upgrade", b"WebSocket"),
    (b"sec-websocket-version", b"13"),
    (b"sec-websocket-key", KEY),
]
GRANTING = (*SWITCHING, (b"sec-websocket-accept", accept_for(KEY)))


def without(name: bytes) -> list[tuple[bytes, bytes]]:
    return [field for field in ASKING if field[0] != name]


def test_a_handshake_asks_for_a_websocket() -> None:
    assert asks_for_websocket(b"GET", "1.1", ASKING)


NO_HANDSHAKE = {
    "another method": (b"POST", "1.1", ASKING),
    "an older version of HTTP": (b"GET", "1.0", ASKING),
    "another protocol": (b"GET", "1.1", [*without(b"upgrade"), (b"upgrade", b"h2c")]),
    "a choice of protocols": (b"GET", "1.1", [*without(b"upgrade"), (b"upgrade", b"websocket, h2c")]),
    "two fields of protocols": (b"GET", "1.1", [*ASKING, (b"upgrade", b"h2c")]),
    "a body": (b"GET", "1.1", [*ASKING, (b"content-length", b"5")]),
    "chunks": (b"GET", "1.1", [*ASKING, (b"transfer-encoding", b"chunked")]),
}


@pytest.mark.parametrize(("method", "version", "headers"), NO_HANDSHAKE.values(), ids=NO_HANDSHAKE.keys())
def test_what_may_be_read_as_a_plain_request_is_one(
    method: bytes, version: str, headers: list[tuple[bytes, bytes]]
) -> None:
    assert not asks_for_websocket(method, version, headers)


WRONG = {
    "no version": (426, without(b"sec-websocket-version")),
    "another version": (426, [*without(b"sec-websocket-version"), (b"sec-websocket-version", b"8")]),
    "two versions": (426, [*ASKING, (b"sec-websocket-version", b"13")]),
    "no key": (400, without(b"sec-websocket-key")),
    "two keys": (400, [*ASKING, (b"sec-websocket-key", KEY)]),
    "a short key": (400, [*without(b"sec-websocket-key"), (b"sec-websocket-key", b"c2hvcnQ=")]),
    "a key that is no base64": (400, [*without(b"sec-websocket-key"), (b"sec-websocket-key", b"?" * 22 + b"==")]),
}


@pytest.mark.parametrize(("status", "headers"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_handshake_is_refused(status: int, headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(RefusedError) as caught:
        asks_for_websocket(b"GET", "1.1", headers)

    assert caught.value.refusal.status == status
    assert (b"\r\nsec-websocket-version: 13\r\n" in caught.value.refusal.encode()) == (status == 426)


def test_the_answer_to_the_handshake_grants_it() -> None:
    assert grants_websocket(GRANTING, KEY)
    assert grants_websocket((*GRANTING, (b"sec-websocket-protocol", b"chat")), KEY)


NO_GRANT = {
    "no accept": SWITCHING,
    "an accept of another key": (*SWITCHING, (b"sec-websocket-accept", accept_for(b"another"))),
    "two accepts": (*GRANTING, (b"sec-websocket-accept", accept_for(KEY))),
    "no protocol": tuple(field for field in GRANTING if field[0] != b"upgrade"),
    "another protocol": tuple((name, value.replace(b"websocket", b"h2c")) for name, value in GRANTING),
    "no connection option": tuple(field for field in GRANTING if field[0] != b"connection"),
    "a body": (*GRANTING, (b"content-length", b"5")),
}


@pytest.mark.parametrize("headers", NO_GRANT.values(), ids=NO_GRANT.keys())
def test_any_other_switch_of_protocols_grants_nothing(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    assert not grants_websocket(headers, KEY)


def test_the_head_of_the_answer_says_what_the_connection_becomes() -> None:
    head = switching_head(((b"via", b"1.1 tailor"),))

    assert head == (
        b"HTTP/1.1 101 Switching Protocols\r\nvia: 1.1 tailor\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n"
    )
