"""What a request's head must look like on the wire (RFC 9112). Pure; `proxy.server.protocol` applies it.

Owns the bounds, and that a request can be framed in one way only and names one host. What passes can still be
ambiguous in its path: that is `proxy.target`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

MAX_REQUEST_LINE = 8 * 1024
MAX_HEAD = 64 * 1024
MAX_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that goes no further, and the answer to it."""

    status: int
    reason: str
    fields: tuple[tuple[bytes, bytes], ...] = ()

    def encode(self) -> bytes:
        body = self.reason.encode() + b"\n"
        return b"HTTP/1.1 %d %s\r\n%s%s%s\r\n%s" % (
            self.status,
            HTTPStatus(self.status).phrase.encode(),
            b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\n",
            b"".join(name + b": " + value + b"\r\n" for name, value in self.fields),
            b"content-length: %d\r\n" % len(body),
            body,
        )


class RefusedError(Exception):
    """Carries a refusal out of the parser's callbacks."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


MALFORMED = Refusal(400, "malformed request")
LINE_TOO_LONG = Refusal(414, f"request line over {MAX_REQUEST_LINE} bytes")
HEAD_TOO_LARGE = Refusal(431, f"request head over {MAX_HEAD} bytes or {MAX_FIELDS} fields")
TOO_SLOW = Refusal(408, "the request did not come in time")
TOO_MANY = Refusal(503, "all connections are in use")


def too_large(limit: int) -> Refusal:
    """The answer to a body of more than `limit` bytes."""
    return Refusal(413, f"request body over {limit} bytes")


_FRAMING_FIELDS = frozenset({b"host", b"transfer-encoding", b"content-length"})


def check_head(version: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The host that a request names, its names in lower case.

    Raises RefusedError where its framing or its host could be understood in two ways (RFC 9112 §3.2, §6).
    """
    if version not in ("1.0", "1.1"):
        raise RefusedError(Refusal(505, "HTTP/1.0 and HTTP/1.1 only"))
    framing = [field for field in headers if field[0] in _FRAMING_FIELDS]
    hosts = [value for name, value in framing if name == b"host"]
    if len(hosts) != 1:
        raise RefusedError(Refusal(400, "one Host field is required"))
    if len(framing) > 1:
        _check_framing(version, framing)
    return hosts[0]


def _check_framing(version: str, headers: list[tuple[bytes, bytes]]) -> None:
    codings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
    lengths = [value for name, value in headers if name == b"content-length"]
    if codings and (lengths or version == "1.0"):
        raise RefusedError(Refusal(400, "Transfer-Encoding beside Content-Length or in HTTP/1.0"))
    if len(lengths) > 1:
        raise RefusedError(Refusal(400, "more than one Content-Length"))
    if codings and codings != [b"chunked"]:
        raise RefusedError(Refusal(501, "no transfer coding but chunked is understood"))


def check_body(headers: list[tuple[bytes, bytes]], limit: int) -> None:
    """Raises RefusedError where a head that is in order tells of a body of more than `limit` bytes."""
    if any(name == b"content-length" and int(value) > limit for name, value in headers):
        raise RefusedError(too_large(limit))


def origin_form(method: bytes, target: bytes, host: bytes) -> bytes:
    """The target as path and query (RFC 9112 §3.2).

    The absolute form passes where it names the host that `Host` names; `*` only for OPTIONS. Else RefusedError.
    """
    if method == b"CONNECT":
        raise RefusedError(Refusal(400, "no tunnels are made"))
    if target.startswith(b"/") or (target == b"*" and method == b"OPTIONS"):
        return target
    scheme, separator, rest = target.partition(b"://")
    authority, slash, path = rest.partition(b"/")
    if separator and scheme.lower() in (b"http", b"https") and authority.lower() == host.lower():
        return slash + path if slash else b"/"
    raise RefusedError(Refusal(400, "the request target is not a path on this host"))
