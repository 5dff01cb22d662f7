"""Encode: a page's body in a content coding, quickly or well, and a personal one in segments.

The static pieces of a cut are deflated once, each ending in a full flush (RFC 1951 §3.2.3); a visitor's value goes
between them as a stored block, and the checksum is combined from the pieces' (zlib's crc32_combine). So a page for one
visitor is gzipped in microseconds. When which of these is made, and what is kept, is `proxy.page.bodies`'.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct

import brotli
from backports import zstd
from isal import isal_zlib

from proxy.page.writing import Hole, Pieces

# RFC 1952 §2.3: magic, deflate, no flags, no time, no hint, system unknown.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK = b"\x03\x00"  # an empty one with fixed codes, marked as final
_END = Struct("<2sII")  # the last block, the checksum, the length
_STORED = Struct("<xHH")  # a block that is neither last nor deflated, its length, and that again for safety
_MAX_STORED = 0xFFFF
_BROTLI_QUALITY, _ZSTD_LEVEL, _GZIP_LEVEL = 5, 6, 6  # for what is made once
_ISAL_LEVEL = 2  # for what is made for one response
_BLOCK_BYTES = 240  # of memory, measured on CPython 3.11: a block with its checksum and length, and its hole


@dataclass(slots=True, eq=False)
class Rendered:
    """A page's body in a coding, with its entity tag."""

    body: bytes
    coding: str
    etag: bytes


def quick_coding(accepted: Sequence[str]) -> str:
    """The coding that is made fastest, of those that a browser accepts."""
    if not accepted:
        return "identity"
    return "gzip" if "gzip" in accepted else accepted[0]


def encode_quickly(body: bytes, coding: str) -> bytes:
    """The body in a coding, quickly rather than small: in 4 to 9 ns a byte."""
    match coding:
        case "identity":
            return body
        case "gzip":
            return bytes(isal_zlib.compress(body, _ISAL_LEVEL, 16 + zlib.MAX_WBITS))
        case "br":
            return bytes(brotli.compress(body, quality=1))
        case "zstd":
            return zstd.compress(body, level=1)
    raise ValueError(coding)


def encode_well(body: bytes, coding: str) -> bytes:
    """The same, small rather than quickly: in ten times as long."""
    match coding:
        case "gzip":
            return zlib.compress(body, _GZIP_LEVEL, 16 + zlib.MAX_WBITS)
        case "br":
            return bytes(brotli.compress(body, quality=_BROTLI_QUALITY))
        case "zstd":
            return zstd.compress(body, level=_ZSTD_LEVEL)
    raise ValueError(coding)


@dataclass(frozen=True, slots=True)
class _Deflated:
    """A run of static bytes, deflated without an end; `checksum` is its CRC-32, `length` that of the plain bytes."""

    block: bytes
    checksum: int
    length: int


class Segments:
    """What is static in a cut, deflated well, to be gzipped with each visitor's values."""

    __slots__ = ("_blocks", "size")

    def __init__(self, pieces: Pieces) -> None:
        self._blocks = tuple(None if isinstance(piece, Hole) else _deflate(piece) for piece in pieces)
        self.size = sum(len(each.block) + _BLOCK_BYTES for each in self._blocks if each is not None)
        """The bytes of memory that it takes."""

    def gzip(self, filled: Sequence[bytes]) -> bytes:
        """The gzipped body of `filled`: the cut's pieces with a visitor's values in place of its holes."""
        parts = [_GZIP_HEADER]
        checksum = length = 0
        for static, value in zip(self._blocks, filled, strict=True):
            if static is None:
                parts.append(_stored(value))
                checksum, length = isal_zlib.crc32(value, checksum), length + len(value)
            else:
                parts.append(static.block)
                # To combine takes as long as all the rest; what comes first has nothing to be combined with.
                checksum = (
                    isal_zlib.crc32_combine(checksum, static.checksum, static.length) if length else static.checksum
                )
                length += static.length
        parts.append(_END.pack(_LAST_BLOCK, checksum, length & 0xFFFFFFFF))
        return b"".join(parts)


def _deflate(piece: bytes) -> _Deflated:
    deflater = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    # A full flush ends on a byte and forgets what came before: what follows refers to nothing behind it.
    block = deflater.compress(piece) + deflater.flush(zlib.Z_FULL_FLUSH)
    return _Deflated(block, zlib.crc32(piece), len(piece))


def _stored(value: bytes) -> bytes:
    """A value as stored blocks (RFC 1951 §3.2.4): one, as a rule."""
    if len(value) > _MAX_STORED:
        return b"".join(_stored(value[at : at + _MAX_STORED]) for at in range(0, len(value), _MAX_STORED))
    return _STORED.pack(len(value), len(value) ^ 0xFFFF) + value if value else b""
