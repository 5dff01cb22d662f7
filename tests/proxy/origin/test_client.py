from __future__ import annotations

import socket

import pytest

from proxy.origin.client import Origin
from proxy.origin.errors import (
    OriginError,
    OriginTimeoutError,
    OriginUnreachableError,
)
from tests.proxy.origin.conversation import fetch, talk
from tests.proxy.origins import Connection, ok, replying, scripted_origin


def test_no_cookie_is_kept_no_redirect_followed_and_no_proxy_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    moved = b"HTTP/1.1 302 Found\r\nLocation: /next\r\nSet-Cookie: id=1\r\nContent-Length: 0\r\n\r\n"

    async def twice(client: Origin) -> list[int]:
        return [(await fetch(client))[0] for _ in range(2)]

    with scripted_origin(replying(moved, ok())) as origin:
        statuses = talk(origin.url, twice)

    assert statuses == [302, 200]
    assert origin.heard == b"GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n" * 2


def test_a_connection_that_died_idle_costs_no_request() -> None:
    def short_lived(connection: Connection) -> None:
        connection.read_message()
        connection.send(ok())
        connection.read_message()  # and closes without a word

    async def twice(client: Origin) -> tuple[bytes, bytes]:
        return (await fetch(client))[2], (await fetch(client))[2]

    with scripted_origin(short_lived) as origin:
        assert talk(origin.url, twice) == (b"hello", b"hello")

    assert len(origin.connections) == 2


def test_a_request_with_an_effect_is_never_sent_again() -> None:
    with scripted_origin(lambda connection: connection.close()) as origin, pytest.raises(OriginUnreachableError):
        talk(origin.url, lambda client: fetch(client, "DELETE"))

    assert len(origin.connections) == 1


def failure_of(url: str, **options: float) -> OriginError:
    with pytest.raises(OriginError) as failure:
        talk(url, fetch, **options)
    return failure.value


def test_a_refused_connection_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    failure = failure_of(f"http://127.0.0.1:{port}")

    assert (type(failure), failure.error) == (OriginUnreachableError, "connection_refused")


def test_an_origin_without_tls_says_so() -> None:
    with scripted_origin(lambda connection: connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as origin:
        failure = failure_of(origin.url.replace("http:", "https:"))

    assert (type(failure), failure.error) == (OriginUnreachableError, "tls_protocol_error")


def test_a_connection_that_ends_before_its_response_says_so() -> None:
    with scripted_origin(lambda connection: connection.close()) as origin:
        failure = failure_of(origin.url)

    assert (type(failure), failure.error) == (OriginUnreachableError, "connection_terminated")


def test_a_connection_that_is_not_made_in_time_says_so() -> None:
    # A backlog that is full leaves the next connection waiting.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        with socket.create_connection(address):
            failure = failure_of(f"http://127.0.0.1:{address[1]}", connect_seconds=0.05)

    assert (type(failure), failure.error) == (OriginTimeoutError, "connection_timeout")
