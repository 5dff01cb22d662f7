"""Host mode `origin`: the origin is asked under its own name, and what it says of itself is mapped back.

Pure. Owns which header fields hold the site's name, each way; what a name is, is `proxy.names`'s. Other hosts are never
touched. What is said in bodies and in queries is not looked at here.
"""

from __future__ import annotations

import re

from proxy.names import REFRESH, SiteName, renamed
from proxy.wire import Headers

_DOMAIN = re.compile(rb";[ \t]*domain[ \t]*=([^;]*+)", re.IGNORECASE)
_LINK_TARGET = re.compile(rb"<([^<>]*)>")
POLICIES = frozenset({b"content-security-policy", b"content-security-policy-report-only"})
# A source of a policy that names a host, with or without a scheme (CSP Level 3 §2.3.1).
_SOURCE = re.compile(rb"(?<![^\s;,])(?:(https?)://)?([^\s/;,'*]+)(/[^\s;,]*)?(?=[\s;,]|\Z)", re.IGNORECASE)


def own_request_headers(headers: Headers, *, public: SiteName, own: SiteName) -> Headers:
    """A request's headers for an origin that hears its own name.

    Nothing in them tells the public host or scheme: an origin that believed it would take its own name in `Origin` for
    a foreign one. Who asks stays in `X-Forwarded-For`.
    """
    return tuple(
        (name, _to_origin(name, value, public, own)) for name, value in headers if not _tells_public_name(name)
    )


def public_response_headers(headers: Headers, *, public: SiteName, own: SiteName) -> Headers:
    """A response's headers as if the origin went by the public name."""
    return tuple((name, _to_public(name, value, public, own)) for name, value in headers)


def widened_policies(headers: Headers, *, public: SiteName, own: SiteName) -> Headers:
    """Headers whose policies allow by the public name what they allow by the origin's.

    For a page whose URLs were mapped. The origin's name stays: style sheets and scripts may still hold it.
    """
    return tuple((name, _widened(value, public, own) if name in POLICIES else value) for name, value in headers)


def _tells_public_name(name: bytes) -> bool:
    # CGI and WSGI origins read `X_Forwarded_Host` as if it were `X-Forwarded-Host`.
    name = name.replace(b"_", b"-")
    return name == b"forwarded" or (name.startswith(b"x-forwarded-") and name != b"x-forwarded-for")


def _to_origin(name: bytes, value: bytes, public: SiteName, own: SiteName) -> bytes:
    match name:
        case b"host":
            return own.authority
        case b"origin" | b"referer":
            # A page that came without TLS must not pass for one of the site behind TLS.
            downgraded = public.scheme == b"https" and value[:5].lower() == b"http:"
            return value if downgraded else renamed(value, public, own)
    return value


def _to_public(name: bytes, value: bytes, public: SiteName, own: SiteName) -> bytes:
    match name:
        case b"location" | b"content-location" | b"access-control-allow-origin":
            return renamed(value, own, public)
        case b"refresh":
            prefix = REFRESH.match(value)
            return renamed(value, own, public, start=prefix.end() if prefix else 0)
        case b"link":
            return _LINK_TARGET.sub(lambda target: b"<" + renamed(target[1], own, public) + b">", value)
        case b"set-cookie":
            return _DOMAIN.sub(lambda domain: b"" if _covers(domain[1], own.host) else domain[0], value)
    return value


def _covers(domain: bytes, host: bytes) -> bool:
    """Whether a cookie of this domain is one of the host's (RFC 6265 §5.1.3 and §5.2.3)."""
    domain = domain.strip().removeprefix(b".").lower()
    return domain != b"" and (host == domain or host.endswith(b"." + domain))


def _widened(policy: bytes, public: SiteName, own: SiteName) -> bytes:
    def widen(source: re.Match[bytes]) -> bytes:
        scheme, authority, path = source.groups()
        if not own.is_named(scheme, authority):
            return source[0]
        return source[0] + b" " + (public.url if scheme else public.authority) + (path or b"")

    return _SOURCE.sub(widen, policy)
