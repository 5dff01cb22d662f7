"""One visitor at a time: what is asked of the origin, and what becomes of its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from proxy.cache.answers import Passed
from proxy.cache.policy import Asked, Lifetimes, Policy
from tests.proxy.cache.scripted import (
    SITE,
    Got,
    OriginFailedError,
    Question,
    Reply,
    Script,
    Site,
    cacheable,
    private,
    reply,
    take,
    visit,
)

SIE = ("cache-control", "max-age=60, stale-if-error=600")
TAG = ("etag", '"v1"')


def run(site: Site, visits: Callable[[Site], Awaitable[None]]) -> None:
    visit(site, lambda: visits(site))


def in_turn(*replies: Reply | Exception) -> Script:
    """Each reply once, in this order; an exception is raised."""

    def script(question: Question) -> Reply:
        given = replies[question.number - 1]
        if isinstance(given, Exception):
            raise given
        return given

    return script


def failing() -> OriginFailedError:
    return OriginFailedError("down")


def test_a_response_is_stored_and_says_so() -> None:
    async def visits(site: Site) -> None:
        first = await site.get()
        site.clock.now += 10
        second = await site.get()
        assert (first.body, second.body) == (b"page", b"page")
        assert first.cache_status == "tailor; fwd=uri-miss; stored"
        assert second.cache_status == "tailor; hit; ttl=50"
        assert (first.header("age"), second.header("age")) == (None, "10")
        assert second.header("content-length") == "4"
        assert site.fetches == 1

    run(Site(in_turn(cacheable(b"page"))), visits)


def test_what_may_not_be_stored_is_passed_on_and_says_why() -> None:
    async def visits(site: Site) -> None:
        got = [await site.get(), await site.get()]
        assert [each.body for each in got] == [b"1", b"2"]
        assert {each.cache_status for each in got} == {"tailor; fwd=uri-miss; detail=private"}
        assert len(site.store) == 0

    run(Site(in_turn(private(b"1"), private(b"2"))), visits)


def test_a_stale_response_is_asked_about_and_a_304_keeps_its_body() -> None:
    async def visits(site: Site) -> None:
        await site.get()
        before = site.store.find(b"https://shop.example/", ())
        site.clock.now += 61
        got = await site.get(if_none_match='"other"', range="bytes=0-1")
        after = site.store.find(b"https://shop.example/", ())
        assert before is not None
        assert after is not None
        assert after.body is before.body
        assert (got.status, got.body, got.header("x-new")) == (200, b"page", "yes")
        assert got.cache_status == "tailor; fwd=stale; fwd-status=304; stored"
        assert site.origin.asked[1].header(b"if-none-match") == b'"v1"'
        assert site.origin.asked[1].header(b"range") is None
        assert (await site.get()).cache_status == "tailor; hit; ttl=60"

    confirming = reply(b"", TAG, ("cache-control", "max-age=60"), ("x-new", "yes"), status=304)
    run(Site(in_turn(cacheable(b"page", TAG), confirming)), visits)


def test_what_a_304_forbids_to_store_is_for_this_visitor_and_stored_no_longer() -> None:
    async def visits(site: Site) -> None:
        await site.get()
        site.clock.now += 61
        got = await site.get()
        assert (got.status, got.body, got.header("set-cookie")) == (200, b"page", "id=1")
        assert got.cache_status == "tailor; fwd=stale; fwd-status=304; detail=set-cookie"
        assert len(site.store) == 0

    personal = reply(b"", TAG, ("set-cookie", "id=1"), status=304)
    run(Site(in_turn(cacheable(b"page", TAG), personal)), visits)


def test_a_304_may_name_other_fields_in_vary_from_then_on() -> None:
    async def visits(site: Site) -> None:
        await site.get(accept_language="sv")
        site.clock.now += 61
        await site.get(accept_language="sv")
        assert len(site.store) == 1
        assert (await site.get(accept_language="sv")).body == b"page"
        assert (await site.get(accept_language="da")).body == b"side"

    varying = reply(b"", TAG, ("vary", "accept-language"), status=304)
    run(Site(in_turn(cacheable(b"page", TAG), varying, cacheable(b"side", TAG))), visits)


def test_a_304_about_something_else_is_asked_again_without_conditions() -> None:
    async def visits(site: Site) -> None:
        await site.get()
        site.clock.now += 61
        assert (await site.get()).body == b"new"
        assert site.origin.asked[2].header(b"if-none-match") is None
        assert (await site.get()).body == b"new"

    other = reply(b"", ("etag", '"v2"'), status=304)
    run(Site(in_turn(cacheable(b"page", TAG), other, cacheable(b"new"))), visits)


def test_a_new_response_takes_the_stale_ones_place() -> None:
    async def visits(site: Site) -> None:
        await site.get()
        site.clock.now += 61
        got = await site.get()
        assert (got.body, got.cache_status) == (b"new", "tailor; fwd=stale; stored")
        assert len(site.store) == 1

    run(Site(in_turn(cacheable(b"old", TAG), cacheable(b"new", TAG))), visits)


@pytest.mark.parametrize("now", [private(b"mine"), reply(b"gone", status=404)])
def test_a_stale_response_goes_where_its_origin_has_something_else_to_say(now: Reply) -> None:
    async def visits(site: Site) -> None:
        await site.get()
        site.clock.now += 61
        await site.get()
        assert len(site.store) == 0

    run(Site(in_turn(cacheable(b"page", TAG), now)), visits)


@pytest.mark.parametrize("trouble", [failing(), reply(b"sorry", status=503)])
def test_a_stale_response_goes_out_in_place_of_an_error(trouble: Reply | Exception) -> None:
    async def visits(site: Site) -> None:
        await site.get()
        site.clock.now += 100
        got = await site.get()
        status = "; fwd-status=503" if isinstance(trouble, Reply) else ""
        assert (got.status, got.body, got.header("age")) == (200, b"page", "100")
        assert got.cache_status == f"tailor; fwd=stale{status}; ttl=-40; detail=stale-if-error"
        assert site.store.counts.stale == 1

    run(Site(in_turn(reply(b"page", SIE), trouble)), visits)


def test_an_error_goes_out_where_no_stale_response_may() -> None:
    async def visits(site: Site) -> None:
        await site.get()
        site.clock.now += 100
        got = await site.get()
        assert (got.status, got.body) == (503, b"sorry")
        with pytest.raises(OriginFailedError):
            await site.get()
        assert len(site.store) == 1

    run(Site(in_turn(cacheable(b"page", TAG), reply(b"sorry", status=503), failing())), visits)


def test_what_was_purged_meanwhile_does_not_stand_in_for_an_error() -> None:
    async def visits(site: Site) -> None:
        await site.get()
        site.clock.now += 100
        with pytest.raises(OriginFailedError):
            await site.get()

    async def purge_and_fail(site: Site) -> Reply:
        site.cache.purge_all()
        raise failing()

    site = Site(lambda question: reply(b"page", SIE) if question.number == 1 else purge_and_fail(site))
    run(site, visits)


def test_what_was_asked_for_before_a_purge_goes_out_and_is_not_stored() -> None:
    async def purge_and_answer(site: Site) -> Reply:
        site.cache.purge_url(SITE, b"/")
        return cacheable(b"old")

    async def visits(site: Site) -> None:
        got = await site.get()
        assert (got.body, got.cache_status) == (b"old", "tailor; fwd=uri-miss")
        assert len(site.store) == 0

    site = Site(lambda _: purge_and_answer(site))
    run(site, visits)


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        (cacheable(b"x" * 200), "size"),
        (cacheable(b"", ("content-length", "200")), "size"),
        (cacheable(b"data: x", ("content-type", "text/event-stream")), "stream"),
        (cacheable(b"short", ("content-length", "6")), "incomplete"),
    ],
)
def test_what_can_not_be_held_passes_through(given: Reply, detail: str) -> None:
    body = b"".join(given.chunks)

    async def visits(site: Site) -> None:
        got = await site.get()
        assert (got.body, got.cache_status) == (body, f"tailor; fwd=uri-miss; detail={detail}")
        assert len(site.store) == 0

    run(Site(in_turn(given), page_bytes=100), visits)


def test_a_body_that_once_grew_too_large_is_not_held_again_for_a_while() -> None:
    async def visits(site: Site) -> None:
        await site.get()
        outcome = await site.cache.get(Asked(SITE, b"/", ()), site.origin.fetch)
        assert isinstance(outcome, Passed)
        assert (outcome.held, (await take(outcome)).body) == (b"", b"y" * 200)
        site.clock.now += 61
        assert (await site.get()).cache_status == "tailor; fwd=uri-miss; stored"

    large, small = cacheable(b"x" * 200), cacheable(b"x")
    run(Site(in_turn(large, cacheable(b"y" * 200), small), page_bytes=100), visits)


def test_a_body_that_breaks_off_breaks_off_for_the_visitor_too() -> None:
    async def visits(site: Site) -> None:
        with pytest.raises(OriginFailedError):
            await site.get()
        assert len(site.store) == 0

    broken = cacheable(b"begun")
    broken.breaks = True
    run(Site(in_turn(broken)), visits)


def test_a_head_is_answered_from_what_a_get_stored_and_stores_nothing() -> None:
    async def visits(site: Site) -> None:
        missed = await site.send("HEAD")
        await site.get()
        hit = await site.send("HEAD")
        assert [question.method for question in site.origin.asked] == ["HEAD", "GET"]
        assert missed.cache_status == "tailor; fwd=uri-miss"
        assert (hit.status, hit.body, hit.header("content-length")) == (200, b"", "4")

    run(Site(in_turn(cacheable(b""), cacheable(b"page"))), visits)


def test_a_stale_response_that_a_head_finds_is_asked_about_by_get() -> None:
    async def visits(site: Site) -> None:
        await site.get()
        site.clock.now += 61
        got = await site.send("HEAD")
        assert (got.status, got.body, got.header("cache-control")) == (200, b"", "private")
        assert site.origin.asked[1].method == "GET"
        assert site.origin.replies[1].is_closed

    run(Site(in_turn(cacheable(b"page", TAG), private(b"new"))), visits)


def test_a_range_is_the_origins_until_the_whole_is_stored() -> None:
    async def visits(site: Site) -> None:
        part = await site.get(range="bytes=0-1")
        await site.get()
        whole = await site.get(range="bytes=0-1")
        assert (part.status, whole.status, whole.body) == (206, 200, b"page")
        assert site.origin.asked[0].header(b"range") == b"bytes=0-1"

    part = reply(b"pa", ("content-range", "bytes 0-1/4"), status=206)
    run(Site(in_turn(part, cacheable(b"page"))), visits)


def test_what_a_browser_has_already_is_not_asked_of_the_origin_but_told_by_us() -> None:
    async def visits(site: Site) -> None:
        got = await site.get(if_none_match='"v1"')
        assert (got.status, got.body) == (304, b"")
        assert site.origin.asked[0].header(b"if-none-match") is None
        assert (await site.get()).body == b"page"

    run(Site(in_turn(cacheable(b"page", TAG))), visits)


def test_where_answers_are_not_shared_a_browsers_conditions_reach_the_origin() -> None:
    async def visits(site: Site) -> None:
        await site.get()
        got = await site.get(if_none_match='"v1"')
        assert (got.status, site.origin.asked[1].header(b"if-none-match")) == (304, b'"v1"')

    run(Site(in_turn(private(b"mine"), reply(b"", TAG, status=304))), visits)


def test_tracking_parameters_neither_part_pages_nor_reach_the_origin() -> None:
    async def visits(site: Site) -> None:
        await site.get("/a?utm_source=x&b=1")
        await site.get("/a?b=1&gclid=y")
        assert [question.target for question in site.origin.asked] == [b"/a?b=1"]

    run(Site(in_turn(cacheable(b"page"))), visits)


def test_a_stored_redirect_gives_each_visitor_their_own_parameters_back() -> None:
    async def visits(site: Site) -> None:
        got = [await site.get(f"/a?utm_source={name}") for name in ("x", "y")]
        assert [each.header("location") for each in got] == ["/b?utm_source=x", "/b?utm_source=y"]
        assert site.fetches == 1

    run(Site(in_turn(reply(b"", ("cache-control", "max-age=60"), ("location", "/b"), status=301))), visits)


def silent(*fields: tuple[str, str]) -> Script:
    return lambda question: reply(b"%d" % question.number, *fields)


OPERATORS = Policy(Lifetimes.of({"/blog/**": 60}))


@pytest.mark.parametrize(
    ("target", "fields", "fetches"),
    [
        ("/blog/a", [], 1),
        ("/blog/a", [("cache-control", "public")], 1),
        ("/", [], 2),
        ("/blog/a", [("set-cookie", "id=1")], 2),
        ("/blog/a", [("cache-control", "private")], 2),
        ("/blog/a", [("cache-control", "no-store")], 2),
        ("/blog/a", [("content-type", "text/event-stream")], 2),
    ],
)
def test_the_operator_gives_a_lifetime_to_what_says_nothing(
    target: str, fields: list[tuple[str, str]], fetches: int
) -> None:
    async def visits(site: Site) -> None:
        got: list[Got] = [await site.get(target) for _ in range(2)]
        assert site.fetches == fetches
        assert got[1].body == b"%d" % fetches

    run(Site(silent(*fields), OPERATORS), visits)


def test_what_only_the_request_forbids_to_store_says_nothing_of_the_url() -> None:
    async def visits(site: Site) -> None:
        await site.get()
        site.clock.now += 61
        got = await site.get(cache_control="no-store")
        assert got.cache_status == "tailor; fwd=stale; detail=request-no-store"
        assert len(site.store) == 1

    run(Site(in_turn(cacheable(b"page", TAG), cacheable(b"new"))), visits)
