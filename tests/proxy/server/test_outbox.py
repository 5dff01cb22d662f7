"""What is put into the outbox in one turn of the loop goes out before the next one."""

from __future__ import annotations

import asyncio

import pytest

from proxy.server.outbox import Outbox


def test_what_is_put_in_is_sent_in_order_once_the_turn_is_over() -> None:
    async def main() -> list[str]:
        outbox, seen = Outbox(), list[str]()
        loop = asyncio.get_running_loop()
        for name in ("a", "b"):
            outbox.put(lambda name=name: seen.append(name), loop)  # type: ignore[misc]
        seen.append("read")
        await asyncio.sleep(0)
        seen.append("next turn")
        outbox.put(lambda: seen.append("c"), loop)
        await asyncio.sleep(0)
        return seen

    assert asyncio.run(main()) == ["read", "a", "b", "next turn", "c"]


def test_what_can_t_be_sent_keeps_no_other_back(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise OSError("gone")

    async def main() -> list[str]:
        outbox, seen = Outbox(), list[str]()
        for send in (lambda: seen.append("a"), fail, lambda: seen.append("b")):
            outbox.put(send, asyncio.get_running_loop())
        await asyncio.sleep(0)
        return seen

    assert asyncio.run(main()) == ["a", "b"]
    assert [record.getMessage() for record in caplog.records] == ["an answer could not be written"]


def test_what_is_put_in_while_others_are_sent_goes_out_in_the_next_turn() -> None:
    async def main() -> list[str]:
        outbox, seen = Outbox(), list[str]()
        loop = asyncio.get_running_loop()
        outbox.put(lambda: outbox.put(lambda: seen.append("later"), loop), loop)
        await asyncio.sleep(0)
        assert seen == []
        await asyncio.sleep(0)
        return seen

    assert asyncio.run(main()) == ["later"]
