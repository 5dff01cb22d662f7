"""A visitor's request as the proxy sees it: one path, one host, one client address.

Owns what is believed of a request. The wire's checks come before (`proxy.server.protocol`); what of it goes to the
origin is `proxy.origin.headers`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from proxy.hops import client_address, is_trusted, parse_address
from proxy.names import SiteName
from proxy.parameters import split_own
from proxy.target import AmbiguousPathError, canonical_path, path_text
from proxy.wire import Address, Headers, Network

if TYPE_CHECKING:
    from starlette.types import Scope

# No longer than a domain name can be (RFC 1035 §2.3.4).
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._~-]{1,255})(?::[0-9]{0,5})?")
# Traefik tells of a WebSocket by its URL's scheme.
_SPOKEN = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_OUTSIDE_QUERY = re.compile(rb"[\x00-\x20\x7f-\xff#]")


class BadRequestError(Exception):
    """A request that is answered with `status` and goes no further; `reason` is fit to be shown."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are in lower case; order and duplicates are the visitor's.

    `path` is for rules (decoded), `raw_path` for the wire and for keys (canonical). `scheme` and `authority` are what
    the world calls this site, `host` the same without a port. `peer` is who connected, `client` who asks; it is None
    where that is not known, or not told by anyone who is trusted. `own` are Tailor's own parameters, which `query` and
    the origin do without.
    """

    method: str
    path: str
    raw_path: bytes
    query: bytes
    headers: Headers
    scheme: str
    authority: str
    host: str
    peer: str
    client: Address | None
    trusted: bool
    own: Mapping[str, str] = field(default_factory=dict)

    @property
    def target(self) -> bytes:
        """Path and query, as they go to the origin."""
        return self.raw_path + b"?" + self.query if self.query else self.raw_path

    @property
    def site(self) -> SiteName:
        """What the world calls this site, as names are compared."""
        return _site(self.scheme, self.authority)

    @property
    def logged_path(self) -> str:
        """The path for a line of the log: as it is sent, since decoded it may hold what a terminal obeys."""
        return self.raw_path.decode("ascii")

    @property
    def has_body(self) -> bool:
        """Whether the framing announces content (RFC 9112 §6.3)."""
        names = [name for name, _ in self.headers]
        if b"transfer-encoding" in names:
            return True
        return b"content-length" in names and any(
            value.strip(b"0") != b"" for name, value in self.headers if name == b"content-length"
        )

    def reduced(self, headers: Headers, client: Address | None) -> Request:
        """The request of another visitor for the same URL, through the same proxies, of which no more is known."""
        return Request(
            self.method,
            self.path,
            self.raw_path,
            self.query,
            headers,
            self.scheme,
            self.authority,
            self.host,
            "",
            client,
            self.trusted,
            self.own,
        )

    def header(self, name: bytes) -> bytes | None:
        """The first value of a field; `name` in lower case."""
        return next((value for field, value in self.headers if field == name), None)


def peer_of(scope: Scope) -> str:
    """The address of who connected; empty where that has none."""
    client: tuple[str, int] | None = scope.get("client")
    return client[0] if client else ""


@dataclass(frozen=True, slots=True)
class RequestReader:
    """Reads requests under the operator's settings: whom to trust, and what the world calls this site."""

    trusted_proxies: Sequence[Network] = ()
    public_url: str | None = None

    def trusts(self, peer: str) -> bool:
        """Whether it is believed what a peer says of who asks, and under what name."""
        return bool(self.trusted_proxies) and is_trusted(parse_address(peer), self.trusted_proxies)

    def read(self, scope: Scope) -> Request:
        """The request of an ASGI scope; BadRequestError where it is ambiguous."""
        headers: Headers = tuple(scope["headers"])
        lines = _lines(headers)
        peer = peer_of(scope)
        trusted = self.trusts(peer)
        scheme, authority = self._public_name(scope["scheme"], lines, trusted=trusted)
        try:
            raw_path = canonical_path(scope["raw_path"])
        except AmbiguousPathError as error:
            raise BadRequestError(400, str(error)) from error
        if _OUTSIDE_QUERY.search(scope["query_string"]):
            raise BadRequestError(400, "the query holds a character that must be encoded")
        query, own = split_own(scope["query_string"])
        return Request(
            method=scope["method"],
            path=path_text(raw_path),
            raw_path=raw_path,
            query=query,
            headers=headers,
            scheme=scheme,
            authority=authority,
            host=_host_of(authority),
            peer=peer,
            client=self._client(parse_address(peer), lines),
            trusted=trusted,
            own=own,
        )

    def client(self, peer: str, headers: Headers) -> Address | None:
        """Who asks, by the peer's address and what it says of earlier hops."""
        return self._client(parse_address(peer), _lines(headers))

    def _client(self, peer: Address | None, lines: dict[bytes, list[str]]) -> Address | None:
        return client_address(
            peer, lines.get(b"x-forwarded-for", ()), lines.get(b"forwarded", ()), self.trusted_proxies
        )

    def _public_name(self, scheme: str, lines: dict[bytes, list[str]], *, trusted: bool) -> tuple[str, str]:
        authority = lines.get(b"host", [""])[0]
        if not _AUTHORITY.fullmatch(authority):
            raise BadRequestError(400, "the Host field is not a host")
        if trusted:
            # The last value is the nearest proxy's own word; those before it may be the client's.
            named = _last(lines.get(b"x-forwarded-host"))
            authority = named if _AUTHORITY.fullmatch(named) else authority
            spoken = _last(lines.get(b"x-forwarded-proto")).lower()
            scheme = _SPOKEN.get(spoken, scheme)
        if self.public_url:
            url = urlsplit(self.public_url)
            scheme, authority = url.scheme, url.netloc
        return scheme, authority


# Few sites are asked for, again and again; a name is no longer than `_AUTHORITY` lets it be.
@lru_cache(maxsize=1024)
def _site(scheme: str, authority: str) -> SiteName:
    return SiteName.of(scheme.encode(), authority.encode())


@lru_cache(maxsize=1024)
def _host_of(authority: str) -> str:
    matched = _AUTHORITY.fullmatch(authority)
    return (matched[1] if matched else authority).lower()


def _lines(headers: Headers) -> dict[bytes, list[str]]:
    lines: dict[bytes, list[str]] = {}
    for name, value in headers:
        if name == b"host" or name == b"forwarded" or name.startswith(b"x-forwarded-"):
            lines.setdefault(name, []).append(value.decode("latin-1"))
    return lines


def _last(lines: list[str] | None) -> str:
    return lines[-1].rpartition(",")[2].strip() if lines else ""
