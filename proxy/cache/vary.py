"""Which of a URL's stored responses a request may get: what `Vary` names has to agree (RFC 9111 §4.1). Pure.

The headers that are compared are those that the origin gets: what is taken off a request there, or added, tells
responses apart or doesn't, as the origin sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from proxy.cache.messages import combined, lines, members
from proxy.wire import Headers

CODINGS = (b"br", b"gzip", b"deflate", b"zstd")
"""The content codings that are asked of the origin; what a browser accepts beyond them tells nothing apart."""

_MAX_KNOWN = 256  # bytes of a field that is remembered

_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_LISTS = frozenset({b"accept", b"accept-charset", b"accept-encoding", b"accept-language"})
_CASELESS = frozenset({b"accept-charset", b"accept-language"})
# Runs of space are matched whole, so that none is gone through twice; a quoted string keeps its own.
_SPACE_AROUND = re.compile(rb'("(?:[^"\\]++|\\.)*+"?+)|[ \t]*+([;=])[ \t]*+|([ \t]++)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Selector:
    """What a stored response's request said in the fields that `Vary` names; None in `values` where one was absent."""

    names: tuple[bytes, ...] = ()
    values: tuple[bytes | None, ...] = ()

    def selects(self, request_headers: Headers) -> bool:
        """Whether a request may get the response (RFC 9111 §4.1)."""
        return all(
            normalized(name, request_headers) == value for name, value in zip(self.names, self.values, strict=True)
        )

    def for_request(self, request_headers: Headers) -> Selector:
        """The selector of another request, where `Vary` names the same fields."""
        return Selector(self.names, tuple(normalized(name, request_headers) for name in self.names))


EVERY_REQUEST = Selector()
"""Where there is no `Vary`."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One stored response of a URL: `generated_at` is its `Date`, as `proxy.cache.freshness` reads it."""

    selector: Selector
    generated_at: float
    received_at: float


def selector_of(response_headers: Headers, request_headers: Headers) -> Selector | None:
    """What selects a response from now on; None where nothing can: `Vary: *`, or one that can't be read."""
    names = vary_names(response_headers)
    if not names:
        return None if names is None else EVERY_REQUEST
    return Selector(names).for_request(request_headers)


def vary_names(response_headers: Headers) -> tuple[bytes, ...] | None:
    """The fields that `Vary` names, sorted, in lower case; None where it says that no request tells (`*`).

    >>> vary_names(((b"vary", b"Cookie, accept-encoding"),))
    (b'accept-encoding', b'cookie')
    """
    value = combined(response_headers, b"vary")
    if value is None:
        return ()
    names = {name.lower() for name in members(value)}
    if b"*" in names or not all(_NAME.fullmatch(name) for name in names):
        return None
    return tuple(sorted(names))


def choose(candidates: Iterable[Candidate], request_headers: Headers) -> Candidate | None:
    """The stored response for a request: the latest of those that fit (RFC 9111 §4).

    One with a `Vary` goes before one without: an origin forgets it in what it sends by default (§4.1).
    """
    fitting = [each for each in candidates if each.selector.selects(request_headers)]
    return max(fitting, key=lambda each: (bool(each.selector.names), each.generated_at, each.received_at), default=None)


def normalized(name: bytes, headers: Headers) -> bytes | None:
    """A request's field so that those of one meaning are equal; None where it is absent.

    Lines are combined, and in fields that are known to be lists, space counts for nothing, and where they allow it,
    case. Members keep their order, by which origins decide between equals.
    """
    if name == b"cookie":
        found = lines(headers, name)
        # HTTP/2 splits it into lines (RFC 9113 §8.2.3).
        return b"; ".join(found) if found else None
    value = combined(headers, name)
    if name == b"accept-encoding":
        value = value or b""
    if value is None or name not in _LISTS:
        return value
    return _known_list(name, value) if len(value) <= _MAX_KNOWN else _list(name, value)


# Browsers say few different things there, and each look at a stored response compares them.
@lru_cache(maxsize=1024)
def _known_list(name: bytes, value: bytes) -> bytes:
    return _list(name, value)


def _list(name: bytes, value: bytes) -> bytes:
    if name == b"accept-encoding":
        return _codings(value)
    value = b",".join(_SPACE_AROUND.sub(rb"\1\2\3", member) for member in members(value))
    return value.lower() if name in _CASELESS else value


def _codings(accept_encoding: bytes) -> bytes:
    """The codings of ours that a request accepts, `identity` where it accepts none: so the origin is asked."""
    offered = {member.partition(b";")[0].strip().lower(): member.lower() for member in members(accept_encoding)}
    accepted = {coding for coding, member in offered.items() if not _is_refused(member)}
    if b"*" in accepted:
        accepted |= set(CODINGS) - offered.keys()
    return b",".join(coding for coding in CODINGS if coding in accepted) or b"identity"


def _is_refused(member: bytes) -> bool:
    """Whether a coding's weight is 0 (RFC 9110 §12.4.2)."""
    name, _, value = member.partition(b";")[2].partition(b"=")
    return name.strip() == b"q" and value.strip() != b"" and not value.strip().strip(b"0.")
