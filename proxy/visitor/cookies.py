"""Cookies of a request, and those of the site that the operator made signals: `visitor.<name>`.

They are believed as they are, since the operator named them; nothing here is remembered. What is signed is
`proxy.visitor.vouched`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from urllib.parse import unquote_to_bytes

from proxy.settings.vouched import SIGNED_NAMES

MAX_VALUE_LENGTH = 200


def parse_cookies(headers: Iterable[bytes], names: Collection[bytes]) -> dict[bytes, bytes]:
    """The values of the cookies with these names, of all `Cookie` headers: HTTP/2 allows several (RFC 9113 §8.2.3).

    Of cookies with one name the first counts: browsers send the one with the longer path first (RFC 6265 §5.4).

    >>> parse_cookies([b"plan=pro; theme=dark; plan=basic"], [b"plan"])
    {b'plan': b'pro'}
    """
    cookies: dict[bytes, bytes] = {}
    for header in headers:
        for pair in header.split(b";"):
            name, equals, value = pair.partition(b"=")
            if equals and (name := name.strip()) in names:
                cookies.setdefault(name, value.strip().strip(b'"'))
    return cookies


def cookie_values(headers: Iterable[bytes], name: bytes) -> list[bytes]:
    """The values of every cookie with that name, of all `Cookie` headers; names are case-sensitive."""
    return [
        value.strip().strip(b'"')
        for header in headers
        if name in header
        for each, equals, value in (pair.partition(b"=") for pair in header.split(b";"))
        if equals and each.strip() == name
    ]


def without_cookies(
    headers: tuple[tuple[bytes, bytes], ...], names: Collection[bytes]
) -> tuple[tuple[bytes, bytes], ...]:
    """Headers of a request without these cookies; a `Cookie` header that held no other goes, all else stays."""
    if not any(name == b"cookie" and any(each in value for each in names) for name, value in headers):
        return headers
    kept = []
    for name, value in headers:
        pairs = value.split(b";") if name == b"cookie" else []
        left = [pair for pair in pairs if pair.partition(b"=")[0].strip() not in names]
        if len(left) == len(pairs):
            kept.append((name, value))
        elif any(pair.strip() for pair in left):
            kept.append((name, b";".join(left).lstrip()))
    return tuple(kept)


def only_cookies(header: bytes, names: frozenset[bytes]) -> bytes:
    """The cookies of one `Cookie` header that have these names, as they stand there; empty where none has.

    >>> only_cookies(b"theme=dark; plan = pro; plan=basic", frozenset({b"plan"}))
    b'plan = pro; plan=basic'
    """
    return b";".join([pair for pair in header.split(b";") if pair.partition(b"=")[0].strip() in names]).strip()


def told_by(cookie_names: Mapping[str, str]) -> dict[str, bytes]:
    """The cookie that tells each `visitor.` signal; `cookie_names` maps a signal's last part to it.

    A signal that would need a signature is told by none.
    """
    return {f"visitor.{name}": cookie.encode() for name, cookie in cookie_names.items() if name not in SIGNED_NAMES}


def read_visitor(headers: Iterable[bytes], told: Mapping[str, bytes]) -> dict[str, str]:
    """The signals that the cookies of a request's `Cookie` headers tell; which cookie tells what, `told_by` knows.

    A value that is not a short line of text (percent-encoded or not) is missing.
    """
    cookies = parse_cookies(headers, told.values())
    return {signal: text for signal, cookie in told.items() if (text := _text(cookies.get(cookie, b"")))}


def _text(value: bytes) -> str:
    if len(value) > MAX_VALUE_LENGTH * 12:  # four bytes of UTF-8, percent-encoded
        return ""
    try:
        text = unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        return ""
    return text if len(text) <= MAX_VALUE_LENGTH and text.isprintable() else ""
