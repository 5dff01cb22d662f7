"""One site, two names: what the world calls it, and what its origin calls itself.

Owns when a URL is of this site: its authority is exactly the site's, under either scheme. Where URLs stand in headers
is `proxy.origin.mapping`'s, where in pages `proxy.page.addresses`'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DEFAULT_PORTS = {b"http": b":80", b"https": b":443"}

# An absolute or protocol-relative URL up to the end of its authority, whatever that holds.
_AUTHORITY = re.compile(rb"[\t\n\f\r ]*(?:(https?):)?//([^/?#\\\s\"']*)", re.IGNORECASE)

REFRESH = re.compile(rb"\s*[0-9.]*\s*[;,]?\s*(?:url\s*=\s*)?[\"']?", re.IGNORECASE)
"""What stands before the URL in `Refresh` (HTML Standard §4.2.5.3); it matches nothing before a URL that is alone."""


@dataclass(frozen=True, slots=True)
class SiteName:
    """A scheme and an authority in lower case; a port is named where it is not the scheme's own."""

    scheme: bytes
    authority: bytes

    @classmethod
    def of(cls, scheme: bytes, authority: bytes) -> SiteName:
        """The name as URLs are compared.

        >>> SiteName.of(b"https", b"Shop.example:443")
        SiteName(scheme=b'https', authority=b'shop.example')
        """
        scheme, authority = scheme.lower(), authority.lower()
        return cls(scheme, authority.removesuffix(_DEFAULT_PORTS[scheme]))

    @classmethod
    def of_url(cls, url: str) -> SiteName:
        """The name in a URL that has nothing behind its authority."""
        scheme, _, authority = url.encode("ascii").partition(b"://")
        return cls.of(scheme, authority)

    @property
    def url(self) -> bytes:
        """Scheme and authority, as `Origin` has them."""
        return self.scheme + b"://" + self.authority

    @property
    def host(self) -> bytes:
        """The authority without its port."""
        return re.sub(rb":[0-9]*\Z", b"", self.authority)

    def is_named(self, scheme: bytes | None, authority: bytes) -> bool:
        """Whether these are this site's; without a scheme, a browser takes that of the page."""
        return authority == self.authority or SiteName.of(scheme or self.scheme, authority).authority == self.authority


def renamed(url: bytes, old: SiteName, new: SiteName, *, start: int = 0) -> bytes:
    """`url` under the new name if what begins at `start` is of the old one, else as it is.

    >>> shop, cms = SiteName(b"https", b"shop.example"), SiteName(b"http", b"cms.example")
    >>> renamed(b"https://cms.example/x?y", cms, shop), renamed(b"https://cms.example.evil/", cms, shop)
    (b'https://shop.example/x?y', b'https://cms.example.evil/')
    """
    found = _AUTHORITY.match(url, start)
    if found is None or not old.is_named(found[1], found[2]):
        return url
    begin = found.start(2) - len(b"//") if found[1] is None else found.start(1)
    name = b"//" + new.authority if found[1] is None else new.url
    return url[:begin] + name + url[found.end() :]
