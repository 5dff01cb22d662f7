"""Encode: a filled cut as a body in a content coding.

The static pieces of a cut that is kept are deflated once, each ending in a full flush (RFC 1951 §3.2.3); a visitor's
value goes between them as a stored block, and the checksum is combined from the pieces' (zlib's crc32_combine). So a
page for one visitor is gzipped in microseconds. What has no holes is one body per coding, made once.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import brotli
from backports import zstd
from isal import isal_zlib

from proxy.page.compile import Cut
from proxy.page.writing import Hole

# RFC 1952 §2.3: magic, deflate, no flags, no time, no hint, system unknown.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK = b"\x03\x00"  # an empty one with fixed codes, marked as final
_MAX_STORED = 0xFFFF
_BROTLI_QUALITY, _ZSTD_LEVEL, _GZIP_LEVEL = 5, 6, 6  # for what is made once
_ISAL_LEVEL = 2  # for what is made for one response


@dataclass(frozen=True, slots=True)
class _Deflated:
    """A run of static bytes, deflated without an end; `checksum` is its CRC-32, `length` that of the plain bytes."""

    block: bytes
    checksum: int
    length: int


class Encoder:
    """Encodes one cut, again and again; holds what does not depend on the visitor."""

    __slots__ = ("_cut", "_deflated", "_whole")

    def __init__(self, cut: Cut) -> None:
        self._cut = cut
        self._deflated: tuple[_Deflated | Hole, ...] | None = None
        self._whole: dict[str, bytes] = {}

    @property
    def size(self) -> int:
        """How many bytes it holds beside the cut."""
        deflated = sum(len(piece.block) for piece in self._deflated or () if isinstance(piece, _Deflated))
        return deflated + sum(map(len, self._whole.values()))

    def encode(self, filled: Sequence[bytes], accepted: Sequence[str]) -> tuple[bytes, str]:
        """The body of `filled` (the cut's pieces with a visitor's values) and its coding, `identity` without one."""
        if not accepted:
            return b"".join(filled), "identity"
        if not self._cut.holes:
            return self._encoded_whole(filled[0], accepted[0]), accepted[0]
        if "gzip" in accepted:
            return self._gzip_segments(filled), "gzip"
        return encode_for(b"".join(filled), accepted)

    def _encoded_whole(self, body: bytes, coding: str) -> bytes:
        encoded = self._whole.get(coding)
        if encoded is None:
            encoded = self._whole[coding] = _encode_well(body, coding)
        return encoded

    def _gzip_segments(self, filled: Sequence[bytes]) -> bytes:
        if self._deflated is None:
            self._deflated = tuple(piece if isinstance(piece, Hole) else _deflate(piece) for piece in self._cut.pieces)
        parts = [_GZIP_HEADER]
        checksum = length = 0
        for piece, value in zip(self._deflated, filled, strict=True):
            if isinstance(piece, Hole):
                parts.append(_stored(value))
                checksum, length = isal_zlib.crc32(value, checksum), length + len(value)
            else:
                parts.append(piece.block)
                checksum = isal_zlib.crc32_combine(checksum, piece.checksum, piece.length)
                length += piece.length
        parts += [_LAST_BLOCK, checksum.to_bytes(4, "little"), (length & 0xFFFFFFFF).to_bytes(4, "little")]
        return b"".join(parts)


def encode_for(body: bytes, accepted: Sequence[str]) -> tuple[bytes, str]:
    """A body that is sent once, in the coding that is made fastest, and the coding's name."""
    if not accepted:
        return body, "identity"
    coding = "gzip" if "gzip" in accepted else accepted[0]
    return encode_once(body, coding), coding


def encode_once(body: bytes, coding: str) -> bytes:
    """A body that is sent once: quickly, rather than small."""
    match coding:
        case "gzip":
            return bytes(isal_zlib.compress(body, _ISAL_LEVEL, 16 + zlib.MAX_WBITS))
        case "br":
            return bytes(brotli.compress(body, quality=1))
        case "zstd":
            return zstd.compress(body, level=1)
    raise ValueError(coding)


def _encode_well(body: bytes, coding: str) -> bytes:
    match coding:
        case "gzip":
            return zlib.compress(body, _GZIP_LEVEL, 16 + zlib.MAX_WBITS)
        case "br":
            return bytes(brotli.compress(body, quality=_BROTLI_QUALITY))
        case "zstd":
            return zstd.compress(body, level=_ZSTD_LEVEL)
    raise ValueError(coding)


def _deflate(piece: bytes) -> _Deflated:
    deflater = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    # A full flush ends on a byte and forgets what came before: what follows refers to nothing behind it.
    block = deflater.compress(piece) + deflater.flush(zlib.Z_FULL_FLUSH)
    return _Deflated(block, zlib.crc32(piece), len(piece))


def _stored(value: bytes) -> bytes:
    """A value as stored blocks (RFC 1951 §3.2.4)."""
    return b"".join(
        b"\0" + len(part).to_bytes(2, "little") + (len(part) ^ 0xFFFF).to_bytes(2, "little") + part
        for part in (value[at : at + _MAX_STORED] for at in range(0, len(value), _MAX_STORED))
    )
