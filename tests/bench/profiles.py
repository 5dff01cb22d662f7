"""What a profile costs: a read among a million on disk, a page view remembered, a visitor erased; and the memory of it.

Run as `python -m tests.bench.profiles [COUNT]`; it writes a file of some 400 MB and takes a few minutes. Exits with 1
where the median of the reads is over its limit.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from random import Random
from statistics import median, quantiles

from proxy.profile.database import Database, prepare
from proxy.profile.model import PageView, Preferences, Source
from proxy.profile.observe import observe
from proxy.profile.pending import Step
from proxy.profile.signals import signals
from proxy.profile.sqlite import SqliteProfileStore
from proxy.profile.store import key_of

LIMIT_MICROSECONDS = 100.0
NOW = datetime(2026, 12, 2, 12, tzinfo=UTC)
_BATCH = 20_000
_READS = 20_000


def steps_of(chance: Random) -> list[Step]:
    """One to six visits of a visitor, from the sources that there are."""
    source = Source("search", "google", "spring-sale" if chance.random() < 0.3 else "", "running shoes")
    visits = chance.randrange(1, 7)
    pages = [
        Step(PageView(f"/products/shoes/model-{chance.randrange(5000)}", source), NOW - timedelta(days=7 * visit))
        for visit in range(visits, 0, -1)
    ]
    told = [Step(Preferences({"size": "42"}), NOW)] if chance.random() < 0.1 else []
    return [*pages, *told]


def fill(path: Path, count: int) -> None:
    """So many profiles, in an order that their keys do not follow."""
    chance = Random(1)
    prepare(path, NOW)
    with closing(Database(path)) as database:
        for start in range(0, count, _BATCH):
            batch = {key_of(f"visitor-{n}"): steps_of(chance) for n in range(start, min(start + _BATCH, count))}
            database.write(batch, lambda *_: None, oldest_day=0)
        database.wipe()


def microseconds(store: SqliteProfileStore, ids: Iterable[str]) -> list[float]:
    """How long each of these reads took."""
    taken = []
    for visitor_id in ids:
        start = time.perf_counter()
        store.read(visitor_id)
        taken.append((time.perf_counter() - start) * 1e6)
    return taken


def main() -> int:
    """Print the table; 1 where reading is over its limit."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "profiles.db")
        start = time.perf_counter()
        # In a process of its own, since the memory that it takes is not that of reading.
        filling = get_context("spawn").Process(target=fill, args=(path, count))
        filling.start()
        filling.join()
        filled = time.perf_counter() - start
        print(f"{count:,} profiles, {path.stat().st_size / count:.0f} bytes each on disk; {filled:.0f} s to write")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with closing(SqliteProfileStore(path, now=lambda: NOW)) as store:
            chance = Random(2)
            known = [f"visitor-{chance.randrange(count)}" for _ in range(_READS)]
            reads = microseconds(store, known)
            unknown = microseconds(store, (f"stranger-{n}" for n in range(_READS)))
            profile = store.read(known[0])
            start = time.perf_counter()
            for visitor_id in known:
                store.remember(visitor_id, PageView("/"), NOW)
            remembered = (time.perf_counter() - start) / _READS * 1e6
            store.flush(600)
            start = time.perf_counter()
            store.erase(known[0])
            store.flush(600)
            erased = time.perf_counter() - start
            print(f"  read, median            {median(reads):8.1f} µs (limit {LIMIT_MICROSECONDS:g})")
            print(f"  read, 99 of 100 within  {quantiles(reads, n=100)[98]:8.1f} µs")
            print(f"  read, nobody, median    {median(unknown):8.1f} µs")
            print(f"  remembered              {remembered:8.1f} µs")
            print(f"  erased and wiped        {erased * 1e3:8.1f} ms")
        assert profile is not None
        start = time.perf_counter()
        for _ in range(10_000):
            signals(observe(profile, PageView("/"), NOW), NOW)
        told = (time.perf_counter() - start) / 10_000 * 1e6
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"  observed and told       {told:8.1f} µs")
        print(f"  memory that it took     {(after - before) / 1024:8.1f} MB")
    return int(median(reads) > LIMIT_MICROSECONDS)


if __name__ == "__main__":
    sys.exit(main())
