from __future__ import annotations

import asyncio
import gzip
import logging
import random
import threading
import tracemalloc

import pytest

from proxy.ledger import Ledger
from proxy.names import SiteName
from proxy.page.coding import UndecodableError
from proxy.page.memory import CutMemory, Kept, LateError, UntouchableError
from proxy.page.source import AddressMapping, Source
from proxy.page.threads import Threads
from rules.decision import Decision
from tests.proxy.origins import PATIENCE_SECONDS
from tests.proxy.page.cutting import book_of, decided, decided_by, one

PAGE = b"<h1>Hi</h1><p><a href=/1>one <b>two</a> three</b></p>"
HELLO = decided(one("- {select: h1, text: Hello}"))
WRONG = decided(one("- {select: 'p > a', remove: true}", "wrong", 1) + one("- {select: h1, text: Hello}", "right"))
BOMB = b"<h1>Hi</h1>" + b"".join(b"<b i%d><p>" % number for number in range(1000))


def cuts(
    memory: CutMemory, pages: list[bytes], decision: Decision, url: str = "shop.example/", query: bytes = b""
) -> list[Kept]:
    async def all_of_them() -> list[Kept]:
        return [await memory.cut(url, Source(page, charset_label="utf-8"), decision, query=query) for page in pages]

    return asyncio.run(all_of_them())


def new_pages(count: int) -> list[bytes]:
    return [PAGE + b"<!-- %d -->" % number for number in range(count)]


def test_of_a_long_url_only_the_beginning_is_remembered() -> None:
    memory, long = CutMemory(Ledger(1 << 20)), "shop.example/" + "x" * 8_000
    first, second = new_pages(2)
    (kept,), (not_kept,) = cuts(memory, [first], HELLO, long + "1"), cuts(memory, [second], HELLO, long + "2")

    assert kept.bodies is not None
    assert not_kept.bodies is None


def test_the_same_bytes_are_cut_once() -> None:
    first, second = cuts(CutMemory(Ledger(1 << 20)), [PAGE, PAGE], HELLO)

    assert second is first
    assert first.render(HELLO, ()).body == PAGE.replace(b"Hi", b"Hello")


def test_a_cut_serves_other_visitors_and_no_other_decision_charset_or_page() -> None:
    book = book_of(one("- {select: h1, text: '{{ geo.city }}'}"))
    bergen, oslo = decided_by(book, {"geo.city": "Bergen"}), decided_by(book, {"geo.city": "Oslo"})

    async def all_of_them() -> list[Kept]:
        memory = CutMemory(Ledger(1 << 20))
        return [
            await memory.cut("/", Source(PAGE, charset_label="utf-8"), bergen),
            await memory.cut("/other", Source(PAGE, charset_label="utf-8"), oslo),
            await memory.cut("/", Source(PAGE, charset_label="utf-8"), HELLO),
            await memory.cut("/", Source(PAGE, charset_label="latin1"), bergen),
            await memory.cut("/", Source(PAGE + b"\n", charset_label="utf-8"), bergen),
        ]

    first, second, *others = asyncio.run(all_of_them())
    assert second is first
    assert first not in others
    assert first.render(oslo, ()).body.startswith(b"<h1>Oslo</h1>")


def test_no_visitors_value_decides_what_is_kept_for_the_others() -> None:
    # A control that Latin-1 lacks is written as a reference, and that means another character to every parser.
    book = book_of(one("- {select: h1, text: '{{ page.query.city }}'}"))
    strange, plain = decided_by(book, {"page.query.city": "\x80"}), decided_by(book, {"page.query.city": "Oslo"})

    async def both() -> list[Kept]:
        memory = CutMemory(Ledger(1 << 20))
        return [await memory.cut("/", Source(PAGE, charset_label="latin1"), decision) for decision in (strange, plain)]

    first, second = asyncio.run(both())
    assert first is second
    assert second.render(plain, ()).body.startswith(b"<h1>Oslo</h1>")


def test_of_pages_that_are_new_each_time_the_first_is_kept_and_then_one_in_sixteen() -> None:
    kept = cuts(CutMemory(Ledger(1 << 20)), new_pages(34), HELLO)

    assert [number for number, each in enumerate(kept) if each.bodies is not None] == [0, 16, 32]


def token_pages(count: int) -> list[bytes]:
    return [b"<p>%x</p>" % (number * 7919) + PAGE for number in range(count)]


def test_of_pages_that_are_new_in_a_word_fewer_are_verified_and_kept() -> None:
    memory, pages = CutMemory(Ledger(1 << 20)), token_pages(280)
    kept = cuts(memory, pages, HELLO)

    assert [number for number, each in enumerate(kept) if each.bodies is not None] == [0, 16, 144, 272]
    assert [each.render(HELLO, ()).body for each in kept] == [page.replace(b"Hi", b"Hello") for page in pages]
    assert memory.made == 280


def test_a_page_that_is_new_otherwise_is_compiled_between_those_that_are_new_in_a_word() -> None:
    pages = token_pages(20)
    misses = [page.replace(b"h1", b"h2") for page in token_pages(20)]
    memory = CutMemory(Ledger(1 << 20))
    kept = cuts(memory, [*pages, *misses, pages[-1], misses[-1]], HELLO)

    assert [each.is_changed for each in kept] == [True] * 20 + [False] * 20 + [True, False]
    assert memory.left_out["a"] == 21


def test_a_page_that_is_new_in_a_word_and_comes_again_is_kept() -> None:
    pages = token_pages(20)
    *_, first, second, third = cuts(CutMemory(Ledger(1 << 20)), [*pages, pages[-1], pages[-1]], HELLO)

    assert [each.bodies is not None for each in (first, second)] == [False, True]
    assert third is second


def test_what_is_left_out_of_a_page_is_counted_on_those_that_are_new_in_a_word_too() -> None:
    memory = CutMemory(Ledger(1 << 20))
    decision = decided(one("- {select: h3, text: x}", "missed") + one("- {select: h1, text: Hello}", "found"))
    kept = cuts(memory, token_pages(30), decision)

    assert {each.cut.shown for each in kept} == {("found",)}
    assert memory.left_out["missed"] == 30


def test_pages_that_the_verifier_disagrees_with_are_no_precedents() -> None:
    kept = cuts(CutMemory(Ledger(1 << 20)), token_pages(40), WRONG)

    assert [number for number, each in enumerate(kept) if each.bodies is not None] == [0, 16, 32]
    assert {each.cut.shown for each in kept} == {("right",)}


def test_a_precedent_is_within_the_bound_and_goes_as_others_do() -> None:
    ledger = Ledger(1 << 20)
    memory = CutMemory(ledger)
    pages = token_pages(20)
    before = len(ledger)
    cuts(memory, pages, HELLO)
    assert len(ledger) - before == memory.variants + 1

    ledger.enter("much", ledger.max_bytes - 1000, lambda: None)
    assert len(ledger) == 1
    kept = cuts(memory, token_pages(30)[20:], HELLO)
    assert [each.cut.shown for each in kept] == [("a",)] * 10


def test_a_page_that_comes_a_second_time_is_verified_and_kept() -> None:
    first, *_ = pages = new_pages(2)
    kept = cuts(CutMemory(Ledger(1 << 20)), [first, pages[1], pages[1], pages[1]], HELLO)

    assert [each.bodies is not None for each in kept] == [True, False, True, True]
    assert kept[3] is kept[2]


@pytest.mark.parametrize("accepted", [("br", "gzip"), ("gzip",)])
def test_a_page_that_is_not_kept_is_encoded_for_one_response(accepted: tuple[str, ...]) -> None:
    _, once = cuts(CutMemory(Ledger(1 << 20)), new_pages(2), HELLO)
    rendered = once.render(HELLO, accepted)

    assert rendered.coding == "gzip"
    assert gzip.decompress(rendered.body).startswith(b"<h1>Hello</h1>")


def test_an_experience_that_was_disagreed_with_is_set_aside_counted_and_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    memory = CutMemory(Ledger(1 << 20))
    kept = cuts(memory, new_pages(3), WRONG)

    assert [each.cut.shown for each in kept] == [("right",)] * 3
    assert memory.set_aside == 1
    assert sum(memory.left_out.values()) == 1
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith("shop.example/: 'wrong' is left out: p > a: the page's markup there means something else")


def test_what_was_set_aside_is_tried_again_with_the_next_sample() -> None:
    memory = CutMemory(Ledger(1 << 20))
    mended = [page.replace(b" three</b>", b"</b>").replace(b"</a>", b"</b></a>") for page in new_pages(17)]
    kept = cuts(memory, new_pages(16) + mended[-1:], WRONG)

    assert kept[-1].cut.shown == ("wrong", "right")
    assert memory.set_aside == 1


def test_what_a_strangers_query_brings_into_a_page_keeps_nothing_off_the_pages_of_others() -> None:
    memory = CutMemory(Ledger(1 << 20))
    hostile, again, *others = new_pages(8)
    mended = [page.replace(b" three</b>", b"</b>").replace(b"</a>", b"</b></a>") for page in others]

    assert cuts(memory, [hostile], WRONG, query=b"q=<b>")[0].cut.shown == ("right",)
    assert [each.cut.shown for each in cuts(memory, mended, WRONG, query=b"q=x")] == [("wrong", "right")] * 6
    assert cuts(memory, [again], WRONG, query=b"q=<b>")[0].cut.shown == ("right",)
    assert memory.set_aside == 1


def test_a_bomb_that_a_strangers_query_makes_refuses_no_other_page() -> None:
    memory = CutMemory(Ledger(1 << 20))
    with pytest.raises(UntouchableError):
        cuts(memory, [BOMB], HELLO, query=b"q=<b>")

    assert cuts(memory, [b"<h1>Hi</h1>1"], HELLO, query=b"q=x")[0].cut.shown == ("a",)


def test_a_selector_that_finds_nothing_is_told_once_for_each_page(caplog: pytest.LogCaptureFixture) -> None:
    memory = CutMemory(Ledger(1 << 20))
    decision = decided(one("- {select: h9, text: Hello}"))
    cuts(memory, new_pages(5), decision)
    cuts(memory, new_pages(5), decision, "shop.example/other")

    assert [record.getMessage() for record in caplog.records] == [
        "shop.example/: 'a' is left out: h9: its selector finds nothing",
        "shop.example/other: 'a' is left out: h9: its selector finds nothing",
    ]
    assert memory.set_aside == 0


def refused(memory: CutMemory, page: bytes, label: str | None = "utf-8", url: str = "/") -> str:
    with pytest.raises(UntouchableError) as error:
        asyncio.run(memory.cut(url, Source(page, charset_label=label), HELLO))
    return str(error.value)


def test_a_charset_that_cannot_be_cut_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    memory = CutMemory(Ledger(1 << 20))

    for url in ("/a", "/b", "/a"):
        assert refused(memory, b"<\0h\x001\0>\0", "utf-16le", url) == "UTF-16LE"
    assert [record.getMessage() for record in caplog.records] == ["/a: pages in UTF-16LE pass through untouched"]


def test_a_bomb_is_told_of_at_each_url(caplog: pytest.LogCaptureFixture) -> None:
    memory = CutMemory(Ledger(1 << 20))
    for url in ("/a", "/b", "/a"):
        assert refused(memory, BOMB, url=url) == "it has, or would become, too many elements"

    assert [record.getMessage() for record in caplog.records] == [
        "/a: passes through untouched: it has, or would become, too many elements",
        "/b: passes through untouched: it has, or would become, too many elements",
    ]


def test_a_page_that_could_not_be_touched_is_remembered_until_the_next_sample() -> None:
    memory = CutMemory(Ledger(1 << 20))
    refused(memory, BOMB)
    for number in range(1, 16):
        assert refused(memory, b"<h1>Hi</h1>%d" % number) == "it has, or would become, too many elements"
    (kept,) = cuts(memory, [b"<h1>Hi</h1>16"], HELLO, "/")

    assert kept.cut.shown == ("a",)
    assert cuts(memory, [b"<h1>Hi</h1>17"], HELLO, "/")[0].cut.shown == ("a",)


def test_memory_is_bounded_and_the_longest_unused_goes_first() -> None:
    page = b"<h1>Hi</h1>" + b"x" * 1000
    memory = CutMemory(Ledger(12_000))
    first, second, third = (page + b"%d" % number for number in range(3))

    kept = [cuts(memory, [each, each], HELLO)[1] for each in (first, second, third)]
    assert (memory.variants, memory.evictions) == (2, 1)
    assert cuts(memory, [third], HELLO)[0] is kept[2]
    assert cuts(memory, [second], HELLO)[0] is kept[1]
    assert cuts(memory, [first], HELLO)[0] is not kept[0]


def test_a_page_too_large_to_be_kept_is_served_all_the_same() -> None:
    page = PAGE + b"x" * 10_000
    ledger = Ledger(10_000)
    first, second = cuts(CutMemory(ledger), [page, page], HELLO)

    assert second is not first
    assert first.render(HELLO, ("gzip",)).coding == "gzip"
    assert len(ledger) == 0
    assert second.render(HELLO, ()).body == page.replace(b"Hi", b"Hello")


def test_a_large_page_is_cut_beside_the_event_loop() -> None:
    page = PAGE + b"<p>x</p>" * 50_000
    (kept,) = cuts(CutMemory(Ledger(1 << 24)), [page], HELLO)

    assert kept.render(HELLO, ()).body == page.replace(b"Hi", b"Hello")


def test_a_coded_page_that_comes_again_is_found_by_its_coded_bytes() -> None:
    memory, coded = CutMemory(Ledger(1 << 20)), Source(gzip.compress(PAGE), "gzip")
    first = asyncio.run(memory.cut("/", coded, HELLO))

    assert first.render(HELLO, ()).body == PAGE.replace(b"Hi", b"Hello")
    assert memory.find(Source(coded.body, "gzip"), HELLO.fingerprint) is first
    assert memory.find(Source(coded.body), HELLO.fingerprint) is None
    assert memory.find(coded, b"") is None
    assert (memory.made, memory.hits, memory.variants) == (1, 1, 1)


def test_a_page_that_is_too_large_once_it_is_decoded_is_not_read() -> None:
    memory = CutMemory(Ledger(1 << 20), page_bytes=1000)
    with pytest.raises(UndecodableError):
        asyncio.run(memory.cut("/", Source(gzip.compress(bytes(1001)), "gzip"), HELLO))


def test_without_a_decision_a_page_is_kept_with_its_addresses_mapped() -> None:
    mapping = AddressMapping(SiteName(b"http", b"cms.example"), SiteName(b"https", b"shop.example"))
    mapped, unmapped = Source(b"<a href=http://cms.example/>", mapping=mapping), Source(PAGE, mapping=mapping)
    memory = CutMemory(Ledger(1 << 20))

    async def both() -> list[Kept]:
        return [await memory.cut("/", source, None) for source in (mapped, unmapped)]

    first, second = asyncio.run(both())
    assert first.render(None, ()).body == b"<a href=https://shop.example/>"
    assert (first.is_changed, second.is_changed) == (True, False)
    assert memory.find(mapped, b"") is first
    with pytest.raises(ValueError, match="the origin's own goes out"):
        second.render(None, ())


def test_a_page_in_an_unreadable_charset_has_no_addresses_mapped_and_is_no_error() -> None:
    mapping = AddressMapping(SiteName(b"http", b"cms.example"), SiteName(b"https", b"shop.example"))
    page = "<a href=http://cms.example/>".encode("utf-16le")
    kept = asyncio.run(CutMemory(Ledger(1 << 20)).cut("/", Source(page, "identity", "utf-16le", mapping), None))
    assert not kept.is_changed


def test_of_a_page_on_which_nothing_is_shown_only_that_is_kept() -> None:
    memory = CutMemory(Ledger(1 << 20))
    (kept,) = cuts(memory, [PAGE + bytes(20_000)], decided(one("- {select: h9, text: Hello}")))
    assert not kept.is_changed
    assert memory.variants == 1
    assert memory.bytes < 5_000


def test_a_body_is_in_one_ledger_once_whoever_has_it() -> None:
    page = PAGE + b"x" * 50_000
    ledger, source = Ledger(1 << 20), Source(page)
    ledger.enter("the page cache's", 0, lambda: None, body=page)
    before = ledger.bytes
    memory = CutMemory(ledger)
    greetings = [decided(one(f"- {{select: h1, text: Hello {number}}}")) for number in range(3)]
    kept = [asyncio.run(memory.cut("/", source, decision)) for decision in greetings]

    sizes = [len(each.render(decision, ()).body) for each, decision in zip(kept, greetings, strict=True)]
    assert sum(sizes) < ledger.bytes - before < sum(sizes) + 3 * 4000


def test_what_is_compressed_later_is_counted_and_may_make_a_page_go() -> None:
    async def render() -> None:
        kept = await memory.cut("/", Source(page), HELLO)
        for _ in range(2):
            kept.render(HELLO, ("br", "gzip"))
        memory.finish()
        assert kept.render(HELLO, ("br", "gzip")).coding == "br"

    page = PAGE + random.Random(1).randbytes(20_000).replace(b"<", b"").replace(b"\0", b"")
    ledger = Ledger(1 << 20)
    memory = CutMemory(ledger)
    asyncio.run(render())
    assert memory.bytes > 2 * len(page)
    assert ledger.bytes > memory.bytes + len(page)

    narrow = Ledger(ledger.bytes - 10_000)
    memory = CutMemory(narrow)
    asyncio.run(render())
    assert (memory.variants, memory.bytes, narrow.bytes, len(narrow)) == (0, 0, 0, 0)
    memory.close()


def test_bytes_are_those_that_are_taken() -> None:
    decision = decided_by(book_of(one("- {select: h1, text: 'Hello {{ geo.city }}'}")), {"geo.city": "Oslo"})
    pages = [b"<h1>Hi</h1>" + b"%d" % number * 2_000 for number in range(1000, 1300)]
    ledger = Ledger(1 << 26)
    memory = CutMemory(ledger)

    async def fill(count: int) -> None:
        for number, page in enumerate(pages[:count]):
            source = Source(page)
            for each in (HELLO, decision):
                kept = await memory.cut(f"/{number}", source, each)
                for _ in range(2):
                    kept.render(each, ("br", "gzip"))
                memory.finish()

    asyncio.run(fill(1))
    counted = ledger.bytes
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    asyncio.run(fill(len(pages)))
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    memory.close()
    bodies = sum(map(len, pages[1:]))  # which were there before
    assert memory.variants == 2 * len(pages)
    assert 0.85 * taken < ledger.bytes - counted - bodies < 1.2 * taken


def test_of_many_who_want_a_large_page_at_once_one_has_it_cut() -> None:
    page = PAGE + b"<p>x</p>" * 50_000
    memory = CutMemory(Ledger(1 << 24))

    async def herd() -> list[Kept]:
        return await asyncio.gather(*(memory.cut("/", Source(page), HELLO) for _ in range(20)))

    assert len(set(map(id, asyncio.run(herd())))) == 1
    assert memory.made == 1


def test_a_large_page_is_cut_to_the_end_if_the_one_who_asked_for_it_goes_away() -> None:
    page = PAGE + b"<p>x</p>" * 50_000
    memory = CutMemory(Ledger(1 << 24))

    async def herd() -> Kept:
        tasks = [asyncio.create_task(memory.cut("/", Source(page), HELLO)) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        _, second, third = await asyncio.gather(*tasks, return_exceptions=True)
        assert second is third
        assert isinstance(second, Kept)
        return second

    assert asyncio.run(herd()).cut.shown == ("a",)
    assert memory.made == 1


def test_nobody_waits_for_a_page_longer_than_was_set_and_the_next_one_finds_it_cut() -> None:
    page = PAGE + b"<p>x</p>" * 50_000
    threads, blocked = Threads(most=1), threading.Event()
    memory = CutMemory(Ledger(1 << 24), cut_seconds=0.05, threads=threads)

    async def visits() -> Kept:
        hanging = asyncio.create_task(threads.run(lambda: blocked.wait(PATIENCE_SECONDS)))
        await asyncio.sleep(0)
        for _ in range(2):
            with pytest.raises(LateError):
                await memory.cut("/", Source(page), HELLO)
        blocked.set()
        await hanging
        while (kept := memory.find(Source(page), HELLO.fingerprint)) is None:  # noqa: ASYNC110 - a cut that nobody waits for tells nobody
            await asyncio.sleep(0.01)
        return kept

    assert asyncio.run(visits()).cut.shown == ("a",)
    assert memory.made == 1


def test_a_small_page_is_cut_while_all_threads_hang() -> None:
    threads, blocked = Threads(most=1), threading.Event()
    memory = CutMemory(Ledger(1 << 24), threads=threads)

    async def visit() -> Kept:
        hanging = asyncio.create_task(threads.run(lambda: blocked.wait(PATIENCE_SECONDS)))
        await asyncio.sleep(0)
        kept = await memory.cut("/", Source(PAGE), HELLO)
        blocked.set()
        await hanging
        return kept

    assert asyncio.run(visit()).cut.shown == ("a",)


def test_a_page_with_a_hundred_variants_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    memory = CutMemory(Ledger(1 << 24))
    for number in range(101):
        cuts(memory, [PAGE], decided(one(f"- {{select: h1, text: Hello {number}}}")))

    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith("shop.example/: is kept in 100 variants, and each takes memory: ")
