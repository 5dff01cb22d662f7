from __future__ import annotations

import pytest

from proxy.page.tags import entity_tag, passing_tag, static_digest
from proxy.page.writing import Hole, Mode, Pieces

HOLE = Hole("a", 0, 0, Mode.TEXT)
PIECES: Pieces = (b"<h1>", HOLE, b"</h1><p>", HOLE, b"</p>")


def tag(pieces: Pieces = PIECES, values: tuple[bytes, ...] = (b"ab", b"c"), coding: str = "gzip") -> bytes:
    return entity_tag(static_digest(pieces), values, coding)


@pytest.mark.parametrize(("coding", "end"), [("identity", b""), ("gzip", b"-gz"), ("br", b"-br"), ("zstd", b"-zstd")])
def test_a_tag_is_weak_tells_the_coding_and_is_the_same_in_every_process(coding: str, end: bytes) -> None:
    assert tag(coding=coding) == b'W/"ijYYGwFovnSlgtUEX8Xf2g' + end + b'"'


@pytest.mark.parametrize(
    "other",
    [
        tag(values=(b"a", b"bc")),
        tag(values=(b"ab", b"")),
        tag(values=(b"c", b"ab")),
        tag((b"<h1>", HOLE, b"</h1><p>", b"</p>", HOLE)),
        tag((b"<h1", HOLE, b"></h1><p>", HOLE, b"</p>")),
        tag((b"<h1></h1><p>", HOLE, HOLE, b"</p>")),
        tag((*PIECES, b"")),
        tag(coding="br"),
    ],
)
def test_a_tag_is_another_one_for_another_page(other: bytes) -> None:
    assert other != tag()


def test_a_passing_tag_is_the_same_for_the_same_bytes_alone() -> None:
    assert passing_tag(b"<h1>a</h1>", "gzip") == b'W/"2RUSAQ9KArcAAAAK-gz"'
    others = {passing_tag(body, "gzip") for body in (b"<h1>b</h1>", b"<h1>a</h1> ", b"<h1a></h1>", b"")}
    assert len(others | {passing_tag(b"<h1>a</h1>", "br"), passing_tag(b"<h1>a</h1>", "gzip")}) == 6


def test_a_digest_serves_many_visitors() -> None:
    digest = static_digest(PIECES)
    first = entity_tag(digest, (b"a", b"b"), "br")
    assert entity_tag(digest, (b"b", b"a"), "br") != first
    assert entity_tag(digest, (b"a", b"b"), "br") == first
