from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
from backports import zstd

from proxy.page.encode import Encoder, encode_for, encode_once
from tests.proxy.page.cutting import book_of, cut_by, decided, decided_by, one

HTML = b"<h1>Hi</h1>" + b"<p>page</p>" * 500 + b"<h2>Ho</h2>"
TWO_HOLES = one("- {select: h1, text: '{{ visitor.a }}'}\n- {select: h2, text: '{{ visitor.a }}'}")
DECODERS = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}
VALUES = {
    "short": "x",
    "unicode": "Ærøskøbing ☃ 你好",
    "just a block": "x" * 0xFFFF,
    "more than a block": "xyz" * 0xFFFF + "!",
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_a_personal_page_in_segments_is_one_gzip_body(value: str) -> None:
    book = book_of(TWO_HOLES)
    cut = cut_by(HTML, decided_by(book, {"visitor.a": "first"}))
    encoder = Encoder(cut)
    for visitor in ("first", value, value):
        filled = cut.fill(decided_by(book, {"visitor.a": visitor}))
        body, coding = encoder.encode(filled, ("br", "gzip"))
        assert coding == "gzip"
        assert gzip.decompress(body) == b"".join(filled)
        assert body[10:11] != b"\x1f"


def test_an_empty_value_leaves_nothing_between_the_segments() -> None:
    decision = decided(TWO_HOLES, {"visitor.a": "x"})
    cut = cut_by(HTML, decision)
    filled = [piece if isinstance(piece, bytes) else b"" for piece in cut.pieces]
    body, _ = Encoder(cut).encode(filled, ("gzip",))

    assert gzip.decompress(body) == b"".join(filled)


def test_a_browser_that_reads_gzip_in_one_go_reads_all_of_it() -> None:
    decision = decided(TWO_HOLES, {"visitor.a": "x"})
    cut = cut_by(HTML, decision)
    body, _ = Encoder(cut).encode(cut.fill(decision), ("gzip",))
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)

    assert inflater.decompress(body) == b"".join(cut.fill(decision))
    assert inflater.eof
    assert inflater.unused_data == b""


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_a_personal_page_is_encoded_otherwise_where_the_browser_reads_no_gzip(coding: str) -> None:
    decision = decided(TWO_HOLES, {"visitor.a": "x"})
    cut = cut_by(HTML, decision)
    body, named = Encoder(cut).encode(cut.fill(decision), (coding,))

    assert named == coding
    assert DECODERS[coding](body) == b"".join(cut.fill(decision))


@pytest.mark.parametrize("coding", DECODERS)
def test_a_page_without_holes_is_encoded_once_in_each_coding(coding: str) -> None:
    decision = decided(one("- {select: h1, text: Hello}"))
    cut = cut_by(HTML, decision)
    encoder = Encoder(cut)
    body, named = encoder.encode(cut.fill(decision), (coding, "gzip"))
    again, _ = encoder.encode(cut.fill(decision), (coding, "gzip"))

    assert named == coding
    assert DECODERS[coding](body) == HTML.replace(b"Hi", b"Hello")
    assert again is body
    assert encoder.size == len(body)


def test_a_browser_that_accepts_no_coding_gets_none() -> None:
    decision = decided(TWO_HOLES, {"visitor.a": "x"})
    cut = cut_by(HTML, decision)

    assert Encoder(cut).encode(cut.fill(decision), ()) == (b"".join(cut.fill(decision)), "identity")


@pytest.mark.parametrize("coding", DECODERS)
@pytest.mark.parametrize("body", [b"", b"x", HTML])
def test_what_is_sent_once_is_encoded_too(coding: str, body: bytes) -> None:
    assert DECODERS[coding](encode_once(body, coding)) == body


def test_what_is_no_coding_is_an_error() -> None:
    with pytest.raises(ValueError, match="compress"):
        encode_once(b"", "compress")


@pytest.mark.parametrize(("accepted", "coding"), [((), "identity"), (("br", "gzip"), "gzip"), (("zstd", "br"), "zstd")])
def test_what_is_sent_once_goes_out_in_the_coding_that_is_made_fastest(accepted: tuple[str, ...], coding: str) -> None:
    body, named = encode_for(HTML, accepted)

    assert named == coding
    assert (DECODERS[coding](body) if coding in DECODERS else body) == HTML
