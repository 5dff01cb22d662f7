from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from proxy.cache.page_cache import PageCache
from proxy.cache.policy import Policy
from proxy.cache.store import PageStore
from proxy.fetching import Fetched, Fetcher
from proxy.hosts import Hosts
from proxy.ledger import Ledger
from proxy.origin.client import Origin
from proxy.origin.errors import OriginBodyError, OriginError
from tests.proxy.origins import ok, replying, scripted_origin
from tests.proxy.requests import page_request

FRESH = b"Cache-Control: max-age=60"


def fetching(reply: bytes, work: Callable[[Fetcher], Awaitable[None]], *, is_cached: bool = True) -> int:
    """Lets `work` fetch from an origin that has one reply; how many connections that took."""

    async def run(url: str) -> None:
        origin = Origin(url)
        cache = PageCache(PageStore(Ledger(1 << 20)), Policy(), now=lambda: 0.0, failures=(OriginError,))
        try:
            await work(Fetcher(origin, Hosts(), cache if is_cached else None))
        finally:
            await cache.close()
            await origin.close()

    with scripted_origin(replying(reply)) as origin:
        asyncio.run(run(origin.url))
        return len(origin.connections)


async def whole(response: Fetched) -> bytes:
    chunks = []
    while not response.at_end:
        chunks.append(await response.read_chunk())
    return b"".join(chunks)


@pytest.mark.parametrize("is_cached", [True, False])
def test_a_response_is_read_to_its_end(is_cached: bool) -> None:
    async def work(fetcher: Fetcher) -> None:
        async with await fetcher.fetch(page_request(), "GET", ()) as response:
            assert (response.status, await whole(response)) == (200, b"hello")

    assert fetching(ok(b"hello", FRESH), work, is_cached=is_cached) == 1


def test_what_is_stored_is_the_same_body_each_time() -> None:
    async def work(fetcher: Fetcher) -> None:
        bodies = []
        for _ in range(2):
            async with await fetcher.fetch(page_request(), "GET", ()) as response:
                bodies.append(await response.read_chunk())
                assert response.at_end
        assert bodies[0] is bodies[1]

    assert fetching(ok(b"hello", FRESH), work) == 1


def test_what_was_read_can_be_put_back() -> None:
    async def work(fetcher: Fetcher) -> None:
        async with await fetcher.fetch(page_request(), "GET", ()) as response:
            response.put_back(await whole(response))
            assert not response.at_end
            assert await whole(response) == b"hello"

    fetching(ok(b"hello"), work)


def test_an_empty_response_is_at_its_end_at_once() -> None:
    async def work(fetcher: Fetcher) -> None:
        for _ in range(2):
            async with await fetcher.fetch(page_request(), "GET", ()) as response:
                assert await whole(response) == b""

    assert fetching(ok(b"", FRESH), work) == 1


def test_what_the_origin_says_to_tailor_alone_is_no_header_of_the_response() -> None:
    async def work(fetcher: Fetcher) -> None:
        async with await fetcher.fetch(page_request(), "GET", ()) as response:
            assert response.said == {b"tailor-visitor": b"a=1, b=2"}
            assert b"tailor-visitor" not in dict(response.headers)
            assert dict(response.headers)[b"cache-control"] == b"no-store"

    fetching(ok(b"hello", FRESH, b"Tailor-Visitor: a=1", b"Tailor-Visitor: b=2"), work)


def test_a_body_that_breaks_off_does_so_for_who_reads_it() -> None:
    async def work(fetcher: Fetcher) -> None:
        async with await fetcher.fetch(page_request(), "GET", ()) as response:
            with pytest.raises(OriginBodyError):
                await whole(response)

    fetching(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n" + FRESH + b"\r\n\r\nhell", work)


def test_an_origin_that_is_gone_is_an_error() -> None:
    async def work(fetcher: Fetcher) -> None:
        with pytest.raises(OriginError):
            await fetcher.fetch(page_request(), "GET", ())

    fetching(b"", work)
