from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
from backports import zstd

from proxy.page.encode import Segments, encode_quickly, encode_well, quick_coding
from tests.proxy.page.cutting import book_of, cut_by, decided_by, one

HTML = b"<h1>Hi</h1>" + b"<p>page</p>" * 500 + b"<h2>Ho</h2>"
BOOK = book_of(one("- {select: h1, text: '{{ visitor.a }}'}\n- {select: h2, text: '{{ visitor.a }}'}"))
CUT = cut_by(HTML, decided_by(BOOK, {"visitor.a": "x"}))
DECODERS = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}
VALUES = {
    "short": "x",
    "unicode": "Ærøskøbing ☃ 你好",
    "just a block": "x" * 0xFFFF,
    "more than a block": "xyz" * 0xFFFF + "!",
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_a_personal_page_in_segments_is_one_gzip_body(value: str) -> None:
    segments = Segments(CUT.pieces)
    for visitor in ("first", value, value):
        filled = CUT.fill(decided_by(BOOK, {"visitor.a": visitor}))
        body = segments.gzip(filled)
        assert gzip.decompress(body) == b"".join(filled)
        assert body[10:11] != b"\x1f"


def test_an_empty_value_leaves_nothing_between_the_segments() -> None:
    filled = [piece if isinstance(piece, bytes) else b"" for piece in CUT.pieces]
    assert gzip.decompress(Segments(CUT.pieces).gzip(filled)) == b"".join(filled)


def test_a_browser_that_reads_gzip_in_one_go_reads_all_of_it() -> None:
    filled = CUT.fill(decided_by(BOOK, {"visitor.a": "x"}))
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)

    assert inflater.decompress(Segments(CUT.pieces).gzip(filled)) == b"".join(filled)
    assert inflater.eof
    assert inflater.unused_data == b""


@pytest.mark.parametrize("encode", [encode_quickly, encode_well])
@pytest.mark.parametrize("coding", DECODERS)
@pytest.mark.parametrize("body", [b"", b"x", HTML])
def test_a_browser_reads_what_was_encoded(encode: Callable[[bytes, str], bytes], coding: str, body: bytes) -> None:
    assert DECODERS[coding](encode(body, coding)) == body


@pytest.mark.parametrize("encode", [encode_quickly, encode_well])
def test_what_is_no_coding_is_an_error(encode: Callable[[bytes, str], bytes]) -> None:
    with pytest.raises(ValueError, match="compress"):
        encode(b"", "compress")


def test_without_a_coding_a_body_stays_what_it_is() -> None:
    assert encode_quickly(HTML, "identity") is HTML


@pytest.mark.parametrize(
    ("accepted", "coding"), [((), "identity"), (("br", "gzip"), "gzip"), (("zstd", "br"), "zstd"), (("br",), "br")]
)
def test_what_is_made_fastest_is_gzip_if_the_browser_reads_it(accepted: tuple[str, ...], coding: str) -> None:
    assert quick_coding(accepted) == coding
