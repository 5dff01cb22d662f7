from __future__ import annotations

import logging
import socket
from collections.abc import Iterator

import pytest

from tests.proxy.origins import Connection, RunningServer, ok, replying, running_proxy, scripted_origin


def get(path: bytes) -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def nobody() -> str:
    """The URL of an origin that is down."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def proxy(nobody: str) -> Iterator[RunningServer]:
    with running_proxy(nobody) as proxy:
        yield proxy


@pytest.mark.parametrize("path", [b"/_tailor/livez", b"/_tailor/readyz", b"/%5Ftailor/livez"])
def test_health_is_told_without_an_origin(proxy: RunningServer, path: bytes) -> None:
    answer = proxy.ask(get(path))

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"cache-control: no-store\r\n" in answer


def test_a_proxy_that_is_not_ready_says_so_and_lives(nobody: str) -> None:
    with running_proxy(nobody, is_ready=lambda: False) as proxy:
        assert proxy.ask(get(b"/_tailor/readyz")).startswith(b"HTTP/1.1 503 ")
        assert proxy.ask(get(b"/_tailor/livez")).startswith(b"HTTP/1.1 200 ")


def test_our_own_paths_never_reach_the_origin() -> None:
    with scripted_origin(replying(ok())) as origin, running_proxy(origin.url) as proxy:
        answer = proxy.ask(get(b"/_tailor/nothing"))

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert origin.heard == b""


def test_a_path_that_only_begins_like_ours_is_the_origins() -> None:
    with scripted_origin(replying(ok())) as origin, running_proxy(origin.url) as proxy:
        proxy.ask(get(b"/_tailored"))

    assert origin.heard.startswith(b"GET /_tailored HTTP/1.1\r\n")


@pytest.mark.parametrize("path", [b"/a/../b", b"/a%2Fb", b"/%00"])
def test_an_ambiguous_path_is_answered_here(path: bytes) -> None:
    with scripted_origin(replying(ok())) as origin, running_proxy(origin.url) as proxy:
        answer = proxy.ask(get(path))

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert origin.heard == b""


def test_an_origin_that_is_down_is_a_502_that_says_why(proxy: RunningServer) -> None:
    answer = proxy.ask(get(b"/"))

    assert answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"\r\nproxy-status: tailor; error=connection_refused\r\n" in answer


def silent(connection: Connection) -> None:
    connection.read_to_end()


def test_an_origin_that_is_slow_is_a_504_that_says_why() -> None:
    with (
        scripted_origin(silent) as origin,
        running_proxy(origin.url, response_seconds=0.05) as proxy,
    ):
        answer = proxy.ask(get(b"/"))

    assert answer.startswith(b"HTTP/1.1 504 Gateway Timeout\r\n")
    assert b"\r\nproxy-status: tailor; error=http_response_timeout\r\n" in answer


def test_a_failure_is_logged_without_what_the_visitor_or_origin_said(caplog: pytest.LogCaptureFixture) -> None:
    reply = b"HTTP/1.1 200 OK\r\nSet-Cookie: secret\r\nX Y: secret\r\n\r\n"

    with (
        caplog.at_level(logging.INFO, "proxy"),
        scripted_origin(replying(reply)) as origin,
        running_proxy(origin.url) as proxy,
    ):
        proxy.ask(get(b"/a?token=secret"))

    assert [record.levelname for record in caplog.records if record.name.startswith("proxy")] == ["ERROR"]
    assert "GET /a: http_protocol_error" in caplog.text
    assert "secret" not in caplog.text


def test_no_path_makes_a_terminal_do_something(caplog: pytest.LogCaptureFixture, proxy: RunningServer) -> None:
    with caplog.at_level(logging.INFO, "proxy"):
        proxy.ask(get(b"/%c2%9b2J%E2%80%AE"))

    assert "GET /%C2%9B2J%E2%80%AE: connection_refused" in caplog.text
    assert "\x9b" not in caplog.text
