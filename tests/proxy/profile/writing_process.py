"""A process that remembers page views as fast as it can, to be killed; or until the disk is full.

Run as `python -m tests.proxy.profile.writing_process FILE SEED|full`.
"""

from __future__ import annotations

import os
import random
import resource
import sys
from datetime import timedelta
from pathlib import Path

from proxy.profile.model import PageView
from proxy.profile.sqlite import SqliteProfileStore
from tests.proxy.profile.browsing import TUESDAY


def write_until_killed(path: Path, seed: int) -> None:
    """Prints how many page views were remembered before each flush, once that has ended."""
    chance = random.Random(seed)
    store = SqliteProfileStore(path, now=lambda: TUESDAY, batch_seconds=0.005)
    count = 0
    while True:
        for _ in range(chance.randrange(50, 400)):
            path_seen = "/" + "x" * chance.randrange(150)
            at = TUESDAY + timedelta(hours=chance.randrange(100_000))
            store.remember(f"visitor-{count % 50}", PageView(path_seen), at)
            count += 1
        if store.flush(60):
            print(count, flush=True)


def write_until_full(path: Path, file_bytes: int) -> None:
    """Tells what a store on a full disk answers."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    store = SqliteProfileStore(path, now=lambda: TUESDAY, batch_seconds=0)
    store.remember("anna", PageView("/"), TUESDAY)
    store.flush(60)
    for count in range(20_000):
        store.remember(f"visitor-{count}", PageView("/" + "x" * 150), TUESDAY)
    flushed = store.flush(60)
    anna = store.read("anna")
    print(f"flushed={flushed}", f"errors={store.counts()['errors'] > 0}", f"read={anna is not None}")
    store.close()


if __name__ == "__main__":
    if sys.argv[2] == "full":
        write_until_full(Path(sys.argv[1]), int(os.environ["TAILOR_TEST_FILE_BYTES"]))
    else:
        write_until_killed(Path(sys.argv[1]), int(sys.argv[2]))
