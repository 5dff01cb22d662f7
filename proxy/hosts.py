"""Which name the origin hears, and what that asks of each message.

Host mode `pass` hands the visitor's Host on, and the origin's word on itself is public already. Host mode `origin` asks
it under its own name and maps what it says back: in headers (`proxy.origin.mapping`) and, where the operator wants it,
in pages (`proxy.page.addresses`).
"""

from __future__ import annotations

from proxy.names import SiteName
from proxy.origin.headers import request_headers, response_headers
from proxy.origin.mapping import POLICIES, own_request_headers, public_response_headers, widened_policies
from proxy.page.source import AddressMapping
from proxy.request import Request
from proxy.wire import Headers


class Hosts:
    """A Host mode. `own` is what the origin is to hear; left out, it hears the public name."""

    def __init__(self, own: SiteName | None = None, *, map_urls: bool = False) -> None:
        self._own = own
        self.maps_pages = own is not None and map_urls

    def request_headers(self, request: Request, headers: Headers) -> Headers:
        """What the origin gets of a visitor's `headers`."""
        passed = request_headers(
            headers, peer=request.peer, trusted=request.trusted, scheme=request.scheme, authority=request.authority
        )
        if self._own is None:
            return _named(passed, request)
        return own_request_headers(passed, public=request.site, own=self._own)

    def response_headers(self, request: Request, headers: Headers) -> Headers:
        """What the browser gets of the origin's headers."""
        passed = response_headers(headers)
        if self._own is None:
            return passed
        mapped = public_response_headers(passed, public=request.site, own=self._own)
        return widened_policies(mapped, public=request.site, own=self._own) if self.maps_pages else mapped

    def mapping(self, request: Request, headers: Headers) -> AddressMapping | None:
        """What is to be mapped in a page that came with these headers, if anything is."""
        if self._own is None or not self.maps_pages:
            return None
        policy = b",".join(value for name, value in headers if name in POLICIES)
        return AddressMapping(self._own, request.site, policy)


def _named(headers: Headers, request: Request) -> Headers:
    """`Host` is what the site is called here: pages are kept under that name, so no other may make them."""
    site = request.site
    if all(site.is_named(None, value.lower()) for name, value in headers if name == b"host"):
        return headers
    return tuple((name, request.authority.encode() if name == b"host" else value) for name, value in headers)
