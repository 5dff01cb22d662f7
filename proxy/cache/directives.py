"""What `Cache-Control` asks of a cache, in requests and in responses (RFC 9111 §5.2, RFC 5861). Pure.

Owns the grammar, and what becomes of directives that are doubled or wrong: the strictest reading counts. What follows
from the directives is for `proxy.cache.storability`, `proxy.cache.freshness` and `proxy.cache.reuse`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from proxy.cache.messages import combined, lines, members
from proxy.wire import Headers

MAX_SECONDS = 2**31
"""What a longer time counts as (RFC 9111 §1.2.2)."""

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_DIRECTIVE = re.compile(
    rb'[ \t]*+(?:(?P<name>%b)(?P<argument>=(?:(?P<token>%b)|"(?P<quoted>(?:[^"\\]++|\\.)*+)"))?+)?+[ \t]*+(?:,|\Z)'
    % (_TOKEN, _TOKEN),
    re.DOTALL,
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_USUAL_BYTES = 256

Arguments = dict[bytes, list[bytes | None]]
"""The arguments of each directive, in lower case, as often as it is there; None where it has none."""


class UnreadableDirectivesError(ValueError):
    """A `Cache-Control` that is no list of directives."""


def parse_directives(value: bytes) -> Arguments:
    """The directives of a `Cache-Control` (RFC 9111 §5.2); UnreadableDirectivesError where it is not one.

    >>> parse_directives(b'Max-Age=60, private="Set-Cookie", no-store')
    {b'max-age': [b'60'], b'private': [b'Set-Cookie'], b'no-store': [None]}
    """
    found: Arguments = {}
    at = 0
    while at < len(value):
        directive = _DIRECTIVE.match(value, at)
        if directive is None:
            raise UnreadableDirectivesError("not a list of directives")
        at = directive.end()
        if directive["name"]:
            found.setdefault(directive["name"].lower(), []).append(_argument(directive))
    return found


def parse_seconds(argument: bytes | None) -> int | None:
    """Seconds as HTTP writes them (RFC 9111 §1.2.2); None for what is no such number.

    >>> parse_seconds(b"60"), parse_seconds(b"99999999999"), parse_seconds(b"-1"), parse_seconds(b"1.5")
    (60, 2147483648, None, None)
    """
    if argument is None or not argument.isdigit():
        return None
    digits = argument.lstrip(b"0") or b"0"
    return MAX_SECONDS if len(digits) > 10 else min(int(digits), MAX_SECONDS)


@dataclass(frozen=True, slots=True)
class ResponseDirectives:
    """What an origin asks (RFC 9111 §5.2.2).

    A time that can't be read is 0: the response is stale, and may not be used stale. `private` and `no_cache` hold
    where they name fields, too (the notes in §5.2.2.4 and §5.2.2.7 allow it). Of `must-understand` nothing is taken:
    it would lift `no-store`.
    """

    max_age: int | None = None
    s_maxage: int | None = None
    stale_while_revalidate: int = 0
    stale_if_error: int = 0
    no_cache: bool = False
    no_store: bool = False
    private: bool = False
    public: bool = False
    must_revalidate: bool = False
    proxy_revalidate: bool = False

    @classmethod
    def of(cls, headers: Headers) -> ResponseDirectives:
        """Those of a response; UnreadableDirectivesError where they are not a list of directives."""
        value = combined(headers, b"cache-control") or b""
        return _usual(value) if len(value) <= _USUAL_BYTES else cls.read(value)

    @classmethod
    def read(cls, value: bytes) -> Self:
        """The same of a `Cache-Control`."""
        found = parse_directives(value)
        return cls(
            max_age=_least(found, b"max-age"),
            s_maxage=_least(found, b"s-maxage"),
            stale_while_revalidate=_least(found, b"stale-while-revalidate") or 0,
            stale_if_error=_least(found, b"stale-if-error") or 0,
            no_cache=b"no-cache" in found,
            no_store=b"no-store" in found,
            private=b"private" in found,
            # The one that loosens: with an argument, which it can't have, it is not understood.
            public=None in found.get(b"public", ()),
            must_revalidate=b"must-revalidate" in found,
            proxy_revalidate=b"proxy-revalidate" in found,
        )


@lru_cache(maxsize=256)
def _usual(value: bytes) -> ResponseDirectives:
    """Of an origin's pages most say the same."""
    return ResponseDirectives.read(value)


@dataclass(frozen=True, slots=True)
class RequestDirectives:
    """What a visitor asks (RFC 9111 §5.2.1). `max_stale` without a number is MAX_SECONDS."""

    max_age: int | None = None
    min_fresh: int = 0
    max_stale: int | None = None
    stale_if_error: int | None = None
    no_cache: bool = False
    no_store: bool = False
    only_if_cached: bool = False

    @classmethod
    def of(cls, headers: Headers) -> RequestDirectives:
        """Those of a request. Where they can't be read, it gets the origin's own answer, and none is stored."""
        if _DIRECTING.isdisjoint([name for name, _ in headers]):
            return _NO_DIRECTIVES
        value = combined(headers, b"cache-control")
        if value is None:
            return cls(no_cache=_has_pragma(headers))
        try:
            found = parse_directives(value)
        except UnreadableDirectivesError:
            return cls(no_cache=True, no_store=True)
        fresh = [parse_seconds(argument) for argument in found.get(b"min-fresh", ())]
        return cls(
            max_age=_least(found, b"max-age"),
            min_fresh=max((MAX_SECONDS if seconds is None else seconds for seconds in fresh), default=0),
            max_stale=_least(found, b"max-stale", bare=MAX_SECONDS),
            stale_if_error=_least(found, b"stale-if-error"),
            no_cache=b"no-cache" in found,
            no_store=b"no-store" in found,
            only_if_cached=b"only-if-cached" in found,
        )


_DIRECTING = frozenset({b"cache-control", b"pragma"})
_NO_DIRECTIVES = RequestDirectives()


def _argument(directive: re.Match[bytes]) -> bytes | None:
    if directive["argument"] is None:
        return None
    if directive["quoted"] is None:
        return directive["token"]
    return _ESCAPED.sub(rb"\1", directive["quoted"])


def _least(found: Arguments, name: bytes, *, bare: int = 0) -> int | None:
    """The shortest of a directive's times, None where it is not there; `bare` is what it means without one."""
    arguments = found.get(name, ())
    return min((bare if argument is None else parse_seconds(argument) or 0 for argument in arguments), default=None)


def _has_pragma(headers: Headers) -> bool:
    """`Pragma: no-cache`, which counts in requests without `Cache-Control` (RFC 7234 §5.4, RFC 9111 §5.4)."""
    return any(member.lower() == b"no-cache" for line in lines(headers, b"pragma") for member in members(line))
