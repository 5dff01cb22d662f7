"""`Cache-Status`: what a cache did for a response, told to whoever looks (RFC 9211). Pure."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from math import floor
from typing import NamedTuple

from proxy.wire import Headers

NAME = b"tailor"

_TOKEN = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*")
_MAX_INTEGER = 999_999_999_999_999  # RFC 9651 §3.3.1


class Forward(StrEnum):
    """Why a request went on to the origin (RFC 9211 §2.2)."""

    BYPASS = "bypass"
    """the cache is not for this request"""
    METHOD = "method"
    """its method asks for it"""
    URI_MISS = "uri-miss"
    """nothing is stored of this URL"""
    VARY_MISS = "vary-miss"
    """something is, and for other headers"""
    MISS = "miss"
    """one of these two"""
    REQUEST = "request"
    """a fresh response is stored, and the request wants another"""
    STALE = "stale"
    """what is stored needs the origin's word"""


class CacheStatus(NamedTuple):
    """One cache's part in a response. `forward` is None where it was a hit.

    `ttl` is the remaining freshness in seconds, negative where it is over. `collapsed` is whether the request shared
    another one's answer, None where it waited for none; `forward_status` is the origin's where the response has
    another one. `detail` is ours alone.
    """

    forward: Forward | None = None
    ttl: float | None = None
    forward_status: int | None = None
    stored: bool = False
    collapsed: bool | None = None
    detail: str = ""

    def encode(self) -> bytes:
        """The member of the field's list.

        >>> CacheStatus(ttl=41.9).encode(), CacheStatus(Forward.STALE, forward_status=304, stored=True).encode()
        (b'tailor; hit; ttl=41', b'tailor; fwd=stale; fwd-status=304; stored')
        """
        # Of those without a time there are few.
        return _usual(self) if self.ttl is None else _encoded(self)


@lru_cache(maxsize=256)
def _usual(status: CacheStatus) -> bytes:
    return _encoded(status)


def _encoded(status: CacheStatus) -> bytes:
    parameters = ["hit" if status.forward is None else f"fwd={status.forward}"]
    if status.forward is not None:
        parameters += _of_forwarding(status)
    if status.ttl is not None:
        parameters.append(f"ttl={max(-_MAX_INTEGER, min(floor(status.ttl), _MAX_INTEGER))}")
    if status.detail:
        parameters.append(f"detail={_bare_item(status.detail)}")
    return b"; ".join([NAME, *(parameter.encode("ascii") for parameter in parameters)])


def _of_forwarding(status: CacheStatus) -> list[str]:
    """What means something only where the request went on (RFC 9211 §2.3, §2.5, §2.6)."""
    told = [f"fwd-status={status.forward_status}"] if status.forward_status is not None else []
    if status.stored:
        told.append("stored")
    if status.collapsed is not None:
        told.append("collapsed" if status.collapsed else "collapsed=?0")
    return told


def with_cache_status(headers: Headers, status: CacheStatus) -> Headers:
    """A response's headers with our member last: ours is the cache closest to the visitor (RFC 9211 §2)."""
    return (*headers, (b"cache-status", status.encode()))


def _bare_item(text: str) -> str:
    """A token, else a string without what one can't hold (RFC 9651 §3.3.3, §3.3.4)."""
    if _TOKEN.fullmatch(text):
        return text
    printable = re.sub(r"[^\x20-\x7e]", "?", text)
    return '"' + re.sub(r'(["\\])', r"\\\1", printable) + '"'
