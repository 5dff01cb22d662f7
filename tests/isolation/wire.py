"""Responses read off a raw connection, with a look at their framing that no client library gives."""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass

import brotli
from backports import zstd

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Got:
    """A response. `fault` says what is wrong with its framing or coding; `page` is the body, decoded."""

    status: int
    fields: Fields
    body: bytes
    page: bytes
    fault: str = ""

    def field(self, name: str) -> str:
        """Its value; of several the first, nothing where there is none."""
        return next((value for each, value in self.fields if each == name), "")

    @property
    def ends_connection(self) -> bool:
        """Whether no other response follows on this connection."""
        return bool(self.fault) or "close" in self.field("connection").lower()


BROKEN_OFF = Got(0, (), b"", b"", "the connection was closed without an answer")


async def read_response(reader: asyncio.StreamReader, method: str) -> Got:
    """The next response on a connection, whole or as far as it came."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return BROKEN_OFF
    line, *lines = head[:-4].decode("latin-1").split("\r\n")
    fields = tuple((name.lower(), value.strip()) for name, _, value in (each.partition(":") for each in lines))
    version, _, rest = line.partition(" ")
    if version != "HTTP/1.1" or not rest[:3].isdigit():
        return Got(0, fields, b"", b"", f"no status line: {line!r}")
    status = int(rest[:3])
    body, fault = await _body(reader, method, status, fields)
    coding = next((value for name, value in fields if name == "content-encoding"), "")
    if not fault and body and status != 206:
        try:
            return Got(status, fields, body, decoded(body, coding))
        except (ValueError, zlib.error, brotli.error, zstd.ZstdError) as error:
            fault = f"its coding {coding} can't be read: {error}"
    return Got(status, fields, body, body, fault)


async def _body(reader: asyncio.StreamReader, method: str, status: int, fields: Fields) -> tuple[bytes, str]:
    """What comes of the body, and what is wrong with it."""
    lengths = [value for name, value in fields if name == "content-length"]
    is_chunked = any(name == "transfer-encoding" for name, _ in fields)
    if len(lengths) > 1 or (lengths and is_chunked):
        return b"", "its length is told twice"
    if method == "HEAD" or status in (204, 304):
        return b"", ""
    try:
        if is_chunked:
            return await _chunks(reader)
        if lengths:
            return await reader.readexactly(int(lengths[0])), ""
        return await reader.read(), ""
    except asyncio.IncompleteReadError as error:
        return error.partial, "it breaks off"
    except ConnectionError:
        return b"", "it breaks off"


async def _chunks(reader: asyncio.StreamReader) -> tuple[bytes, str]:
    body = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        try:
            size = int(line, 16)
        except ValueError:
            return body, f"a chunk's size is {line!r}"
        chunk = await reader.readexactly(size + 2)
        if chunk[-2:] != b"\r\n":
            return body, "a chunk is longer than it says"
        if not size:
            return body, ""
        body += chunk[:-2]


def decoded(body: bytes, coding: str) -> bytes:
    """The body without its coding."""
    match coding:
        case "" | "identity":
            return body
        case "gzip":
            return zlib.decompress(body, wbits=31)
        case "deflate":
            return zlib.decompress(body)
        case "br":
            return bytes(brotli.decompress(body))
        case "zstd":
            return zstd.decompress(body)
        case _:
            raise ValueError("nobody asked for that")
