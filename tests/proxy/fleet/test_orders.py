from __future__ import annotations

import asyncio
import os
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest

from proxy.cache.page_cache import PageCache
from proxy.fleet.orders import MAX_PROBLEMS, Counts, Order, Orders, Reload, Status, TellStatus, totals
from proxy.fleet.purges import Purge
from proxy.reload import RuleKeeper
from proxy.settings.model import Settings
from rules.load import load_rulebook
from tests.proxy.cache.scripted import Site, cacheable, visit

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
BOOK = "experiences:\n  hello: {pages: /, change: [{select: h1, text: Hi}]}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "book.yaml").write_text(BOOK)
    return tmp_path


def orders(folder: Path, counts: Counts | None = None, cache: PageCache | None = None) -> Orders:
    keeper = RuleKeeper.open(folder, load_rulebook, lambda: NOON)
    return Orders(
        Settings.model_validate({"origin": "http://127.0.0.1:9000"}), keeper, "1.2.3", lambda: counts or {}, cache
    )


def test_a_purge_tells_how_many_responses_it_dropped(folder: Path) -> None:
    site = Site(lambda _: cacheable(b"page"))

    async def visits() -> None:
        await site.get("/a")
        await site.get("/b")
        assert await orders(folder, cache=site.cache).carry_out(Purge(is_all=True)) == 2

    visit(site, visits)


def test_where_no_pages_are_kept_none_is_purged(folder: Path) -> None:
    assert asyncio.run(orders(folder).carry_out(Purge(is_all=True))) == 0


def test_a_reload_is_live_at_once_and_says_so(folder: Path) -> None:
    here = orders(folder)
    (folder / "more.yaml").write_text(BOOK.replace("hello", "more"))
    assert asyncio.run(here.carry_out(Reload())) == {
        "process": os.getpid(),
        "experiences_live": 2,
        "last_reload": "2026-12-01T12:00:00+00:00",
        "last_error": None,
    }


def test_a_reload_tells_what_is_wrong_up_to_a_bound(folder: Path) -> None:
    here = orders(folder)
    (folder / "book.yaml").write_text("experiences:\n" + "".join(f"  e{number}: {{}}\n" for number in range(200)))
    told = asyncio.run(here.carry_out(Reload()))
    assert told["experiences_live"] == 1
    assert len(told["last_error"]["problems"]) == MAX_PROBLEMS


def test_a_status_is_that_of_its_moment(folder: Path) -> None:
    failures = {"cut": 1}
    status = asyncio.run(orders(folder, {"failures": failures, "set_aside": 2}).carry_out(TellStatus()))
    failures["cut"] = 5
    assert isinstance(status, Status)
    assert status.counts == {"failures": {"cut": 1}, "set_aside": 2}
    assert status.told()["experiences"] == ["hello"]


@pytest.mark.parametrize("order", [Purge(tags=(b"a",), soft=True), Reload(), TellStatus()])
def test_orders_and_what_comes_of_them_can_be_told_to_other_processes(order: Order, folder: Path) -> None:
    result = asyncio.run(orders(folder, {"failures": {"cut": 1}}).carry_out(order))
    assert pickle.loads(pickle.dumps((order, result))) == (order, result)  # noqa: S301


def test_what_all_share_is_not_counted_once_for_each() -> None:
    counts: Counts = {"profiles": {"rows": 7}, "cache": {"hits": 1}}
    assert totals([counts, counts]) == {"cache": {"hits": 2}}
