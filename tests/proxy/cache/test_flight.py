from __future__ import annotations

import asyncio

import pytest

from proxy.cache.flight import Flight, Flights, Landed, Landing, OtherVariant
from proxy.cache.store import Stored
from proxy.cache.vary import Selector
from proxy.wire import Headers
from tests.proxy.cache.scripted import PATIENCE_SECONDS, Clock, turns
from tests.proxy.cache.test_store import KEY, stored

SWEDISH: Headers = ((b"accept-language", b"sv"),)
DANISH: Headers = ((b"accept-language", b"da"),)
FOR_SWEDES = Selector((b"accept-language",), (b"sv",))


def follow(flight: Flight, headers: Headers = (), seconds: float = PATIENCE_SECONDS) -> asyncio.Task[Landed]:
    return asyncio.create_task(flight.follow(headers, asyncio.get_running_loop().time() + seconds))


def test_followers_get_what_the_leader_got() -> None:
    async def fly() -> tuple[Stored, list[Landed]]:
        flight, page = Flight(0), stored()
        followers = [follow(flight) for _ in range(3)]
        await turns()
        flight.land(page)
        return page, [await each for each in followers]

    page, landed = asyncio.run(fly())
    assert all(each is page for each in landed)


def test_whoever_comes_when_it_has_landed_hears_the_same() -> None:
    async def fly() -> Landed:
        flight = Flight(0)
        flight.land(Landing.ALONE)
        flight.land(stored())
        return await follow(flight)

    assert asyncio.run(fly()) is Landing.ALONE


def test_whom_the_response_is_not_for_hears_so_at_its_head() -> None:
    async def fly() -> tuple[Landed, Landed, bool]:
        flight = Flight(0)
        before, swede = follow(flight, DANISH), follow(flight, SWEDISH)
        await turns()
        flight.narrow(FOR_SWEDES)
        after = follow(flight, DANISH)
        told = await before, await after, swede.done()
        flight.land(Landing.ALONE)
        await swede
        return told

    other = OtherVariant((b"accept-language",))
    assert asyncio.run(fly()) == (other, other, False)


def test_nobody_waits_beyond_the_deadline() -> None:
    async def fly() -> Landed:
        return await follow(Flight(0), seconds=0)

    assert asyncio.run(fly()) is Landing.ALONE


def test_a_follower_that_leaves_takes_nobody_along() -> None:
    async def fly() -> tuple[bool, Landed]:
        flight = Flight(0)
        leaving, staying = follow(flight), follow(flight)
        await turns()
        leaving.cancel()
        await asyncio.wait([leaving])
        flight.land(Landing.FAILED)
        return leaving.cancelled(), await staying

    assert asyncio.run(fly()) == (True, Landing.FAILED)


@pytest.mark.parametrize(
    ("raised", "landed"),
    [(None, Landing.ALONE), (OSError("down"), Landing.ALONE), (asyncio.CancelledError(), Landing.AGAIN)],
)
def test_a_flight_ends_with_its_leader(raised: BaseException | None, landed: Landing) -> None:
    async def fly() -> tuple[bool, Landed, Flight | None]:
        flights = Flights(Clock())
        follower: asyncio.Task[Landed] | None = None
        try:
            with flights.lead(KEY, Selector(), 0) as flight:
                assert flights.find(KEY, Selector()) is flight
                follower = follow(flight)
                await turns()
                if raised is not None:
                    raise raised
        except (OSError, asyncio.CancelledError):
            pass
        assert follower is not None
        await turns()
        return follower.done(), await follower, flights.find(KEY, Selector())

    assert asyncio.run(fly()) == (True, landed, None)


def test_a_flight_that_took_anothers_place_stays_when_that_one_ends() -> None:
    flights = Flights(Clock())
    first = flights.lead(KEY, Selector(), 0)
    with first, flights.lead(KEY, Selector(), 1) as second:
        first.__exit__(None, None, None)
        assert flights.find(KEY, Selector()) is second


def test_a_url_whose_answers_are_not_shared_is_known_for_a_minute() -> None:
    clock = Clock()
    flights = Flights(clock)
    assert flights.are_shared(KEY)
    flights.note(KEY, is_shared=False)
    assert not flights.are_shared(KEY)
    clock.now += 61
    assert flights.are_shared(KEY)


def test_an_answer_that_is_shared_ends_that_at_once() -> None:
    flights = Flights(Clock())
    flights.note(KEY, is_shared=False)
    flights.note(KEY, is_shared=True)
    assert flights.are_shared(KEY)


def test_who_comes_when_another_variant_has_landed_does_not_get_it() -> None:
    async def fly() -> Landed:
        flight = Flight(0)
        flight.narrow(Selector((b"cookie",), (b"name=alice",)))
        flight.land(stored(b"for alice"))
        return await follow(flight, ((b"cookie", b"name=bob"),))

    assert isinstance(asyncio.run(fly()), OtherVariant)
