from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from proxy.editing import ChangedPage, PageEditor
from proxy.failures import Failures
from proxy.hosts import Hosts
from proxy.origin.client import Origin
from proxy.page.memory import CutMemory
from proxy.stand_in import StandIn
from rules.decision import Decision
from tests.proxy.origins import ok, replying, scripted_origin
from tests.proxy.page.cutting import decided
from tests.proxy.requests import page_request

PAGE = b"<!doctype html><h1>Old</h1>"
HTML = b"content-type: text/html; charset=utf-8"


@contextmanager
def edited(
    reply: bytes, decision: Decision | None, *, page_bytes: int = 1_000
) -> Iterator[tuple[ChangedPage | None, bytes]]:
    editor = PageEditor(
        Hosts(),
        CutMemory(1 << 20),
        stand_in=StandIn(),
        failures=Failures(),
        page_bytes=page_bytes,
        page_seconds=5.0,
    )

    async def run(url: str) -> tuple[ChangedPage | None, bytes]:
        origin = Origin(url)
        try:
            async with await origin.fetch("GET", b"/", ((b"host", b"shop.example"),)) as response:
                return await editor.page(page_request(), response, decision)
        finally:
            await origin.close()

    with scripted_origin(replying(reply)) as origin:
        yield asyncio.run(run(origin.url))


@pytest.fixture
def decision() -> Decision:
    return decided("  hero: {pages: /, change: {select: h1, text: New}}\n")


def test_a_page_is_changed_as_was_decided(decision: Decision) -> None:
    with edited(ok(PAGE, HTML), decision) as (page, _):
        assert page == ChangedPage(b"<!doctype html><h1>New</h1>", "identity", ("hero",))


def test_without_a_decision_nothing_is_held(decision: Decision) -> None:
    with edited(ok(PAGE, HTML), None) as (page, held):
        assert (page, held) == (None, b"")


def test_what_is_no_page_is_not_held(decision: Decision) -> None:
    with edited(ok(b"{}", b"content-type: application/json"), decision) as (page, held):
        assert (page, held) == (None, b"")


def test_a_page_without_the_place_stays_and_what_was_read_of_it_is_kept(decision: Decision) -> None:
    with edited(ok(b"<p>Only this</p>", HTML), decision) as (page, held):
        assert (page, held) == (None, b"<p>Only this</p>")


def test_a_page_that_grows_too_large_stays(decision: Decision) -> None:
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n" + HTML + b"\r\n\r\n"
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(PAGE), PAGE) for _ in range(5)) + b"0\r\n\r\n"
    with edited(chunked + chunks, decision, page_bytes=60) as (page, held):
        assert page is None
        assert (PAGE * 5).startswith(held)
        assert len(held) > 60
