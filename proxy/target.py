"""The one canonical path, for rules, cache key and origin alike (RFC 3986 §6.2.2).

What one server could read differently from the next is refused rather than repaired, as browsers never send it:
`.` and `..` segments, however encoded; an encoded slash or backslash, a backslash; controls and NUL; a stray `%`;
bytes outside ASCII. Doubled slashes stay, leading ones too: real sites use them, and the origin's address is fixed.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

# Nothing to normalize and nothing to refuse; a dot may not begin a segment.
_PLAIN = re.compile(rb"(?:/(?!\.)[A-Za-z0-9\-._~!$&'()*+,;=:@]*)+")
_FORBIDDEN = re.compile(rb"[\x00-\x20\x7f-\xff\\#?]")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_REFUSED_ESCAPES = frozenset([*range(0x20), 0x7F, ord("/"), ord("\\")])


class AmbiguousPathError(ValueError):
    """A path that two servers could read in two ways."""


def canonical_path(path: bytes) -> bytes:
    """The path for the wire and for cache keys: unreserved characters decoded, escapes in upper case.

    >>> canonical_path(b"/%7euser/caf%c3%a9")
    b'/~user/caf%C3%A9'
    """
    if _PLAIN.fullmatch(path) or path == b"*":
        return path
    if not path.startswith(b"/"):
        raise AmbiguousPathError("the path must begin with a slash")
    if _FORBIDDEN.search(path):
        raise AmbiguousPathError("the path holds a character that must be encoded")
    canonical = _ESCAPE.sub(_normalize_escape, path)
    for segment in canonical.split(b"/"):
        # `..;x` too: some servers cut parameters off before they walk up.
        if segment.partition(b";")[0] in (b".", b".."):
            raise AmbiguousPathError("the path holds a dot segment")
    return canonical


def path_text(canonical: bytes) -> str:
    """The path as rules compare it: percent-decoded, as UTF-8; what is not UTF-8 becomes U+FFFD.

    >>> path_text(b"/caf%C3%A9")
    '/café'
    """
    return unquote_to_bytes(canonical).decode("utf-8", "replace") if b"%" in canonical else canonical.decode("ascii")


def _normalize_escape(escape: re.Match[bytes]) -> bytes:
    digits = escape[1]
    if digits is None:
        raise AmbiguousPathError("the path holds a % that encodes nothing")
    code = int(digits, 16)
    if code in _REFUSED_ESCAPES:
        raise AmbiguousPathError("the path holds an encoded slash, backslash or control character")
    return bytes([code]) if code in _UNRESERVED else b"%" + digits.upper()
