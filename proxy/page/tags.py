"""Entity tags of pages that were changed: the same in every process for the same bytes (RFC 9110 §8.8.3).

They are weak: one page is compressed quickly at first, and well later.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import blake2b
from struct import Struct

from isal import isal_zlib

from proxy.page.writing import Hole, Pieces

_DIGEST_BYTES = 16
_CHECKSUMS = Struct(">III")
_SUFFIXES = {"identity": b"", "gzip": b"-gz", "br": b"-br", "zstd": b"-zstd"}


def static_digest(pieces: Pieces) -> blake2b:
    """A digest of all that is static in a cut, and of where its holes are; the holes' values are to follow."""
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for piece in pieces:
        if isinstance(piece, Hole):
            digest.update(b"hole")
        else:
            _add(digest, piece)
    return digest


def entity_tag(digest: blake2b, values: Iterable[bytes], coding: str) -> bytes:
    """The tag of a page with these values in its holes."""
    whole = digest.copy()
    for value in values:
        _add(whole, value)
    return _tag(whole.digest(), coding)


def passing_tag(body: bytes, coding: str) -> bytes:
    """The tag of a body that is made for one response, as it is sent.

    Of two checksums, in a tenth of the time that a digest takes: who asks for a page that is new each time has little
    use for its tag, and could only bring about that they keep what they have.
    """
    checksums = isal_zlib.crc32(body), isal_zlib.adler32(body), len(body) & 0xFFFFFFFF
    return _tag(_CHECKSUMS.pack(*checksums), coding)


def _tag(opaque: bytes, coding: str) -> bytes:
    return b'W/"' + urlsafe_b64encode(opaque).rstrip(b"=") + _SUFFIXES[coding] + b'"'


def _add(digest: blake2b, value: bytes) -> None:
    # With its length: what ends one value and begins another one would else be all the same.
    digest.update(len(value).to_bytes(8, "big"))
    digest.update(value)
