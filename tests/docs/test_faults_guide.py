"""The guide to faults: its table names every step that is counted, its waits are the code's."""

from __future__ import annotations

import re
from inspect import signature
from pathlib import Path

from proxy.cache.page_cache import PageCache
from proxy.origin.breaker import WINDOW_SECONDS
from proxy.origin.client import SAFE_TO_REPEAT
from proxy.origin.errors import OriginCrowdedError, OriginSparedError
from proxy.page.memory import LARGE_BYTES
from proxy.page.threads import Threads
from proxy.profile.reading import READ_SECONDS
from tests.docs.fences import prose, rows

GUIDE = "docs/faults.md"
ROOT = Path(__file__).parents[2]
COUNTED = re.compile(r'failures\.note(?:_at|_missed)?\(\s*"([a-z-]+)"')


def test_every_step_that_is_counted_has_its_row() -> None:
    counted = {step for path in (ROOT / "proxy").rglob("*.py") for step in COUNTED.findall(path.read_text("utf-8"))}
    told = {cells[1].strip("`") for cells in rows(GUIDE) if re.fullmatch("`[a-z-]+`", cells[1])}
    assert told == counted


def test_the_numbers_are_those_of_the_code() -> None:
    text = " ".join(prose(GUIDE).split())
    threads = signature(Threads).parameters
    assert (threads["most"].default, threads["waiting"].default) == (4, 16)
    assert "one of four threads" in text
    assert "16 pages wait" in text
    assert f"Pages over {LARGE_BYTES // 1024} KB" in text
    assert signature(PageCache).parameters["wait_seconds"].default == WINDOW_SECONDS == 10
    assert {word.strip() for word in text.partition("without an effect (")[2].partition(")")[0].split(",")} == set(
        SAFE_TO_REPEAT
    )
    assert READ_SECONDS == 0.25
    assert "a quarter of a second, once" in text
    assert OriginSparedError(502).proxy_status.decode() in text
    crowded = OriginCrowdedError("")
    assert f"{crowded.status}, `Retry-After: {crowded.retry_after_seconds}` and `error={crowded.error}`" in text
