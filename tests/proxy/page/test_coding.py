from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
from backports import zstd

from proxy.page.coding import READABLE, UndecodableError, acceptable, decode

PAGE = b"<p>page</p>" * 1000
LIMIT = 100_000


def bare_deflate(body: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(body) + deflater.flush()


ENCODED = {
    "gzip": gzip.compress(PAGE),
    "x-gzip": gzip.compress(PAGE),
    "deflate": zlib.compress(PAGE),
    "br": brotli.compress(PAGE),
    "zstd": zstd.compress(PAGE),
}


@pytest.mark.parametrize("coding", ENCODED)
def test_every_coding_is_read(coding: str) -> None:
    assert decode(ENCODED[coding], coding, LIMIT) == PAGE


def test_what_is_not_encoded_is_read_as_it_is() -> None:
    assert decode(PAGE, "identity", LIMIT) == PAGE
    assert {"identity", *ENCODED} == READABLE


def test_deflate_without_its_zlib_wrapping_is_read_as_browsers_do() -> None:
    assert decode(bare_deflate(PAGE), "deflate", LIMIT) == PAGE


@pytest.mark.parametrize("members", [0, 2, 3])
def test_a_gzip_body_may_have_several_members(members: int) -> None:
    assert decode(ENCODED["gzip"] * members, "gzip", LIMIT) == PAGE * members


def test_a_zstd_body_may_have_several_frames() -> None:
    assert decode(ENCODED["zstd"] * 2, "zstd", LIMIT) == PAGE * 2


@pytest.mark.parametrize("coding", ENCODED)
def test_a_body_of_just_the_limit_is_read_and_one_byte_more_is_not(coding: str) -> None:
    assert decode(ENCODED[coding], coding, len(PAGE)) == PAGE
    with pytest.raises(UndecodableError, match="it holds more than 10999 bytes"):
        decode(ENCODED[coding], coding, len(PAGE) - 1)


BOMB = bytes(64 << 20)
BOMBS = {
    "gzip": gzip.compress(BOMB, 1),
    "deflate": zlib.compress(BOMB, 1),
    "br": brotli.compress(BOMB, quality=1),
    "zstd": zstd.compress(BOMB, level=1),
}


@pytest.mark.parametrize("coding", BOMBS)
def test_a_bomb_is_not_unpacked(coding: str) -> None:
    with pytest.raises(UndecodableError, match="it holds more than 100000 bytes"):
        decode(BOMBS[coding], coding, LIMIT)


@pytest.mark.parametrize("empty", [gzip.compress(b""), zstd.compress(b"")], ids=["gzip", "zstd"])
def test_a_body_of_endless_parts_is_refused(empty: bytes) -> None:
    coding = "gzip" if empty.startswith(b"\x1f") else "zstd"

    assert decode(empty * 100, coding, LIMIT) == b""
    with pytest.raises(UndecodableError, match="more than 100 parts"):
        decode(empty * 200_000, coding, LIMIT)


def test_members_together_are_no_larger_than_the_limit() -> None:
    with pytest.raises(UndecodableError, match="it holds more than"):
        decode(ENCODED["gzip"] * 10, "gzip", LIMIT)


@pytest.mark.parametrize("coding", ENCODED)
@pytest.mark.parametrize("kept", [1, 5, -9, -1])
def test_a_body_that_was_cut_short_is_not_read(coding: str, kept: int) -> None:
    with pytest.raises(UndecodableError):
        decode(ENCODED[coding][:kept], coding, LIMIT)


@pytest.mark.parametrize("coding", ENCODED)
@pytest.mark.parametrize(
    "garbage", [PAGE, b"\xff" * 100, ENCODED["gzip"][:40] + b"\0" * 40], ids=["plain", "ff", "torn"]
)
def test_garbage_is_not_read(coding: str, garbage: bytes) -> None:
    with pytest.raises(UndecodableError):
        decode(garbage, coding, LIMIT)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_garbage_behind_a_body_is_told_apart_from_another_member(coding: str) -> None:
    with pytest.raises(UndecodableError):
        decode(ENCODED[coding] + b"garbage", coding, LIMIT)


@pytest.mark.parametrize(
    ("accept_encoding", "codings"),
    [
        (None, ()),
        ("", ()),
        ("identity", ()),
        ("gzip", ("gzip",)),
        ("x-gzip", ("gzip",)),
        ("GZip , BR", ("br", "gzip")),
        ("gzip, deflate, br, zstd", ("br", "zstd", "gzip")),
        ("deflate, compress", ()),
        ("*", ("br", "zstd", "gzip")),
        ("*;q=0", ()),
        ("gzip;q=0", ()),
        ("gzip;q=0.0, *", ("br", "zstd")),
        ("br;q=0, *;q=0.5", ("zstd", "gzip")),
        ("gzip;q=1.0, br;q=0.9", ("gzip", "br")),
        ("gzip;q=0.001", ("gzip",)),
        ("gzip; q=0.5, br ;q=0.5", ("br", "gzip")),
        ("identity, gzip;q=0.5", ()),
        ("identity;q=0.5, gzip;q=0.5", ("gzip",)),
        ("identity;q=0.5, gzip;q=0.4, br;q=0.6", ("br",)),
        ("identity;q=0, gzip;q=0.1", ("gzip",)),
        ("gzip;q=high, br", ("br",)),
        ("gzip;level=9, br", ("br",)),
        ("gzip;q=nan, br;q=-1, zstd;q=9", ("zstd",)),
        (",,;;q=,gzip,", ("gzip",)),
    ],
)
def test_the_browsers_wishes_are_weighed(accept_encoding: str | None, codings: tuple[str, ...]) -> None:
    assert acceptable(accept_encoding) == codings
