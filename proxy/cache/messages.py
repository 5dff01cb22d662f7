"""What the cache sees of a request and of the response to it, and how their fields are read (RFC 9110 §5). Pure.

Names of fields are in lower case, and hop-by-hop fields are gone (RFC 9110 §7.6.1); `proxy.request` and
`proxy.origin` see to both. Moments are seconds since the epoch.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from proxy.wire import Headers

# In linear time, whatever is written: a quote that is not closed holds all the rest.
_MEMBER = re.compile(rb'(?:[^,"]++|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z))++', re.DOTALL)


class Request(NamedTuple):
    """A request as it goes to the origin; `bears_session` tells of a cookie under which pages are one visitor's own."""

    method: str
    headers: Headers
    bears_session: bool = False


class Response(NamedTuple):
    """A response of the origin, with the clock at its request and at its head (RFC 9111 §4.2.3).

    It is complete where its body came whole (RFC 9112 §8).
    """

    status: int
    headers: Headers
    requested_at: float
    received_at: float
    is_complete: bool = True


def lines(headers: Headers, name: bytes) -> list[bytes]:
    """The values of a field's lines, without the space around them."""
    return [value.strip(b" \t") for field, value in headers if field == name]


def combined(headers: Headers, name: bytes) -> bytes | None:
    """A field's lines as one value (RFC 9110 §5.3); None where it is absent."""
    found = lines(headers, name)
    return b", ".join(found) if found else None


def members(value: bytes) -> list[bytes]:
    """The members of a list (RFC 9110 §5.6.1): empty ones count for nothing, a comma in quotes parts none.

    >>> members(b'a, , b;c="d,e"')
    [b'a', b'b;c="d,e"']
    """
    return [member for found in _MEMBER.findall(value) if (member := found.strip(b" \t"))]
