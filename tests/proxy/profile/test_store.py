from __future__ import annotations

import re

from proxy.profile.sqlite import SqliteProfileStore
from proxy.profile.store import ProfileStore, key_of


def test_the_key_is_of_the_id_and_does_not_show_it() -> None:
    assert len(key_of("MDEyMzQ1Njc4OWFiY2RlZg")) == 16
    assert key_of("MDEyMzQ1Njc4OWFiY2RlZg") != key_of("MDEyMzQ1Njc4OWFiY2RlZQ")
    assert not re.search(rb"MDEy", key_of("MDEyMzQ1Njc4OWFiY2RlZg"))


def test_sqlite_is_a_store() -> None:
    store: type[ProfileStore] = SqliteProfileStore
    assert all(hasattr(store, name) for name in ("read", "remember", "erase", "flush", "counts", "close"))
