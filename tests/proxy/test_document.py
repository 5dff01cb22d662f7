from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from proxy.document import Document, Held, document_of, hold, is_html
from proxy.origin.client import Origin
from tests.proxy.origins import PATIENCE_SECONDS, Connection, Script, ok, replying, scripted_origin

LIMIT = 1000


def with_fields(*fields: tuple[bytes, bytes], status: int = 200) -> Document | None:
    return document_of(status, fields, LIMIT)


@pytest.mark.parametrize(
    ("content_type", "label"),
    [
        (b"text/html", None),
        (b"Text/HTML ; Charset=UTF-8", "UTF-8"),
        (b'text/html;charset="utf-8"', "utf-8"),
        (b"text/html; charset=latin1; charset=utf-8", "latin1"),
        (b"text/html; version=1; charset=utf-8", "utf-8"),
        (b"text/html; charset=", None),
        (b"text/html; xcharset=utf-8", None),
        (b"text/html; charset = utf-8", None),
        (b"text/html; charset*0=a; charset*=b", None),
        (b"text/html; charset=\xff", "ÿ"),
        (b"text/html;;;", None),
    ],
)
def test_a_page_names_its_charset_in_its_type(content_type: bytes, label: str | None) -> None:
    assert with_fields((b"content-type", content_type)) == Document("identity", label)
    assert is_html(((b"content-type", content_type),))


@pytest.mark.parametrize(
    "content_type",
    [b"text/plain", b"application/xhtml+xml", b"text/htmlx", b"html", b"", b";text/html", b"text / html"],
)
def test_what_has_another_type_is_no_page(content_type: bytes) -> None:
    assert with_fields((b"content-type", content_type)) is None
    assert not is_html(((b"content-type", content_type),))


def test_what_has_no_type_or_two_is_no_page() -> None:
    html = (b"content-type", b"text/html")
    assert with_fields() is None
    assert with_fields(html, html) is None


HTML = (b"content-type", b"text/html")


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "br", "zstd"])
def test_a_page_names_its_coding(coding: str) -> None:
    assert with_fields(HTML, (b"content-encoding", f" {coding.upper()}".encode())) == Document(coding, None)


@pytest.mark.parametrize(
    "field",
    [
        (b"content-encoding", b"compress"),
        (b"content-encoding", b"gzip, br"),
        (b"content-length", b"1001"),
        (b"cache-control", b"public, No-Transform"),
        (b"cache-control", b'no-transform="x"'),
    ],
)
def test_a_page_that_may_not_or_cannot_be_changed_streams(field: tuple[bytes, bytes]) -> None:
    assert with_fields(HTML, field) is None


@pytest.mark.parametrize(
    "field",
    [
        (b"content-encoding", b""),
        (b"content-encoding", b"identity"),
        (b"content-length", b"1000"),
        (b"content-length", b"many"),
        (b"cache-control", b"private, no-transformation"),
    ],
)
def test_any_other_page_can_be_changed(field: tuple[bytes, bytes]) -> None:
    assert with_fields(HTML, field) == Document("identity", None)


@pytest.mark.parametrize("status", [201, 203, 204, 206, 301, 304, 404, 500])
def test_only_a_200_is_changed(status: int) -> None:
    assert with_fields(HTML, status=status) is None


def held(
    script: Script, *, seconds: float = PATIENCE_SECONDS, then: Callable[[], None] = lambda: None
) -> tuple[Held, bool]:
    """What is held of a scripted response, and whether its end was reached; `then` is called once it is held."""

    async def ask(url: str) -> tuple[Held, bool]:
        origin = Origin(url)
        try:
            async with await origin.fetch("GET", b"/", ((b"host", b"shop.example"),)) as response:
                came = await hold(response, limit=LIMIT, seconds=seconds)
                then()
                return came, response.at_end
        finally:
            await origin.close()

    with scripted_origin(script) as origin:
        return asyncio.run(ask(origin.url))


@pytest.mark.parametrize("size", [0, 1, LIMIT])
def test_a_body_within_its_bounds_is_held_whole(size: int) -> None:
    assert held(replying(ok(b"x" * size))) == (Held(b"x" * size, is_complete=True), True)


def test_a_body_over_the_limit_is_held_no_further() -> None:
    (came, _) = held(replying(ok(b"x" * 1_000_000)))

    assert not came.is_complete
    assert LIMIT < len(came.body) < 1_000_000


def test_a_body_of_one_byte_too_many_is_not_complete() -> None:
    assert not held(replying(ok(b"x" * (LIMIT + 1))))[0].is_complete


def test_a_body_that_takes_too_long_is_held_as_far_as_it_came() -> None:
    done = threading.Event()

    def slow(connection: Connection) -> None:
        connection.read_message()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        assert done.wait(PATIENCE_SECONDS)

    came, at_end = held(slow, seconds=0.05, then=done.set)
    assert (came, at_end) == (Held(b"half", is_complete=False), False)


def test_a_body_that_breaks_off_is_held_as_far_as_it_came() -> None:
    came, at_end = held(replying(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"))

    assert (came, at_end) == (Held(b"half", is_complete=False), False)


def test_a_body_for_which_there_is_no_room_is_held_no_further() -> None:
    async def ask(url: str) -> Held:
        origin = Origin(url)
        try:
            async with await origin.fetch("GET", b"/", ((b"host", b"shop.example"),)) as response:
                return await hold(response, limit=100, seconds=PATIENCE_SECONDS, has_room=lambda size: size < 5)
        finally:
            await origin.close()

    with scripted_origin(replying(ok(b"hello"))) as origin:
        assert asyncio.run(ask(origin.url)) == Held(b"hello", is_complete=False)
