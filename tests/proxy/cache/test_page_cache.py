"""What each visitor gets, and what is asked behind an answer; those who come at once are `test_herds`'s."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

import pytest

from proxy.cache.page_cache import PageCache
from proxy.cache.policy import Asked, Policy
from proxy.cache.sessions import session_cookies
from proxy.cache.store import PageStore
from proxy.ledger import Ledger
from proxy.origin.client import Origin
from proxy.origin.errors import OriginBodyError, OriginError
from proxy.settings.cache import SessionPreset
from tests.proxy.cache.scripted import (
    SITE,
    Clock,
    Got,
    OriginFailedError,
    Question,
    Reply,
    Site,
    cacheable,
    herd,
    opening,
    private,
    reply,
    take,
    turns,
    visit,
)
from tests.proxy.origins import ok, replying, scripted_origin

TAG = ("etag", '"v1"')
SWR = ("cache-control", "max-age=60, stale-while-revalidate=600")


def test_authorization_gets_only_what_was_stored_as_open_to_it() -> None:
    fields = [("cache-control", "max-age=60"), ("cache-control", "public")]
    site = Site(lambda question: reply(b"%d" % question.number, *fields[: question.number]))

    async def visits() -> None:
        assert (await site.get()).body == b"1"
        assert (await site.get(authorization="Basic x")).body == b"2"
        assert (await site.get(authorization="Basic y")).body == b"2"

    visit(site, visits)


def test_a_stale_page_goes_out_at_once_while_one_task_asks_about_it() -> None:
    gate = asyncio.Event()

    def script(question: Question) -> Reply | Awaitable[Reply]:
        return reply(b"old", SWR) if question.number == 1 else opening(gate, reply(b"new", SWR))

    site = Site(script)

    async def visits() -> None:
        await site.get()
        site.clock.now += 100
        got = await asyncio.gather(*herd(site, 10))
        assert {each.body for each in got} == {b"old"}
        assert got[0].cache_status == "tailor; hit; ttl=-40"
        await turns()
        assert site.fetches == 2
        gate.set()
        await turns()
        assert (await site.get()).body == b"new"
        assert site.store.counts.stale == 10

    visit(site, visits)


def test_only_so_many_pages_are_asked_about_at_one_time() -> None:
    gate = asyncio.Event()
    gate.set()
    site = Site(lambda _: opening(gate, reply(b"page", SWR)), max_refreshes=2)

    async def visits() -> None:
        for number in range(5):
            await site.get(f"/{number}")
        site.clock.now += 100
        gate.clear()
        got = [await site.get(f"/{number}") for number in range(5)]
        await turns()
        assert {each.body for each in got} == {b"page"}
        assert site.fetches == 7
        gate.set()

    visit(site, visits)


def test_what_is_asked_behind_an_answer_ends_with_the_cache() -> None:
    never = asyncio.Event()

    def script(question: Question) -> Reply | Awaitable[Reply]:
        return reply(b"page", SWR) if question.number == 1 else opening(never, reply(b"new"))

    site = Site(script)

    async def visits() -> None:
        await site.get()
        site.clock.now += 100
        await site.get()
        await turns()
        await site.cache.close()
        assert len(asyncio.all_tasks()) == 1

    visit(site, visits)


def test_a_page_that_turned_private_behind_an_answer_is_closed_and_stale_no_longer() -> None:
    site = Site(lambda question: reply(b"page", SWR) if question.number == 1 else private(b"mine"))

    async def visits() -> None:
        await site.get()
        site.clock.now += 100
        assert (await site.get()).body == b"page"
        await turns()
        assert site.origin.replies[1].is_closed
        assert len(site.store) == 0

    visit(site, visits)


@pytest.mark.parametrize(("error", "told"), [(OriginFailedError("down"), 0), (ValueError("ours"), 1)])
def test_what_fails_behind_an_answer_is_told_where_it_is_our_fault(
    error: Exception, told: int, caplog: pytest.LogCaptureFixture
) -> None:
    def script(question: Question) -> Reply:
        if question.number > 1:
            raise error
        return reply(b"page", SWR)

    site = Site(script)

    async def visits() -> None:
        await site.get()
        site.clock.now += 100
        await site.get()
        await turns()
        assert (await site.get()).body == b"page"

    visit(site, visits)
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) >= told
    assert bool(caplog.records) == bool(told)


def test_a_session_goes_past_the_cache() -> None:
    site = Site(
        lambda question: cacheable(b"%d" % question.number),
        Policy(sessions=session_cookies([SessionPreset.DJANGO])),
    )

    async def visits() -> None:
        await site.get()
        got = await site.get(cookie="sessionid=x", if_none_match='"mine"')
        assert (got.body, got.cache_status) == (b"2", "tailor; fwd=bypass; detail=session")
        assert site.origin.asked[1].header(b"if-none-match") == b'"mine"'
        assert (await site.get()).body == b"1"

    visit(site, visits)


def test_only_if_cached_gets_what_is_stored_or_504() -> None:
    site = Site(lambda _: cacheable(b"page"))

    async def visits() -> None:
        assert (await site.get(cache_control="only-if-cached")).status == 504
        await site.get()
        assert (await site.get(cache_control="only-if-cached")).status == 200
        assert site.fetches == 1

    visit(site, visits)


def test_who_reloads_gets_the_origins_word_and_others_get_it_after_that() -> None:
    site = Site(lambda question: cacheable(b"%d" % question.number, TAG))

    async def visits() -> None:
        await site.get()
        got = await site.get(cache_control="no-cache")
        assert (got.body, got.cache_status) == (b"2", "tailor; fwd=request; stored")
        assert (await site.get()).body == b"2"

    visit(site, visits)


def test_an_unsafe_method_drops_its_url_and_those_it_points_to() -> None:
    def script(question: Question) -> Reply:
        if question.method == "POST":
            return reply(b"", ("location", "https://shop.example/list?utm_source=x"), status=303)
        return cacheable(question.target)

    site = Site(script)

    async def visits() -> None:
        for target in ("/item", "/list", "/other"):
            await site.get(target)
        got = await site.send("POST", "/item?gclid=y")
        assert got.cache_status == "tailor; fwd=method"
        assert [site.store.has(SITE.url + path) for path in (b"/item", b"/list", b"/other")] == [False, False, True]

    visit(site, visits)


def test_purges_by_url_prefix_tag_and_all() -> None:
    site = Site(lambda question: cacheable(question.target, ("cache-tag", question.target[1:].decode())))

    async def visits() -> None:
        for target in ("/a", "/b/c", "/d", "/e"):
            await site.get(target)
        assert site.cache.purge_url(SITE, b"/a") == 1
        assert site.cache.purge_prefix(SITE, b"/b/") == 1
        assert site.cache.purge_tag(b"d") == 1
        assert site.cache.purge_all() == 1
        assert len(site.store) == 0

    visit(site, visits)


def test_a_page_that_was_purged_softly_is_asked_about() -> None:
    def script(question: Question) -> Reply:
        if question.number == 1:
            return cacheable(b"page", TAG)
        return reply(b"", TAG, status=304)

    site = Site(script)

    async def visits() -> None:
        await site.get()
        site.cache.purge_all(soft=True)
        got = await site.get()
        assert (got.body, got.cache_status) == (b"page", "tailor; fwd=stale; fwd-status=304; stored")
        assert (await site.get()).cache_status == "tailor; hit; ttl=60"

    visit(site, visits)


def test_what_fits_no_request_of_a_url_is_told_from_what_is_not_stored() -> None:
    site = Site(lambda _: cacheable(b"page", ("vary", "accept-language")))

    async def visits() -> None:
        got = [await site.get(accept_language=name) for name in ("sv", "nb")]
        assert [each.cache_status for each in got] == ["tailor; fwd=uri-miss; stored", "tailor; fwd=vary-miss; stored"]

    visit(site, visits)


def test_many_pages_take_no_more_than_they_may() -> None:
    site = Site(lambda question: cacheable(question.target * 500), max_bytes=20_000)

    async def visits() -> None:
        for number in range(100):
            await site.get(f"/{number}")
            assert site.store.bytes <= 20_000
        assert site.store.counts.evictions > 0
        assert (await site.get("/99")).cache_status == "tailor; hit; ttl=60"

    visit(site, visits)


def test_the_client_to_the_origin_is_what_fetches() -> None:
    page = ok(b"page", b"Cache-Control: max-age=0", b'ETag: "v1"')
    confirming = b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\nCache-Control: max-age=0\r\n\r\n'
    cut_short = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 9\r\n\r\nbegun"

    async def ask(url: str) -> list[Got]:
        origin = Origin(url)
        cache = PageCache(PageStore(Ledger(1 << 20)), Policy(), now=Clock(), failures=(OriginError,))
        asked = Asked(SITE, b"/", ((b"host", b"shop.example"),))
        got = [await take(await cache.get(asked, origin.fetch)) for _ in range(3)]
        with pytest.raises(OriginBodyError):
            await take(await cache.get(asked, origin.fetch))
        await origin.close()
        return got

    with scripted_origin(replying(page, confirming, confirming, cut_short)) as origin:
        got = asyncio.run(ask(origin.url))
        # A 304 gives its connection back.
        assert len(origin.connections) == 1
    assert {each.body for each in got} == {b"page"}
