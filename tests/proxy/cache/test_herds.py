"""Many visitors who want the same at once: who waits for whom, and who gets what."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from tests.proxy.cache.scripted import (
    SITE,
    Got,
    OriginFailedError,
    Question,
    Reply,
    Site,
    cacheable,
    herd,
    name_of,
    opening,
    private,
    reply,
    turns,
    visit,
)

HERD = 500
TAG = ("etag", '"v1"')


def test_a_herd_costs_one_fetch() -> None:
    gate = asyncio.Event()
    site = Site(lambda _: opening(gate, cacheable(b"page")))

    async def visits() -> None:
        visitors = herd(site, HERD)
        await turns()
        gate.set()
        got = await asyncio.gather(*visitors)
        assert {each.body for each in got} == {b"page"}
        assert site.fetches == 1
        assert got[1].cache_status == "tailor; fwd=uri-miss; collapsed; ttl=60"
        assert (site.store.counts.misses, site.store.counts.collapsed) == (1, HERD - 1)

    visit(site, visits)


def test_each_of_a_herd_gets_its_own_page_where_pages_are_private() -> None:
    gate = asyncio.Event()
    site = Site(lambda question: opening(gate, private(name_of(question))))

    async def visits() -> None:
        visitors = herd(site, HERD)
        await turns()
        assert site.fetches == 1
        gate.set()
        got = await asyncio.gather(*visitors)
        assert [each.body for each in got] == [b"%d" % visitor for visitor in range(HERD)]
        assert site.fetches == HERD

    visit(site, visits)


def test_nobody_waits_for_the_body_of_a_page_that_is_not_shared() -> None:
    body = asyncio.Event()

    def script(question: Question) -> Reply:
        given = private(name_of(question))
        given.before_body = body if question.number == 1 else None
        return given

    site = Site(script)

    async def visits() -> None:
        leader, *others = herd(site, 3)
        assert [each.body for each in await asyncio.gather(*others)] == [b"1", b"2"]
        assert not leader.done()
        body.set()
        await leader

    visit(site, visits)


def test_after_a_private_page_nobody_waits_at_all() -> None:
    gate = asyncio.Event()
    gate.set()
    site = Site(lambda question: opening(gate, private(name_of(question))))

    async def visits() -> None:
        await site.get()
        gate.clear()
        visitors = herd(site, 10)
        await turns()
        assert site.fetches == 11
        gate.set()
        await asyncio.gather(*visitors)

    visit(site, visits)


def test_visitors_of_other_variants_lead_and_wait_among_themselves() -> None:
    gate, bodies = asyncio.Event(), asyncio.Event()

    async def script(question: Question) -> Reply:
        await gate.wait()
        given = cacheable(question.header(b"accept-language") or b"", ("vary", "accept-language"))
        given.before_body = bodies
        return given

    site = Site(script)

    async def visits() -> None:
        visitors = [asyncio.create_task(site.get(accept_language=name)) for name in ("sv", "nb", "da") * 20]
        await turns()
        assert site.fetches == 1
        gate.set()
        await turns()
        assert site.fetches == 3
        bodies.set()
        got = await asyncio.gather(*visitors)
        assert [each.body for each in got] == [b"sv", b"nb", b"da"] * 20
        assert site.fetches == 3

    visit(site, visits)


def test_an_origin_that_varies_by_something_else_each_time_holds_nobody_up() -> None:
    site = Site(lambda question: cacheable(name_of(question), ("vary", f"x-visitor, x-{question.number}")))

    async def visits() -> None:
        got = await asyncio.gather(*herd(site, 20))
        assert [each.body for each in got] == [b"%d" % visitor for visitor in range(20)]

    visit(site, visits)


def test_where_the_leader_leaves_another_one_leads() -> None:
    gate = asyncio.Event()
    site = Site(lambda question: opening(gate, cacheable(name_of(question))))

    async def visits() -> None:
        leader, *others = herd(site, 10)
        await turns()
        leader.cancel()
        await turns()
        assert site.fetches == 2
        gate.set()
        assert {each.body for each in await asyncio.gather(*others)} == {b"1"}
        assert leader.cancelled()
        assert site.fetches == 2

    visit(site, visits)


def test_where_the_leader_leaves_while_its_body_comes_another_one_leads() -> None:
    body = asyncio.Event()

    def script(question: Question) -> Reply:
        given = cacheable(name_of(question))
        given.before_body = body if question.number == 1 else None
        return given

    site = Site(script)

    async def visits() -> None:
        leader, *others = herd(site, 10)
        await turns()
        leader.cancel()
        assert {each.body for each in await asyncio.gather(*others)} == {b"1"}
        assert site.fetches == 2
        assert site.origin.replies[0].is_closed

    visit(site, visits)


@pytest.mark.parametrize(("failing", "fetches"), [(1, 2), (2, 3)])
def test_leaders_that_fail_fail_alone(failing: int, fetches: int) -> None:
    gate = asyncio.Event()

    async def script(question: Question) -> Reply:
        await gate.wait()
        if question.number <= failing:
            raise OriginFailedError("down")
        return cacheable(b"page")

    site = Site(script)

    async def visits() -> None:
        visitors = herd(site, 10)
        await turns()
        gate.set()
        got = await asyncio.gather(*visitors, return_exceptions=True)
        assert [each.body for each in got if isinstance(each, Got)] == [b"page"] * (10 - failing)
        assert site.fetches == fetches

    visit(site, visits)


def test_of_an_origin_that_is_down_everybody_hears_soon() -> None:
    async def script(_: Question) -> Reply:
        await turns(1)
        raise OriginFailedError("down")

    site = Site(script)

    async def visits() -> None:
        visitors = herd(site, 10)
        await turns()
        assert all(isinstance(each.exception(), OriginFailedError) for each in visitors)

    visit(site, visits)


def test_a_leader_that_fails_costs_no_second_fetch_where_a_stale_page_will_do() -> None:
    gate = asyncio.Event()

    async def script(question: Question) -> Reply:
        if question.number == 1:
            return reply(b"page", ("cache-control", "max-age=60, stale-if-error=600"))
        await gate.wait()
        raise OriginFailedError("down")

    site = Site(script)

    async def visits() -> None:
        await site.get()
        site.clock.now += 61
        visitors = herd(site, 10)
        await turns()
        gate.set()
        assert {each.body for each in await asyncio.gather(*visitors)} == {b"page"}
        assert site.fetches == 2

    visit(site, visits)


def test_a_body_that_breaks_off_is_nobody_elses() -> None:
    def script(question: Question) -> Reply:
        given = cacheable(name_of(question))
        given.breaks = question.number == 1
        return given

    site = Site(script)

    async def visits() -> None:
        leader, *others = await asyncio.gather(*herd(site, 5), return_exceptions=True)
        assert isinstance(leader, OriginFailedError)
        assert {each.body for each in others if isinstance(each, Got)} == {b"1"}

    visit(site, visits)


def test_nobody_waits_for_ever() -> None:
    gate = asyncio.Event()

    def script(question: Question) -> Reply | Awaitable[Reply]:
        return opening(gate, cacheable(b"late")) if question.number == 1 else private(name_of(question))

    site = Site(script, wait_seconds=0)

    async def visits() -> None:
        leader, *others = herd(site, 3)
        assert [each.body for each in await asyncio.gather(*others)] == [b"1", b"2"]
        gate.set()
        await leader

    visit(site, visits)


def test_a_herd_on_a_stale_page_asks_once_whether_it_still_holds() -> None:
    gate = asyncio.Event()

    def script(question: Question) -> Reply | Awaitable[Reply]:
        confirming = reply(b"", TAG, ("cache-control", "max-age=60"), status=304)
        return cacheable(b"page", TAG) if question.number == 1 else opening(gate, confirming)

    site = Site(script)

    async def visits() -> None:
        await site.get()
        site.clock.now += 61
        visitors = herd(site, HERD)
        await turns()
        gate.set()
        assert {each.body for each in await asyncio.gather(*visitors)} == {b"page"}
        assert site.fetches == 2

    visit(site, visits)


def test_a_304_that_names_new_fields_in_vary_is_for_those_that_agree() -> None:
    gate = asyncio.Event()

    def script(question: Question) -> Reply | Awaitable[Reply]:
        if question.number == 1:
            return cacheable(b"page", TAG)
        if question.number == 2:
            return opening(gate, reply(b"", TAG, ("vary", "x-visitor"), status=304))
        return cacheable(name_of(question), ("vary", "x-visitor"))

    site = Site(script)

    async def visits() -> None:
        await site.get()
        site.clock.now += 61
        visitors = herd(site, 4)
        await turns()
        gate.set()
        assert [each.body for each in await asyncio.gather(*visitors)] == [b"page", b"1", b"2", b"3"]

    visit(site, visits)


def test_who_wants_a_fresher_page_than_the_leaders_asks_for_it() -> None:
    gate = asyncio.Event()
    site = Site(lambda question: opening(gate, cacheable(name_of(question))))

    async def visits() -> None:
        leader, follower = (
            asyncio.create_task(site.get(x_visitor=name, cache_control=wish))
            for name, wish in (("a", "max-age=60"), ("b", "min-fresh=100"))
        )
        await turns()
        assert site.fetches == 1
        gate.set()
        assert [(await each).body for each in (leader, follower)] == [b"a", b"b"]

    visit(site, visits)


@pytest.mark.parametrize("cache_control", ["no-cache", "max-age=0"])
def test_what_has_to_be_asked_about_each_time_is_not_shared_unasked(cache_control: str) -> None:
    site = Site(lambda question: reply(name_of(question), ("cache-control", cache_control), TAG))

    async def visits() -> None:
        got = await asyncio.gather(*herd(site, 10))
        assert [each.body for each in got] == [b"%d" % visitor for visitor in range(10)]

    visit(site, visits)


@pytest.mark.parametrize("field", ["authorization", "cache_control"])
def test_who_may_not_share_neither_leads_nor_waits(field: str) -> None:
    gate = asyncio.Event()
    site = Site(lambda _: opening(gate, cacheable(b"page")))

    async def visits() -> None:
        visitors = herd(site, 5, **{field: "no-store" if field == "cache_control" else "Basic x"})
        await turns()
        assert site.fetches == 5
        gate.set()
        await asyncio.gather(*visitors)
        assert len(site.store) == 0

    visit(site, visits)


def test_whoever_comes_after_a_purge_waits_for_no_page_from_before_it() -> None:
    gate = asyncio.Event()

    def script(question: Question) -> Reply | Awaitable[Reply]:
        return opening(gate, cacheable(b"old")) if question.number == 1 else cacheable(b"new")

    site = Site(script)

    async def visits() -> None:
        early = asyncio.create_task(site.get())
        await turns()
        site.cache.purge_url(SITE, b"/?utm_source=x")
        assert (await site.get()).body == b"new"
        gate.set()
        assert (await early).body == b"old"
        assert (await site.get()).body == b"new"

    visit(site, visits)
