from __future__ import annotations

import socket
import time
from collections.abc import Mapping

import pytest

from proxy.origin.breaker import Breaker
from proxy.origin.client import Origin
from proxy.origin.errors import (
    OriginCrowdedError,
    OriginError,
    OriginLostError,
    OriginSparedError,
    OriginTimeoutError,
    OriginUnreachableError,
)
from tests.proxy.origin.conversation import HOST, fetch, read_body, silent, talk
from tests.proxy.origins import PATIENCE_SECONDS, Connection, ok, replying, scripted_origin


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


def test_answers_are_timed_and_failures_counted_by_their_type() -> None:
    async def both(client: Origin) -> tuple[int, dict[str, int]]:
        await fetch(client)
        with pytest.raises(OriginError):
            await fetch(client)
        return sum(client.seconds.told().counts), dict(client.errors)

    with scripted_origin(replying(ok(), b"no http\r\n\r\n")) as origin:
        assert talk(origin.url, both) == (1, {"http_protocol_error": 1})


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

    assert (type(failure), failure.error) == (OriginLostError, "connection_terminated")


def test_a_connection_that_is_not_made_in_time_says_so() -> None:
    # A backlog that is full leaves the next connection waiting.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        with socket.create_connection(address):
            failure = failure_of(f"http://127.0.0.1:{address[1]}", connect_seconds=0.05)

    assert (type(failure), failure.error) == (OriginTimeoutError, "connection_timeout")


def spared_after(failures: int) -> Breaker:
    return Breaker(clock=time.monotonic, failures=failures, rest_seconds=PATIENCE_SECONDS * 10)


def test_an_origin_that_is_down_is_left_alone_and_the_failure_says_so() -> None:
    async def thrice(client: Origin) -> list[OriginError]:
        failures = []
        for _ in range(3):
            with pytest.raises(OriginError) as failure:
                await fetch(client)
            failures.append(failure.value)
        assert client.counts()["given_up"] == client.counts()["spared"] == 1
        return failures

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    *asked, spared = talk(f"http://127.0.0.1:{port}", thrice, breaker=spared_after(2))

    assert [failure.error for failure in asked] == ["connection_refused"] * 2
    assert (type(spared), spared.status) == (OriginSparedError, 502)


def test_an_origin_that_answers_too_late_again_and_again_is_left_alone() -> None:
    async def twice(client: Origin) -> list[int]:
        statuses = []
        for _ in range(2):
            with pytest.raises(OriginError) as failure:
                await fetch(client)
            statuses.append(failure.value.status)
        return statuses

    with scripted_origin(silent) as origin:
        statuses = talk(origin.url, twice, breaker=spared_after(1), response_seconds=0.05)
        asked = len(origin.connections)

    assert (statuses, asked) == ([504, 504], 1)


def test_a_request_that_kills_its_server_and_an_answer_that_is_no_http_part_nobody_from_the_origin() -> None:
    def script(connection: Connection) -> None:
        if b"/kill" not in connection.read_message():
            connection.send(b"no http\r\n\r\n")

    async def many(client: Origin) -> int:
        for target in (b"/kill", b"/garbage") * 3:
            with pytest.raises(OriginError):
                await fetch(client, target=target)
        return client.counts()["given_up"]

    with scripted_origin(script) as origin:
        assert talk(origin.url, many, breaker=spared_after(2)) == 0


def test_a_request_is_under_way_until_its_response_is_read_or_closed() -> None:
    async def many(client: Origin) -> list[int]:
        open_ = []
        async with await client.fetch("GET", b"/", (HOST,)) as response:
            open_.append(client.counts()["open"])
            await read_body(response)
            open_.append(client.counts()["open"])
        async with await client.fetch("GET", b"/", (HOST,)):
            open_.append(client.counts()["open"])
        open_.append(client.counts()["open"])
        return open_

    with scripted_origin(replying(ok(), ok())) as origin:
        assert talk(origin.url, many) == [1, 0, 1, 0]


def test_a_request_that_fails_is_under_way_no_longer() -> None:
    async def many(client: Origin) -> Mapping[str, int]:
        for _ in range(3):
            with pytest.raises(OriginLostError):
                await fetch(client)
        return client.counts()

    with scripted_origin(lambda connection: connection.close()) as origin:
        assert talk(origin.url, many, connections=1)["open"] == 0


def test_beyond_the_bound_a_request_waits_and_then_is_refused() -> None:
    async def two(client: Origin) -> None:
        async with await client.fetch("GET", b"/", (HOST,)):
            await fetch(client)

    with scripted_origin(replying(ok())) as origin, pytest.raises(OriginCrowdedError):
        talk(origin.url, two, connections=1, connect_seconds=0.05)

    assert len(origin.connections) == 1
