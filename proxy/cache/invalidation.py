"""Which URLs are stored no longer once a request may have changed them (RFC 9111 §4.4). Pure."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from proxy.cache.messages import lines
from proxy.names import SiteName
from proxy.target import AmbiguousPathError, canonical_path
from proxy.wire import Headers

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that ask for no change (RFC 9110 §9.2.1); one that is not known may."""


def invalidated(
    method: str, status: int, site: SiteName, target: bytes, response_headers: Headers
) -> tuple[bytes, ...]:
    """The targets, path and query, that a response makes invalid: its own, and where it points to on the same site.

    They are as they were written, tracking parameters included (`proxy.cache.keys`). Nothing follows from a safe method
    or from an error. `Location` and `Content-Location` count where their origin (RFC 9110 §4.3.1) is the site's: one
    site's word doesn't empty another's cache.
    """
    if method in SAFE_METHODS or not 200 <= status < 400:
        return ()
    named = [
        found
        for field in (b"location", b"content-location")
        for url in lines(response_headers, field)
        if (found := target_on_site(url, site, target)) is not None
    ]
    return tuple(dict.fromkeys([target, *named]))


def target_on_site(url: bytes, site: SiteName, target: bytes) -> bytes | None:
    """The target that a URL names, seen from another of the site's; None where it is elsewhere, or none of ours."""
    try:
        base = (site.url + target).decode("latin-1")
        parts = urlsplit(urljoin(base, url.decode("latin-1")))
        name = SiteName.of(parts.scheme.encode("latin-1"), parts.netloc.encode("latin-1"))
        path = canonical_path(parts.path.encode("latin-1") or b"/")
    except (AmbiguousPathError, KeyError, ValueError):
        return None
    query = parts.query.encode("latin-1")
    return (path + b"?" + query if query else path) if name == site else None
