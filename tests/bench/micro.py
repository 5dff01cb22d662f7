"""What a page costs inside the process: found, cut, verified, filled, gzipped; and that twice the page costs twice.

Run as `python -m tests.bench.micro`. Figures are CPU time of this process, the least of several runs. Exits with 1
where one is over its limit.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from proxy.ledger import Ledger
from proxy.page.compile import BombError, Cut, Page, compile_cut, compiled
from proxy.page.memory import CutMemory, Kept
from proxy.page.recut import Precedent
from proxy.page.source import Source
from proxy.rule_files import read_folder
from rules.context import make_context
from rules.decide import decide
from rules.decision import Decision
from rules.load import load_rulebook
from rules.plan import make_plan
from tests.bench.pages import HOSTILE, HOSTILE_RULES, RANK_RULES, RULES, ordinary_page

_DOUBLING_LIMIT = 2.5  # 2, and what noise a ratio of two short measurements has
_FLOOR_SECONDS = 0.002  # below this a ratio is all noise


def decision_for(company: str, rules: str = RULES) -> Decision:
    """What the rules decide for a visitor from this company."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bench.yaml").write_text(rules, encoding="utf-8")
        book = load_rulebook(read_folder(Path(folder)))
    observed = {"visitor.company": company}
    return decide(make_plan(book, "shop.example", "/", {}), make_context(observed, now=datetime.now(UTC)))


def cpu_seconds(work: Callable[[], object], *, at_least: float = 0.2, rounds: int = 5) -> float:
    """The least CPU time of one call, over rounds that take `at_least` together."""
    work()
    best = float("inf")
    gc.collect()
    for _ in range(rounds):
        calls = 0
        start = time.process_time()
        while (spent := time.process_time() - start) < at_least / rounds or not calls:
            work()
            calls += 1
        best = min(best, spent / calls)
    return best


def find_and_cut(body: bytes, decision: Decision) -> Cut:
    """A page compiled without the second engine."""
    return compile_cut(Page(body, "utf-8"), decision, aside=frozenset(), verify=False)


def find_cut_and_verify(body: bytes, decision: Decision) -> Cut | None:
    """A page compiled with it; None where the page is refused as a bomb."""
    try:
        return compile_cut(Page(body, "utf-8"), decision, aside=frozenset(), verify=True)
    except BombError:
        return None


def settled(memory: CutMemory, source: Source, decision: Decision, accepted: tuple[str, ...]) -> Kept:
    """A kept cut of which all is made well that these browsers get."""
    kept = asyncio.run(memory.cut("/", source, decision))
    for _ in range(2):
        kept.render(decision, accepted)
    memory.finish()
    kept.render(decision, accepted)
    return kept


def main() -> int:
    """Print the tables; 1 where a figure is over its limit."""
    body, decision = ordinary_page(), decision_for("Bergen Bikes")
    cut = find_and_cut(body, decision)
    if len(cut.shown) != 1 or b"Rain gear for Bergen Bikes" not in b"".join(cut.fill(decision)):
        raise SystemExit("the page was not changed as the rules say")
    cutting = cpu_seconds(lambda: find_and_cut(body, decision))
    precedent = Precedent(body, "utf-8", compiled(Page(body, "utf-8"), decision, aside=frozenset(), verify=True))
    new_in_a_word = body.replace(b"The end", b"The last")
    if (recut := precedent.recut(new_in_a_word, "utf-8")) is None or recut != find_and_cut(new_in_a_word, decision):
        raise SystemExit("the page was not cut by the one before")
    recutting = cpu_seconds(lambda: precedent.recut(new_in_a_word, "utf-8"))
    verifying = cpu_seconds(lambda: find_cut_and_verify(body, decision)) - cutting
    filling = cpu_seconds(lambda: b"".join(cut.fill(decision)))
    memory, browser, source = CutMemory(Ledger(64 << 20)), ("br", "zstd", "gzip"), Source(body)
    plain = decision_for("", RULES.replace("{{ visitor.company }}", "Oslo"))
    personal, shared = (settled(memory, source, each, browser) for each in (decision, plain))
    if shared.render(plain, browser).coding != "br":
        raise SystemExit("the page without holes was not compressed well")
    gzipping = cpu_seconds(lambda: personal.render(decision, browser))
    finding = cpu_seconds(lambda: memory.find(Source(body), plain.fingerprint))
    hitting = cpu_seconds(lambda: shared.render(plain, browser))
    memory.close()
    ranks, finds_none = (decision_for("", rules) for rules in (RANK_RULES, RANK_RULES.replace("results", "none")))
    if len(find_and_cut(body, ranks).shown) != 1:
        raise SystemExit("the list was not ranked")
    ranking = cpu_seconds(lambda: find_and_cut(body, ranks)) - cpu_seconds(lambda: find_and_cut(body, finds_none))
    rows = [
        ("found and cut", cutting / len(body) * 1e9, "ns/byte", 20.0),
        ("new in a word, cut", recutting / len(body) * 1e9, "ns/byte", 5.0),
        ("verified", verifying / len(body) * 1e9, "ns/byte", 100.0),
        ("filled for one visitor", filling * 1e6, "µs", 20.0),
        ("filled, gzipped, tagged", gzipping * 1e6, "µs", 50.0),
        ("kept cut found", finding * 1e6, "µs", 5.0),
        ("kept body rendered", hitting * 1e6, "µs", 2.0),
        ("40 items ranked", ranking * 1e3, "ms", 20.0),
    ]
    print(f"a page of {len(body):,} bytes, five changes")
    failed = False
    for name, figure, unit, limit in rows:
        failed |= figure > limit
        print(f"  {name:24} {figure:8.1f} {unit:8} (limit {limit:g}){' OVER' if figure > limit else ''}")
    print("each doubling of the page, found, cut and verified, costs this many times as much")
    failed |= _over_when_doubled("ordinary", ordinary_page, 40, decision)
    hostile = decision_for("Bergen Bikes", HOSTILE_RULES)
    for name, make in HOSTILE.items():
        failed |= _over_when_doubled(name, make, 10_000, hostile)
    return int(failed)


def _over_when_doubled(name: str, make: Callable[[int], bytes], size: int, decision: Decision) -> bool:
    """Whether four times the page costs more than twice the doubling limit would have it.

    Four times, since between one size and the next stands the edge of the processor's cache.
    """
    page, larger = make(size), make(4 * size)
    # In turns, so that a slow moment of the machine meets both.
    turns = [
        [cpu_seconds(partial(find_cut_and_verify, each, decision), at_least=0.02, rounds=1) for each in (page, larger)]
        for _ in range(5)
    ]
    once, fourfold = (min(times) for times in zip(*turns, strict=True))
    doubling: float = (fourfold / once) ** 0.5
    result = find_cut_and_verify(page, decision)
    what = "refused as a bomb" if result is None else "cut and verified" if result.shown else "found no place"
    over = fourfold > _FLOOR_SECONDS and doubling > _DOUBLING_LIMIT
    cost = f"{once / len(page) * 1e9:7.1f} ns/byte  x{doubling:4.2f}"
    print(f"  {name:24} {len(page):>9,} bytes {cost}  {what}{' OVER' if over else ''}")
    return over


if __name__ == "__main__":
    sys.exit(main())
