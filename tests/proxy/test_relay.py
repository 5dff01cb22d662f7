from __future__ import annotations

import threading

import pytest

from tests.proxy.origins import PATIENCE_SECONDS, Connection, ok, running_proxy, scripted_origin

GET = b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: shop.example\r\n"
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
STALLED_SECONDS = 1.0


def test_each_event_is_passed_on_before_the_next_is_written() -> None:
    seen = threading.Semaphore(0)

    def telling(connection: Connection) -> None:
        connection.read_message()
        connection.send(EVENTS)
        for number in range(3):
            connection.send(b"data: %d\n\n" % number)
            assert seen.acquire(timeout=PATIENCE_SECONDS)

    with scripted_origin(telling) as origin, running_proxy(origin.url) as proxy, proxy.connect() as browser:
        browser.send(GET)
        for number in range(3):
            assert browser.read_until(b"\n\n").endswith(b"data: %d\n\n" % number)
            seen.release()


def test_a_head_is_passed_on_before_there_is_anything_of_the_body() -> None:
    seen = threading.Event()

    def thinking(connection: Connection) -> None:
        connection.read_message()
        connection.send(EVENTS)
        assert seen.wait(PATIENCE_SECONDS)
        connection.send(b"data: 1\n\n")

    with scripted_origin(thinking) as origin, running_proxy(origin.url) as proxy, proxy.connect() as browser:
        browser.send(GET)
        assert b"content-type: text/event-stream" in browser.read_until(b"\r\n\r\n")
        seen.set()
        assert browser.read_until(b"\n\n").endswith(b"data: 1\n\n")


def test_each_piece_of_an_upload_is_passed_on_before_the_next_is_sent() -> None:
    heard = threading.Semaphore(0)

    def listening(connection: Connection) -> None:
        for number in range(3):
            connection.read_until(b"piece %d" % number)
            heard.release()
        connection.read_until(b"0\r\n\r\n")
        connection.send(ok())

    with scripted_origin(listening) as origin, running_proxy(origin.url) as proxy, proxy.connect() as browser:
        browser.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        for number in range(3):
            browser.send(b"7\r\npiece %d\r\n" % number)
            assert heard.acquire(timeout=PATIENCE_SECONDS)
        browser.send(b"0\r\n\r\n")
        assert browser.read_message().endswith(b"hello")


def test_a_browser_that_takes_nothing_holds_the_origin_back() -> None:
    endless = 64 * 1024 * 1024
    stalled = threading.Event()

    def pouring(connection: Connection) -> None:
        connection.read_message()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % endless)
        connection.raw.settimeout(STALLED_SECONDS)
        try:
            connection.raw.sendall(bytes(endless))
        except TimeoutError:
            stalled.set()

    with scripted_origin(pouring) as origin, running_proxy(origin.url) as proxy, proxy.connect() as browser:
        browser.send(GET)
        assert stalled.wait(PATIENCE_SECONDS)


LEAVING = {"before the response": b"", "within the response": EVENTS + b"data: 1\n\n"}


@pytest.mark.parametrize("sent", LEAVING.values(), ids=LEAVING.keys())
def test_the_origin_is_left_soon_after_the_browser_left(sent: bytes) -> None:
    asked, left = threading.Event(), threading.Event()

    def waiting(connection: Connection) -> None:
        connection.read_message()
        connection.send(sent)
        asked.set()
        connection.read_to_end()
        left.set()

    with scripted_origin(waiting) as origin, running_proxy(origin.url) as proxy:
        with proxy.connect() as browser:
            browser.send(GET)
            assert asked.wait(PATIENCE_SECONDS)
        assert left.wait(PATIENCE_SECONDS)


UPLOADS = {
    "a length that is not reached": b"Content-Length: 10\r\n\r\nhello",
    "chunks that do not end": b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
}


@pytest.mark.parametrize("upload", UPLOADS.values(), ids=UPLOADS.keys())
def test_an_upload_whose_browser_leaves_breaks_off_at_the_origin(upload: bytes) -> None:
    half, left = threading.Event(), threading.Event()

    def listening(connection: Connection) -> None:
        connection.read_until(b"hello")
        half.set()
        connection.read_to_end()
        left.set()

    with scripted_origin(listening) as origin, running_proxy(origin.url) as proxy:
        with proxy.connect() as browser:
            browser.send(POST + upload)
            assert half.wait(PATIENCE_SECONDS)
        assert left.wait(PATIENCE_SECONDS)

    assert not origin.heard.endswith(b"0\r\n\r\n")


def test_an_upload_with_a_malformed_chunk_breaks_off_at_the_origin() -> None:
    half, left = threading.Event(), threading.Event()

    def listening(connection: Connection) -> None:
        connection.read_until(b"hello")
        half.set()
        connection.read_to_end()
        left.set()

    with scripted_origin(listening) as origin, running_proxy(origin.url) as proxy, proxy.connect() as browser:
        browser.send(POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        assert half.wait(PATIENCE_SECONDS)
        browser.send(b"zz\r\n")
        answer = browser.read_to_end()
        assert left.wait(PATIENCE_SECONDS)

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert not origin.heard.endswith(b"0\r\n\r\n")


BREAKING = {
    "a length": (b"Content-Length: 10\r\n\r\nhello", b"", b"hello"),
    "chunks": (b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", b"", b"5\r\nhello\r\n"),
    "a malformed chunk": (b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", b"zz\r\n", b"5\r\nhello\r\n"),
}


@pytest.mark.parametrize(("head", "rest", "end"), BREAKING.values(), ids=BREAKING.keys())
def test_a_response_that_breaks_off_is_broken_off_to_the_browser(head: bytes, rest: bytes, end: bytes) -> None:
    got_half = threading.Event()

    def breaking(connection: Connection) -> None:
        connection.read_message()
        connection.send(b"HTTP/1.1 200 OK\r\n" + head)
        assert got_half.wait(PATIENCE_SECONDS)
        connection.send(rest)

    with scripted_origin(breaking) as origin, running_proxy(origin.url) as proxy, proxy.connect() as browser:
        browser.send(GET)
        answer = browser.read_until(b"hello")
        got_half.set()
        answer += browser.read_to_end()

    assert answer.endswith(b"\r\n\r\n" + end)


def test_a_browser_gets_its_go_ahead_from_the_origin() -> None:
    def willing(connection: Connection) -> None:
        connection.read_until(b"\r\n\r\n")
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.read_exactly(5)
        connection.send(ok(b"thanks"))

    with scripted_origin(willing) as origin, running_proxy(origin.url) as proxy, proxy.connect() as browser:
        browser.send(POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert browser.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        browser.send(b"hello")
        assert browser.read_message().endswith(b"thanks")


def test_an_origins_refusal_reaches_a_browser_that_still_holds_its_body_back() -> None:
    def unwilling(connection: Connection) -> None:
        connection.read_until(b"\r\n\r\n")
        connection.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        connection.read_to_end()

    with (
        scripted_origin(unwilling) as origin,
        running_proxy(origin.url, expect_seconds=PATIENCE_SECONDS) as proxy,
    ):
        answer = proxy.ask(POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
    assert b"\r\nconnection: close\r\n" in answer
