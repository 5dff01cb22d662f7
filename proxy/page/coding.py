"""Content codings (RFC 9110 §8.4): reading the origin's, and choosing the browser's.

How a cut is encoded is `proxy.page.encode`'s.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Protocol

import brotli
from backports import zstd

READABLE = frozenset({"identity", "gzip", "x-gzip", "deflate", "br", "zstd"})
# The best first, of those that a browser likes equally.
_PREFERRED = ("br", "zstd", "gzip")
_MAX_PARTS = 100


class UndecodableError(Exception):
    """A body that is broken, cut short, or larger than it may be once decoded."""


def decode(body: bytes, coding: str, limit: int) -> bytes:
    """The body of a response with this Content-Encoding, at most `limit` bytes of it. Raises UndecodableError."""
    try:
        return _DECODERS[coding](body, limit)
    except (zlib.error, brotli.error, zstd.ZstdError, EOFError) as error:
        raise UndecodableError(f"a broken {coding} body: {error}") from error


def _gunzip(body: bytes, limit: int) -> bytes:
    # RFC 1952 §2.2: a gzip file may have several members.
    return _in_parts(body, limit, lambda: zlib.decompressobj(16 + zlib.MAX_WBITS))


def _inflate(body: bytes, limit: int) -> bytes:
    # RFC 9110 §8.4.1.2 says zlib; some servers send bare deflate, and every browser reads both.
    zlib_header = len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    inflater = zlib.decompressobj(zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS)
    parts = [inflater.decompress(body, limit + 1)]
    _check_end(parts, limit, complete=inflater.eof)
    return parts[0]


def _unbrotli(body: bytes, limit: int) -> bytes:
    decompressor = brotli.Decompressor()
    parts = [decompressor.process(body, output_buffer_limit=limit + 1)]
    while not decompressor.is_finished() and _room(parts, limit) >= 0:
        part = decompressor.process(b"", output_buffer_limit=limit + 1)
        if not part:
            break
        parts.append(part)
    _check_end(parts, limit, complete=decompressor.is_finished())
    return b"".join(parts)


def _unzstd(body: bytes, limit: int) -> bytes:
    # RFC 8878 §3: a zstd body may have several frames.
    return _in_parts(body, limit, zstd.ZstdDecompressor)


class _Decompressor(Protocol):
    """Reads one part of a body that may have several."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def _in_parts(body: bytes, limit: int, begin: Callable[[], _Decompressor]) -> bytes:
    parts: list[bytes] = []
    rest = body
    while rest:
        # Each part costs a look at all that is left, and an empty one is 9 bytes long.
        if len(parts) == _MAX_PARTS:
            raise UndecodableError(f"it has more than {_MAX_PARTS} parts")
        part = begin()
        parts.append(part.decompress(rest, _room(parts, limit) + 1))
        _check_end(parts, limit, complete=part.eof)
        rest = part.unused_data
    return b"".join(parts)


def _room(parts: list[bytes], limit: int) -> int:
    return limit - sum(map(len, parts))


def _check_end(parts: list[bytes], limit: int, *, complete: bool) -> None:
    if _room(parts, limit) < 0:
        raise UndecodableError(f"it holds more than {limit} bytes")
    if not complete:
        raise UndecodableError("it is cut short")


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "identity": lambda body, limit: body,
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}


def acceptable(accept_encoding: str | None) -> tuple[str, ...]:
    """The codings to choose from for a browser that says this, the one it likes best first; identity is not named.

    RFC 9110 §12.5.3. Of equals, the one that is smallest comes first.

    >>> acceptable("gzip, deflate, br;q=0.5"), acceptable("*"), acceptable(None)
    (('gzip', 'br'), ('br', 'zstd', 'gzip'), ())
    """
    weights = _weights(accept_encoding or "")
    rest = weights.get("*", 0.0)
    liked = {coding: weights.get(coding, rest) for coding in _PREFERRED}
    floor = weights.get("identity", 0.0)
    return tuple(
        sorted((c for c in _PREFERRED if liked[c] > 0 and liked[c] >= floor), key=lambda coding: -liked[coding])
    )


def _weights(accept_encoding: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        name, _, parameters = part.strip().partition(";")
        weight = parameters.strip().removeprefix("q=").strip() if parameters else "1"
        try:
            weights["gzip" if name.strip() == "x-gzip" else name.strip()] = min(float(weight), 1.0)
        except ValueError:
            continue
    return weights
