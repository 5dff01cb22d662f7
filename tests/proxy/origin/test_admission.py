from __future__ import annotations

import asyncio

import pytest

from proxy.origin.admission import Admission
from proxy.origin.errors import OriginCrowdedError
from tests.proxy.origins import PATIENCE_SECONDS


def test_places_are_given_in_the_order_of_asking() -> None:
    async def ask() -> list[int]:
        admission, order = Admission(1, wait_seconds=PATIENCE_SECONDS), list[int]()
        await admission.enter()

        async def wait(number: int) -> None:
            await admission.enter()
            order.append(number)
            admission.leave()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(wait(1))
            await asyncio.sleep(0)
            assert admission.waiting == 1
            admission.leave()
            tasks.create_task(wait(2))
        assert (admission.open, admission.waiting, admission.refused) == (0, 0, 0)
        return order

    assert asyncio.run(ask()) == [1, 2]


def test_as_many_as_there_are_places_may_wait_and_no_more() -> None:
    async def ask() -> Admission:
        admission = Admission(2, wait_seconds=PATIENCE_SECONDS)
        for _ in range(2):
            await admission.enter()
        waiting = [asyncio.create_task(admission.enter()) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(OriginCrowdedError):
            await admission.enter()
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return admission

    admission = asyncio.run(ask())

    assert (admission.open, admission.waiting, admission.refused) == (2, 0, 1)


def test_who_finds_no_place_in_time_is_told_so() -> None:
    async def ask() -> None:
        admission = Admission(1, wait_seconds=0.01)
        await admission.enter()
        await admission.enter()

    with pytest.raises(OriginCrowdedError) as refused:
        asyncio.run(ask())

    assert refused.value.status == 503
    assert refused.value.proxy_status == b"tailor; error=connection_limit_reached"


def test_who_gave_up_waits_no_longer() -> None:
    async def ask() -> list[int]:
        admission = Admission(3, wait_seconds=0.01)
        for _ in range(3):
            await admission.enter()
        waiting = [asyncio.create_task(admission.enter()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        counts = [admission.waiting]
        await asyncio.gather(*waiting, return_exceptions=True)
        return [*counts, admission.waiting, admission.open]

    assert asyncio.run(ask()) == [3, 0, 3]


def test_a_place_that_comes_too_late_for_one_is_the_next_ones() -> None:
    async def ask() -> Admission:
        admission = Admission(1, wait_seconds=PATIENCE_SECONDS)
        await admission.enter()
        leaving = asyncio.create_task(admission.enter())
        await asyncio.sleep(0)
        admission.leave()
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        await admission.enter()
        return admission

    admission = asyncio.run(ask())

    assert (admission.open, admission.waiting, admission.refused) == (1, 0, 0)
