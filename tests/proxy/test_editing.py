from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from proxy.editing import ChangedPage, PageEditor
from proxy.failures import Failures
from proxy.fetching import Fetcher
from proxy.hosts import Hosts
from proxy.ledger import Ledger
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
    """The page as it was changed, if it was, and what is read of the response afterwards."""
    cuts = CutMemory(Ledger(1 << 20))
    editor = PageEditor(Hosts(), cuts, stand_in=StandIn(), failures=Failures(), page_bytes=page_bytes, page_seconds=5.0)

    async def run(url: str) -> tuple[ChangedPage | None, bytes]:
        origin = Origin(url)
        request = page_request(host="shop.example")
        try:
            async with await Fetcher(origin, Hosts()).fetch(request, "GET", request.headers) as response:
                page = await editor.page(request, response, decision)
                chunks = []
                while not response.at_end:
                    chunks.append(await response.read_chunk())
                return page, b"".join(chunks)
        finally:
            cuts.close()
            await origin.close()

    with scripted_origin(replying(reply)) as origin:
        yield asyncio.run(run(origin.url))


@pytest.fixture
def decision() -> Decision:
    return decided("  hero: {pages: /, change: {select: h1, text: New}}\n")


def test_a_page_is_changed_as_was_decided(decision: Decision) -> None:
    with edited(ok(PAGE, HTML), decision) as (page, _):
        assert page is not None
        assert (page.rendered.body, page.rendered.coding) == (b"<!doctype html><h1>New</h1>", "identity")
        assert page.shown == ("hero",)


def test_without_a_decision_the_page_stays() -> None:
    with edited(ok(PAGE, HTML), None) as (page, came):
        assert (page, came) == (None, PAGE)


def test_what_is_no_page_stays(decision: Decision) -> None:
    with edited(ok(b"{}", b"content-type: application/json"), decision) as (page, came):
        assert (page, came) == (None, b"{}")


def test_a_page_without_the_place_stays_and_can_be_read_once_more(decision: Decision) -> None:
    with edited(ok(b"<p>Only this</p>", HTML), decision) as (page, came):
        assert (page, came) == (None, b"<p>Only this</p>")


def test_a_page_that_grows_too_large_stays(decision: Decision) -> None:
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n" + HTML + b"\r\n\r\n"
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(PAGE), PAGE) for _ in range(5)) + b"0\r\n\r\n"
    with edited(chunked + chunks, decision, page_bytes=60) as (page, came):
        assert (page, came) == (None, PAGE * 5)
