"""What is noted of requests, behind the real server."""

import asyncio
import logging
from collections.abc import MutableMapping
from ipaddress import ip_network
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proxy.monitoring import request_ids
from proxy.monitoring.accounting import Accounting
from proxy.monitoring.traffic import Traffic, Way
from proxy.relay import send_text
from proxy.request import RequestReader
from proxy.tunnel import WEBSOCKET

FIELD = request_ids.FIELD
TRUSTING = RequestReader(trusted_proxies=(ip_network("127.0.0.0/8"),))


def accounting(traffic: Traffic, reader: RequestReader = RequestReader(), *, logs: bool = False) -> Accounting:  # noqa: B008
    return Accounting(traffic, reader, clock=lambda: 1.0, new_id=lambda: "made", logs_access=logs)


def scope(*fields: tuple[bytes, bytes], method: str = "GET") -> Scope:
    headers = [(b"host", b"shop.example"), *fields]
    return {
        "type": "http",
        "method": method,
        "raw_path": b"/a",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "extensions": {},
    }


async def say_ok(scope: Scope, receive: Receive, send: Send) -> None:
    await send_text(send, 200, request_ids.current.get(), (b"cache-status", b"tailor; hit"))


def run(app: ASGIApp, asked: Scope) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(asked, receive, send))  # type: ignore[arg-type]
    return sent


def test_an_answer_is_counted_and_sent_as_it_is() -> None:
    traffic = Traffic()
    head, body = run(accounting(traffic).app(say_ok), scope())
    assert (head["status"], body["body"]) == (200, b"made\n")
    assert traffic.answered() == {("GET", "2xx", Way.USUAL): 1}
    assert traffic.bytes()[Way.USUAL] == 5


def test_the_app_and_so_the_origin_hear_the_name_under_which_the_log_tells_of_a_request() -> None:
    asked = scope((FIELD, b"forged"))
    run(accounting(Traffic()).app(say_ok), asked)
    assert [value for name, value in asked["headers"] if name == FIELD] == [b"made"]


def test_a_trusted_peers_name_is_kept() -> None:
    _, body = run(accounting(Traffic(), TRUSTING).app(say_ok), scope((FIELD, b"theirs")))
    assert body["body"] == b"theirs\n"


def test_a_visitor_who_left_before_an_answer_is_counted_so() -> None:
    async def say_nothing(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    traffic = Traffic()
    run(accounting(traffic).app(say_nothing), scope())
    assert traffic.answered() == {("GET", "gone", Way.USUAL): 1}


def test_an_app_that_breaks_off_is_counted_and_still_does() -> None:
    async def break_off(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("no")

    traffic = Traffic()
    with pytest.raises(ValueError, match="no"):
        run(accounting(traffic).app(break_off), scope())
    assert sum(traffic.answered().values()) == 1


def test_a_websocket_counts_when_it_is_over_and_not_into_the_times() -> None:
    async def switch(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    traffic = Traffic()
    run(accounting(traffic).app(switch), {**scope(), "extensions": {WEBSOCKET: {}}})
    assert traffic.answered() == {("GET", "1xx", Way.USUAL): 1}
    assert sum(traffic.seconds()[Way.USUAL].counts) == 0


def answer(scope: MutableMapping[str, Any]) -> tuple[bytes, ...] | None:
    return (b"HTTP/1.1 200 OK\r\n\r\n", b"page") if scope["method"] == "GET" else None


@pytest.mark.parametrize("logs", [True, False])
def test_both_ways_write_a_line_each_where_that_is_asked_for(logs: bool, caplog: pytest.LogCaptureFixture) -> None:
    noted = accounting(Traffic(), logs=logs)
    with caplog.at_level(logging.INFO):
        run(noted.app(say_ok), scope())
        noted.express(answer)(scope())
        noted.express(answer)(scope(method="HEAD"))
    lines = ["GET shop.example/a 200 5 0.000000 usual hit", "GET shop.example/a 200 4 0.000000 express hit"]
    assert caplog.messages == (lines if logs else [])


def test_the_express_way_is_counted() -> None:
    traffic = Traffic()
    accounting(traffic).express(answer)(scope())
    assert traffic.answered() == {("GET", "2xx", Way.EXPRESS): 1}
