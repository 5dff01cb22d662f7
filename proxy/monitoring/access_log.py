"""The access log: a line for each answered request, where the operator asks for one.

It holds no query, no cookie and no address. Of what a stranger writes, only what can stand in a line.
"""

from __future__ import annotations

import logging
import re
from dataclasses import asdict, dataclass

from proxy.monitoring.logs import ACCESS
from proxy.monitoring.traffic import GONE, Way
from proxy.wire import Headers

logger = logging.getLogger(__name__)

_MAX_TOLD = 512
_UNTOLD = re.compile(r"[^!-~]")
_FORWARDED = re.compile(rb"tailor;(?:[^,]*;)? ?fwd=([a-z-]+)")
_HIT = re.compile(rb"tailor; ?hit")


@dataclass(frozen=True, slots=True)
class Line:
    """One answered request. `cache` is `hit`, or why the origin was asked (RFC 9211 §2.2), or empty."""

    method: str
    host: str
    path: str
    status: int | str
    bytes: int
    seconds: float
    way: Way
    cache: str

    def log(self) -> None:
        """Write it."""
        logger.info(
            "%s %s%s %s %d %.6f %s %s",
            *(self.method, self.host, self.path, self.status, self.bytes, self.seconds, self.way, self.cache or "-"),
            extra={ACCESS: asdict(self)},
        )


def make_line(
    method: str, headers: Headers, raw_path: bytes, *, status: int, size: int, seconds: float, way: Way, cache: bytes
) -> Line:
    """A line of what is known of a request and its answer; `headers` are the request's, `cache` its `Cache-Status`."""
    host = next((value for name, value in headers if name == b"host"), b"")
    return Line(
        _told(method.encode()),
        _told(host).lower(),
        _told(raw_path),
        status or GONE,
        size,
        round(seconds, 6),
        way,
        cache_word(cache),
    )


def cache_word(status: bytes) -> str:
    """What the page cache did, in a word.

    >>> cache_word(b"tailor; hit; ttl=9"), cache_word(b"tailor; fwd=uri-miss; stored"), cache_word(b"")
    ('hit', 'uri-miss', '')
    """
    if _HIT.search(status):
        return "hit"
    forwarded = _FORWARDED.search(status)
    return forwarded[1].decode("ascii") if forwarded else ""


def _told(written: bytes) -> str:
    return _UNTOLD.sub("?", written[:_MAX_TOLD].decode("latin-1"))
