"""A response that can be changed: which ones are, and holding one until it is whole.

Owns what the headers of a page say of its bytes. What is changed in them is `proxy.page`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from proxy import holding
from proxy.cache.answers import OriginAnswer
from proxy.origin.errors import OriginBodyError
from proxy.page.coding import READABLE
from proxy.wire import Headers

# The first one counts (MIME Sniffing Standard §4.4).
_CHARSET = re.compile(r""";[ \t]*charset=(?:"(?P<quoted>[^"]*)"|(?P<bare>[^";]*))""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """An HTML page under way: the coding of its body, and the charset that its Content-Type names."""

    coding: str
    charset_label: str | None


def is_html(headers: Headers) -> bool:
    """Whether browsers would read it as HTML."""
    kind, _ = _media_type(headers)
    return kind == "text/html"


def document_of(status: int, headers: Headers, limit: int) -> Document | None:
    """What there is to know of a page that can be changed; None where the response has to stream through.

    `limit` is the size in bytes over which no page is held.
    """
    kind, charset_label = _media_type(headers)
    if status != 200 or kind != "text/html" or "no-transform" in _directives(headers):
        return None
    codings = _all(headers, b"content-encoding")
    coding = b",".join(codings).decode("latin-1").strip().lower() or "identity" if codings else "identity"
    if coding not in READABLE:
        return None
    if any(length.isdigit() and int(length) > limit for length in _all(headers, b"content-length")):
        return None
    return Document(coding, charset_label)


def _media_type(headers: Headers) -> tuple[str, str | None]:
    fields = _all(headers, b"content-type")
    return _read_media_type(fields[0]) if len(fields) == 1 else ("", None)


# A site has few of these, and each response is asked for its own more than once.
@lru_cache(maxsize=256)
def _read_media_type(field: bytes) -> tuple[str, str | None]:
    kind, _, parameters = field.decode("latin-1").partition(";")
    charset = _CHARSET.search(f";{parameters}")
    return kind.strip().lower(), (charset["quoted"] or charset["bare"]).strip() or None if charset else None


def _directives(headers: Headers) -> set[str]:
    text = b",".join(_all(headers, b"cache-control")).decode("latin-1").lower()
    return {directive.partition("=")[0].strip() for directive in text.split(",")}


def _all(headers: Headers, name: bytes) -> list[bytes]:
    return [value for each, value in headers if each == name]


@dataclass(frozen=True, slots=True)
class Held:
    """What came of a body; only a complete one can be changed."""

    body: bytes
    is_complete: bool


async def hold(
    response: OriginAnswer, *, limit: int, seconds: float, has_room: Callable[[int], bool] = lambda size: True
) -> Held:
    """Read a body until it ends, grows over `limit` bytes, takes longer than `seconds`, or breaks off.

    `has_room` is told of each piece that came, and says whether more may be held. Whoever sends the rest of one that
    broke off on finds the same break again.
    """
    body, end = await holding.hold(
        response, limit=limit, seconds=seconds, failures=(OriginBodyError,), has_room=has_room
    )
    return Held(body, is_complete=end is holding.End.WHOLE)
