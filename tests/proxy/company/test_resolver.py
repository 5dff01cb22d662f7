from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, TypeVar

import pytest

from proxy.company.resolver import NOBODY, Columns, ResolverError, SparingResolver
from proxy.wire import Address

NORDEA: Columns = {"name": "Nordea", "employees": 28000}
FIRST, SECOND, THIRD = map(ip_address, ("9.9.9.1", "9.9.9.2", "2620:fe::9"))

T = TypeVar("T")


@dataclass
class Service:
    """A service whose answers a test gives; it waits while `gate` is closed, and sets `reached` when it is asked."""

    answer: Callable[[Address], Columns | None] = lambda address: NORDEA
    asked: list[Address] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def resolve(self, address: Address) -> Columns | None:
        self.asked.append(address)
        self.reached.set()
        await self.gate.wait()
        self.done.set()
        return self.answer(address)


@dataclass
class Clock:
    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


def ready(answer: Callable[[Address], Columns | None] = lambda address: NORDEA) -> Service:
    service = Service(answer)
    service.gate.set()
    return service


def failing(address: Address) -> Columns | None:
    raise ResolverError("status 500")


def run(steps: Callable[[], Coroutine[Any, Any, T]]) -> T:
    return asyncio.run(steps())


def test_an_answer_is_kept_for_its_time() -> None:
    async def steps() -> None:
        service, clock = ready(), Clock()
        resolver = SparingResolver(service, clock=clock, known_seconds=60)
        assert await resolver.resolve(FIRST) == NORDEA
        clock.seconds += 59
        assert await resolver.resolve(FIRST) == NORDEA
        assert service.asked == [FIRST]
        clock.seconds += 2
        assert await resolver.resolve(FIRST) == NORDEA
        assert service.asked == [FIRST, FIRST]

    run(steps)


def test_that_there_is_no_company_is_kept_as_well() -> None:
    async def steps() -> None:
        service, clock = ready(lambda address: None), Clock()
        resolver = SparingResolver(service, clock=clock, unknown_seconds=60)
        assert [await resolver.resolve(FIRST) for _ in range(3)] == [None] * 3
        assert service.asked == [FIRST]
        clock.seconds += 61
        await resolver.resolve(FIRST)
        assert service.asked == [FIRST, FIRST]

    run(steps)


def test_a_page_waits_no_longer_than_told_and_the_next_one_has_the_answer() -> None:
    async def steps() -> None:
        service = Service()
        resolver = SparingResolver(service, clock=Clock(), wait_seconds=0.001)
        assert await resolver.resolve(FIRST) is None
        assert resolver.counts["late"] == 1
        service.gate.set()
        await service.done.wait()
        assert await resolver.resolve(FIRST) == NORDEA
        assert service.asked == [FIRST]

    run(steps)


def test_those_who_ask_at_once_share_one_question() -> None:
    async def steps() -> None:
        service = Service()
        resolver = SparingResolver(service, clock=Clock(), wait_seconds=30)
        asking = [asyncio.create_task(resolver.resolve(FIRST)) for _ in range(20)]
        await service.reached.wait()
        service.gate.set()
        assert await asyncio.gather(*asking) == [NORDEA] * 20
        assert service.asked == [FIRST]

    run(steps)


def test_one_who_leaves_does_not_take_the_answer_with_them() -> None:
    async def steps() -> None:
        service = Service()
        resolver = SparingResolver(service, clock=Clock(), wait_seconds=30)
        leaving, staying = (asyncio.create_task(resolver.resolve(FIRST)) for _ in range(2))
        await service.reached.wait()
        leaving.cancel()
        service.gate.set()
        assert await staying == NORDEA

    run(steps)


def test_only_so_many_questions_are_on_their_way() -> None:
    async def steps() -> None:
        service = Service()
        resolver = SparingResolver(service, clock=Clock(), wait_seconds=0.001, most_at_once=2)
        for address in (FIRST, SECOND, THIRD):
            await resolver.resolve(address)
        assert service.asked == [FIRST, SECOND]
        assert resolver.counts["crowded"] == 1
        await resolver.close()

    run(steps)


def test_a_service_that_keeps_failing_is_left_alone_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    async def steps() -> None:
        service, clock = ready(failing), Clock()
        resolver = SparingResolver(
            service, clock=clock, failures_until_rest=3, rest_seconds=30, failed_seconds=0.5, known_seconds=60
        )
        for number in range(6):
            assert await resolver.resolve(ip_address(number)) is None
        assert len(service.asked) == 3
        assert resolver.counts == {"asked": 3, "failed": 3, "rested": 3}
        clock.seconds += 31
        # One question tries it; it fails, and the rest begins anew.
        assert await resolver.resolve(FIRST) is None
        assert await resolver.resolve(SECOND) is None
        assert service.asked[3:] == [FIRST]
        clock.seconds += 31
        service.answer = lambda address: NORDEA
        assert await resolver.resolve(FIRST) == NORDEA
        assert await resolver.resolve(SECOND) == NORDEA

    with caplog.at_level(logging.INFO):
        run(steps)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "failed 3 times in a row and is left alone for 30 s" in caplog.text
    assert "9.9.9" not in caplog.text


def test_an_address_whose_question_failed_is_not_asked_again_at_once() -> None:
    async def steps() -> None:
        service, clock = ready(failing), Clock()
        resolver = SparingResolver(service, clock=clock, failed_seconds=30)
        await resolver.resolve(FIRST)
        await resolver.resolve(FIRST)
        assert service.asked == [FIRST]
        clock.seconds += 31
        await resolver.resolve(FIRST)
        assert service.asked == [FIRST, FIRST]

    run(steps)


def test_a_fault_of_the_resolvers_own_is_a_failure_too(caplog: pytest.LogCaptureFixture) -> None:
    def broken(address: Address) -> Columns | None:
        raise KeyError("name")

    async def steps() -> Columns | None:
        return await SparingResolver(ready(broken), clock=Clock()).resolve(FIRST)

    assert run(steps) is None
    assert "Asking for a company failed" in caplog.text


def test_what_is_kept_is_bounded() -> None:
    async def steps() -> None:
        service = ready()
        resolver = SparingResolver(service, clock=Clock(), most_kept=2)
        for address in (FIRST, SECOND, THIRD, FIRST):
            await resolver.resolve(address)
        assert service.asked == [FIRST, SECOND, THIRD, FIRST]

    run(steps)


def test_without_waiting_it_says_what_it_was_told_and_else_that_it_has_to_ask() -> None:
    async def steps() -> None:
        service = ready(lambda address: NORDEA if address == FIRST else None)
        resolver = SparingResolver(service, clock=Clock())
        assert resolver.resolve_now(FIRST) is None
        assert service.asked == []
        await resolver.resolve(FIRST)
        await resolver.resolve(SECOND)
        assert resolver.resolve_now(FIRST) == NORDEA
        assert resolver.resolve_now(SECOND) == NOBODY

    run(steps)


def test_there_is_nothing_to_wait_for_where_the_service_can_not_be_asked() -> None:
    async def steps() -> None:
        service = Service()
        resolver = SparingResolver(service, clock=Clock(), wait_seconds=30, most_at_once=1)
        asking = asyncio.create_task(resolver.resolve(FIRST))
        await service.reached.wait()
        assert resolver.resolve_now(FIRST) is None
        assert resolver.resolve_now(SECOND) == NOBODY
        assert resolver.counts["crowded"] == 1
        service.gate.set()
        await asking
        assert resolver.resolve_now(SECOND) is None

    run(steps)


def test_a_service_that_is_left_alone_is_not_waited_for() -> None:
    async def steps() -> None:
        clock = Clock()
        resolver = SparingResolver(ready(failing), clock=clock, failures_until_rest=1, rest_seconds=30)
        await resolver.resolve(FIRST)
        assert resolver.resolve_now(SECOND) == NOBODY
        clock.seconds += 31
        assert resolver.resolve_now(SECOND) is None

    run(steps)
