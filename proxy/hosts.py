"""Which name the origin hears, and what that asks of each message.

Host mode `pass` hands the visitor's Host on, and the origin's word on itself is public already. Host mode `origin` asks
it under its own name and maps what it says back: in headers (`proxy.origin.mapping`) and, where the operator wants it,
in pages (`proxy.page.addresses`).
"""

from __future__ import annotations

import asyncio
from functools import partial

from proxy.names import SiteName
from proxy.origin.client import OriginResponse
from proxy.origin.headers import request_headers, response_headers
from proxy.origin.mapping import POLICIES, own_request_headers, public_response_headers, widened_policies
from proxy.page.addresses import map_addresses
from proxy.page.memory import LARGE_BYTES
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
            return passed
        return own_request_headers(passed, public=_public_name(request), own=self._own)

    def response_headers(self, request: Request, response: OriginResponse) -> Headers:
        """What the browser gets of the origin's headers."""
        passed = response_headers(response.headers)
        if self._own is None:
            return passed
        public = _public_name(request)
        mapped = public_response_headers(passed, public=public, own=self._own)
        return widened_policies(mapped, public=public, own=self._own) if self.maps_pages else mapped

    async def map_page(self, request: Request, page: bytes, charset_label: str | None, headers: Headers) -> bytes:
        """The page with public URLs, `page` itself where nothing is to be mapped; `headers` came with it."""
        if self._own is None or not self.maps_pages:
            return page
        public = _public_name(request)
        policy = b",".join(value for name, value in headers if name in POLICIES)
        work = partial(map_addresses, page, charset_label, own=self._own, public=public, policy=policy)
        # In a thread where compiling the page would be in one, too.
        return await asyncio.to_thread(work) if len(page) > LARGE_BYTES else work()


def _public_name(request: Request) -> SiteName:
    return SiteName.of(request.scheme.encode(), request.authority.encode())
