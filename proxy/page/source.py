"""A page as it came, and what is mapped in it: what cuts are kept by.

The body is in its content coding, and the page cache gives out the same object for each hit. A bytes object knows its
hash once it was asked for it, and the same object is equal without a look at it: so a kept cut is found at no cost per
byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from proxy.names import SiteName
from proxy.page.addresses import map_addresses
from proxy.page.coding import decode


@dataclass(frozen=True, slots=True)
class AddressMapping:
    """Whose absolute URLs become whose; `policy` is the page's Content-Security-Policy."""

    own: SiteName
    public: SiteName
    policy: bytes = b""


class Source(NamedTuple):
    """A page's body in its coding, and the `charset` of its Content-Type."""

    body: bytes
    coding: str = "identity"
    charset_label: str | None = None
    mapping: AddressMapping | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the body is the page's markup as it will be cut."""
        return self.coding == "identity" and self.mapping is None

    def read(self, limit: int) -> bytes:
        """The page's markup, addresses mapped; at most `limit` bytes of it before that. Raises UndecodableError."""
        return self.mapped(self.decoded(limit))

    def decoded(self, limit: int) -> bytes:
        """The same as its origin wrote it."""
        return decode(self.body, self.coding, limit)

    def mapped(self, decoded: bytes) -> bytes:
        """The markup with its addresses mapped; `decoded` itself where there is nothing to do."""
        if self.mapping is None:
            return decoded
        mapping = self.mapping
        return map_addresses(decoded, self.charset_label, own=mapping.own, public=mapping.public, policy=mapping.policy)
