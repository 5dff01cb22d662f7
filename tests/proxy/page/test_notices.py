from __future__ import annotations

import pytest

from proxy.page.charset import UnreadableCharsetError
from proxy.page.compile import BombError, LeftOut
from proxy.page.notices import Notices


def test_each_thing_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    notices = Notices()
    for _ in range(2):
        notices.left_out("/a", LeftOut("hero", "h1", "its selector finds nothing"))
        notices.refused("/a", UnreadableCharsetError("UTF-16LE"))
        notices.refused("/b", UnreadableCharsetError("UTF-16LE"))
        notices.refused("/a", BombError("it has too many elements"))
        notices.refused("/b", BombError("it has too many elements"))
        notices.many_variants("/a", 100)

    assert [record.getMessage().partition(", and each")[0] for record in caplog.records] == [
        "/a: 'hero' is left out: h1: its selector finds nothing",
        "/a: pages in UTF-16LE pass through untouched",
        "/a: passes through untouched: it has too many elements",
        "/b: passes through untouched: it has too many elements",
        "/a: is kept in 100 variants",
    ]
