from __future__ import annotations

import contextlib
import gc
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.frames import Frame, Opcode

from proxy.frames import GOING_AWAY, TOO_BIG, close_frame
from proxy.hosts import Hosts
from proxy.names import SiteName
from proxy.origin.client import Origin
from proxy.request import RequestReader
from proxy.server.handshake import accept_for
from proxy.tunnel import Tunnel
from proxy.websocket import WebSockets
from tests.proxy.origins import (
    PATIENCE_SECONDS,
    Connection,
    RunningServer,
    Script,
    ok,
    replying,
    running_proxy,
    scripted_origin,
)
from tests.proxy.page.cutting import book_of, one
from tests.proxy.test_serve import wait_until_refused

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ASKING = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n"
)
HANDSHAKE = b"GET /chat?room=1 HTTP/1.1\r\nHost: shop.example\r\n" + ASKING
GRANT = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: "
    + accept_for(KEY)
    + b"\r\n"
)
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: shop.example\r\n\r\n"


def frame(payload: bytes, *, masked: bool = False) -> bytes:
    return Frame(Opcode.BINARY, payload).serialize(mask=masked)


def echoing(connection: Connection) -> None:
    """An origin that grants a WebSocket, and sends back what comes, masked or not."""
    if connection.read_message():
        connection.send(GRANT + b"\r\n")
        while received := connection.raw.recv(65536):
            connection.send(received)


@contextlib.contextmanager
def opened(proxy: RunningServer, handshake: bytes = HANDSHAKE) -> Iterator[Connection]:
    with proxy.connect() as browser:
        browser.send(handshake + b"\r\n")
        assert browser.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
        yield browser


def heard_by_origin(
    handshake: bytes = HANDSHAKE, hosts: Hosts | None = None, reader: RequestReader | None = None
) -> bytes:
    with (
        scripted_origin(echoing) as origin,
        running_proxy(origin.url, hosts=hosts, reader=reader) as proxy,
        opened(proxy, handshake),
    ):
        return origin.heard


def answered(
    script: Script, request: bytes = HANDSHAKE + b"\r\n", *, response_seconds: float = 60.0
) -> tuple[bytes, bytes]:
    """What the browser got until its connection was closed, and what the origin heard."""
    with scripted_origin(script) as origin:
        with running_proxy(origin.url, response_seconds=response_seconds) as proxy:
            answer = proxy.ask(request)
        return answer, origin.heard


def test_the_origin_gets_the_handshake_and_is_told_who_asks() -> None:
    heard = heard_by_origin(HANDSHAKE + b"Origin: http://shop.example\r\nSec-WebSocket-Protocol: chat\r\n")

    assert heard.startswith(b"GET /chat?room=1 HTTP/1.1\r\nhost: shop.example\r\n")
    for line in (
        b"connection: Upgrade",
        b"upgrade: websocket",
        b"sec-websocket-key: " + KEY,
        b"sec-websocket-version: 13",
        b"sec-websocket-protocol: chat",
        b"origin: http://shop.example",
        b"x-forwarded-for: 127.0.0.1",
        b"x-forwarded-host: shop.example",
        b"x-forwarded-proto: http",
        b"via: 1.1 tailor",
    ):
        assert heard.count(b"\r\n" + line + b"\r\n") == 1, line


def test_cookies_of_ours_and_claims_of_strangers_do_not_reach_the_origin() -> None:
    heard = heard_by_origin(HANDSHAKE + b"Cookie: tailor_id=x; session=1\r\nX-Real-IP: 6.6.6.6\r\n")

    assert b"\r\ncookie: session=1\r\n" in heard
    assert b"6.6.6.6" not in heard


def test_an_origin_that_hears_its_own_name_hears_it_as_the_handshakes_origin_too() -> None:
    heard = heard_by_origin(
        HANDSHAKE + b"Origin: https://shop.example\r\n",
        Hosts(SiteName.of_url("http://cms.example")),
        RequestReader(public_url="https://shop.example"),
    )

    assert b"\r\nhost: cms.example\r\n" in heard
    assert b"\r\norigin: http://cms.example\r\n" in heard
    assert b"x-forwarded-host" not in heard


def test_the_browser_gets_the_origins_answer() -> None:
    def script(connection: Connection) -> None:
        connection.read_message()
        connection.send(
            GRANT + b"Set-Cookie: a=b\r\nKeep-Alive: 5\r\nSec-WebSocket-Protocol: chat\r\n\r\n" + frame(b"hi")
        )

    answer, _ = answered(script)

    head, _, rest = answer.partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 101 Switching Protocols",
        b"sec-websocket-accept: " + accept_for(KEY),
        b"set-cookie: a=b",
        b"sec-websocket-protocol: chat",
        b"via: 1.1 tailor",
        b"connection: Upgrade",
        b"upgrade: websocket",
    ]
    assert rest == frame(b"hi")


def test_a_refusal_passes_with_its_body_and_ends_the_connection() -> None:
    answer, _ = answered(replying(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\nX-Why: x\r\n\r\nnever"))

    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"\r\nx-why: x\r\n" in answer
    assert b"\r\nconnection: close\r\n" in answer
    assert answer.endswith(b"\r\n\r\nnever")


def test_a_page_in_place_of_a_websocket_is_kept_by_no_shared_cache() -> None:
    page = ok(b"<h1>Hi</h1>", b"Content-Type: text/html", b"Cache-Control: public, max-age=60")

    answer, _ = answered(replying(page))

    assert b"\r\ncache-control: private, no-cache\r\n" in answer
    assert answer.endswith(b"<h1>Hi</h1>")


def test_no_rule_keeps_a_websocket_from_a_page_that_it_names() -> None:
    book = book_of(one("- {select: h1, text: Hello}"))

    with (
        scripted_origin(echoing) as origin,
        running_proxy(origin.url, book=book) as proxy,
        opened(proxy, HANDSHAKE.replace(b"/chat?room=1", b"/")) as browser,
    ):
        browser.send(frame(b"hello"))
        assert browser.read_exactly(7) == frame(b"hello")


NO_ANSWERS = {
    "no accept": GRANT.partition(b"Sec-WebSocket-Accept")[0],
    "an accept of another key": GRANT.replace(accept_for(KEY), accept_for(b"another")),
    "another protocol": GRANT.replace(b"WebSocket\r\n", b"h2c\r\n"),
    "no protocol": GRANT.replace(b"Upgrade: WebSocket\r\n", b""),
    "no connection option": GRANT.replace(b"Connection: upgrade\r\n", b""),
    "a body": GRANT + b"Content-Length: 5\r\n",
}


@pytest.mark.parametrize("head", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_a_switch_that_does_not_answer_the_handshake_is_the_origins_fault(head: bytes) -> None:
    answer, _ = answered(replying(head + b"\r\n" + ok(b"smuggled")))

    assert answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"\r\nproxy-status: tailor; error=http_protocol_error\r\n" in answer
    assert b"smuggled" not in answer


def test_an_origin_that_can_not_be_reached_is_a_502() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with running_proxy(f"http://127.0.0.1:{port}") as proxy:
        answer = proxy.ask(HANDSHAKE + b"Connection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 502 ")
    assert b"\r\nproxy-status: tailor; error=connection_refused\r\n" in answer


def test_an_origin_that_does_not_answer_is_a_504() -> None:
    def silent(connection: Connection) -> None:
        connection.read_message()
        connection.read_to_end()

    answer, _ = answered(silent, response_seconds=0.05)

    assert answer.startswith(b"HTTP/1.1 504 ")
    assert b"\r\nproxy-status: tailor; error=http_response_timeout\r\n" in answer


def test_an_origin_that_closes_without_an_answer_is_a_502() -> None:
    def leaving(connection: Connection) -> None:
        connection.read_message()

    answer, heard = answered(leaving)

    assert b"\r\nproxy-status: tailor; error=connection_terminated\r\n" in answer
    assert heard.count(b"GET ") == 1


WRONG = {
    "another version": (426, HANDSHAKE.replace(b"Version: 13", b"Version: 8")),
    "no version": (426, HANDSHAKE.replace(b"Sec-WebSocket-Version: 13\r\n", b"")),
    "no key": (400, HANDSHAKE.replace(b"Sec-WebSocket-Key: " + KEY + b"\r\n", b"")),
    "two keys": (400, HANDSHAKE + b"Sec-WebSocket-Key: " + KEY + b"\r\n"),
    "a key of too few bytes": (400, HANDSHAKE.replace(KEY, b"c2hvcnQ=")),
}


@pytest.mark.parametrize(("status", "handshake"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_handshake_does_not_reach_the_origin(status: int, handshake: bytes) -> None:
    answer, heard = answered(echoing, handshake + b"\r\n" + SMUGGLED)

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert heard == b""


PLAIN = {
    "another protocol": HANDSHAKE.replace(b"websocket", b"h2c"),
    "a choice of protocols": HANDSHAKE.replace(b"websocket", b"websocket, h2c"),
    "another method": HANDSHAKE.replace(b"GET ", b"OPTIONS "),
    "no connection option": HANDSHAKE.replace(b"Connection: Upgrade\r\n", b""),
    "an older version of HTTP": HANDSHAKE.replace(b"HTTP/1.1", b"HTTP/1.0"),
}


@pytest.mark.parametrize("request_head", PLAIN.values(), ids=PLAIN.keys())
def test_what_is_no_handshake_is_a_plain_request(request_head: bytes) -> None:
    answer, heard = answered(replying(ok(b"plain")), request_head + b"Connection: close\r\n\r\n")

    assert answer.endswith(b"plain")
    assert b"upgrade" not in heard.lower()


def test_a_body_beside_a_handshake_makes_it_a_plain_request() -> None:
    request = HANDSHAKE + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED

    with scripted_origin(replying(ok(b"plain"))) as origin, running_proxy(origin.url) as proxy:
        with proxy.connect() as browser:
            browser.send(request)
            answer = browser.read_message()
        heard = origin.heard

    assert answer.endswith(b"plain")
    assert heard.endswith(b"\r\n\r\n" + SMUGGLED)
    assert b"upgrade" not in heard.lower()


def test_what_comes_with_a_handshake_is_never_read_as_a_request() -> None:
    answer, heard = answered(echoing, HANDSHAKE + b"\r\n" + SMUGGLED)

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"smuggled" not in heard


def test_what_comes_before_the_answer_is_never_read_as_a_request() -> None:
    asked, spoken = threading.Event(), threading.Event()

    def refuse_late(connection: Connection) -> None:
        connection.read_message()
        asked.set()
        assert spoken.wait(PATIENCE_SECONDS)
        with contextlib.suppress(OSError):
            connection.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")

    with scripted_origin(refuse_late) as origin, running_proxy(origin.url) as proxy:
        with proxy.connect() as browser:
            browser.send(HANDSHAKE + b"\r\n")
            assert asked.wait(PATIENCE_SECONDS)
            browser.send(SMUGGLED)
            answer = browser.read_to_end()
            spoken.set()
        heard = origin.heard

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"smuggled" not in heard


def test_what_comes_after_a_refusal_is_never_read_as_a_request() -> None:
    with scripted_origin(replying(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")) as origin:
        with running_proxy(origin.url) as proxy, proxy.connect() as browser:
            browser.send(HANDSHAKE + b"\r\n")
            first = browser.read_message()
            with contextlib.suppress(OSError):
                browser.send(SMUGGLED)
            rest = browser.read_to_end()
        heard = origin.heard

    assert first.startswith(b"HTTP/1.1 403 ")
    assert rest == b""
    assert b"smuggled" not in heard


def test_a_handshake_behind_another_request_waits_for_its_turn() -> None:
    def two(connection: Connection) -> None:
        if connection.read_message().startswith(b"GET /first "):
            connection.send(ok(b"first"))
            connection.read_to_end()
        else:
            connection.send(GRANT + b"\r\n" + frame(b"hi"))

    with scripted_origin(two) as origin, running_proxy(origin.url) as proxy, proxy.connect() as browser:
        browser.send(b"GET /first HTTP/1.1\r\nHost: shop.example\r\n\r\n" + HANDSHAKE + b"\r\n")

        assert browser.read_message().endswith(b"first")
        assert browser.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        assert browser.read_exactly(4) == frame(b"hi")


def bounded(message_bytes: int = 1000, connections: int = 10) -> Callable[[Origin, Hosts], WebSockets]:
    return lambda origin, hosts: WebSockets(origin, hosts, message_bytes=message_bytes, connections=connections)


def test_a_message_of_a_visitor_that_is_too_long_is_refused() -> None:
    heard = b""

    def listening(connection: Connection) -> None:
        nonlocal heard
        connection.read_message()
        connection.send(GRANT + b"\r\n")
        heard = connection.read_to_end()

    with (
        scripted_origin(listening) as origin,
        running_proxy(origin.url, websockets=bounded()) as proxy,
        opened(proxy) as browser,
    ):
        browser.send(frame(b"x" * 1001, masked=True))
        got = browser.read_to_end()

    assert got == close_frame(TOO_BIG, masked=False)
    assert heard == close_frame(GOING_AWAY, masked=True)


def test_a_message_of_the_origin_that_is_too_long_is_refused() -> None:
    def shouting(connection: Connection) -> None:
        connection.read_message()
        connection.send(GRANT + b"\r\n" + frame(b"x" * 1000) + frame(b"x" * 1001))
        connection.read_to_end()

    with (
        scripted_origin(shouting) as origin,
        running_proxy(origin.url, websockets=bounded()) as proxy,
        opened(proxy) as browser,
    ):
        got = browser.read_to_end()

    assert got == frame(b"x" * 1000) + close_frame(GOING_AWAY, masked=False)


def test_one_websocket_too_many_gets_a_503_until_another_is_closed() -> None:
    with (
        scripted_origin(echoing) as origin,
        running_proxy(origin.url, websockets=bounded(connections=1)) as proxy,
    ):
        with opened(proxy) as first:
            refused = proxy.ask(HANDSHAKE + b"\r\n")
            first.raw.shutdown(socket.SHUT_WR)
            assert first.read_to_end() == b""
        with opened_at_last(proxy) as second:
            second.send(frame(b"hi"))
            assert second.read_exactly(4) == frame(b"hi")

    assert refused.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")


@contextlib.contextmanager
def opened_at_last(proxy: RunningServer) -> Iterator[Connection]:
    # The browser hears of the end a moment before the tunnel is forgotten.
    while True:
        with proxy.connect() as browser:
            browser.send(HANDSHAKE + b"\r\n")
            if browser.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 "):
                yield browser
                return


def test_a_browser_that_leaves_before_the_answer_ends_the_origins_connection() -> None:
    asked, ended = threading.Event(), threading.Event()

    def waiting(connection: Connection) -> None:
        connection.read_message()
        asked.set()
        assert connection.read_to_end() == b""
        ended.set()

    with scripted_origin(waiting) as origin, running_proxy(origin.url) as proxy:
        with proxy.connect() as browser:
            browser.send(HANDSHAKE + b"\r\n")
            assert asked.wait(PATIENCE_SECONDS)
        assert ended.wait(PATIENCE_SECONDS)


def test_the_servers_end_says_goodbye_both_ways() -> None:
    heard = b""

    def listening(connection: Connection) -> None:
        nonlocal heard
        connection.read_message()
        connection.send(GRANT + b"\r\n")
        heard = connection.read_to_end()

    def listen_and_close(browser: Connection) -> bytes:
        try:
            return browser.read_to_end()
        finally:
            browser.close()

    with ThreadPoolExecutor() as pool, contextlib.ExitStack() as browsers, scripted_origin(listening) as origin:
        with running_proxy(origin.url) as proxy:
            got = pool.submit(listen_and_close, browsers.enter_context(opened(proxy)))

        assert got.result() == close_frame(GOING_AWAY, masked=False)

    assert heard == close_frame(GOING_AWAY, masked=True)


def test_a_handshake_that_is_answered_while_the_server_ends_is_closed_at_once() -> None:
    asked, ending = threading.Event(), threading.Event()

    def grant_late(connection: Connection) -> None:
        connection.read_message()
        asked.set()
        assert ending.wait(PATIENCE_SECONDS)
        connection.send(GRANT + b"\r\n")
        assert connection.read_to_end() == close_frame(GOING_AWAY, masked=True)

    with ThreadPoolExecutor() as pool, contextlib.ExitStack() as browsers, scripted_origin(grant_late) as origin:
        with running_proxy(origin.url) as proxy:
            browser = browsers.enter_context(proxy.connect())
            browser.send(HANDSHAKE + b"\r\n")
            assert asked.wait(PATIENCE_SECONDS)
            pool.submit(wait_until_refused, proxy.url).add_done_callback(lambda _: ending.set())

        assert browser.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        assert browser.read_to_end() == close_frame(GOING_AWAY, masked=False)


def test_a_websocket_that_nobody_answers_is_over_with_the_server(caplog: pytest.LogCaptureFixture) -> None:
    with contextlib.ExitStack() as browsers, scripted_origin(echoing) as origin:
        with running_proxy(origin.url) as proxy:
            browser = browsers.enter_context(opened(proxy))
        browser.read_to_end()

    assert [record.getMessage() for record in caplog.records if record.name.startswith("proxy")] == []


def test_own_paths_are_no_websockets_of_the_origin() -> None:
    answer, heard = answered(echoing, HANDSHAKE.replace(b"/chat?room=1", b"/_tailor/livez") + b"\r\n")

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert heard == b""


def test_nothing_is_left_of_websockets_that_are_over() -> None:
    before = len(os.listdir("/proc/self/fd"))

    with (
        scripted_origin(echoing) as origin,
        running_proxy(origin.url, websockets=bounded(connections=1)) as proxy,
    ):
        for _ in range(20):
            with opened_at_last(proxy) as browser:
                browser.send(frame(b"hi"))
                browser.read_exactly(4)

    gc.collect()
    assert [thing for thing in gc.get_objects() if isinstance(thing, Tunnel)] == []
    assert len(os.listdir("/proc/self/fd")) == before
