"""The values that every room speaks in, as they come from the wire."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Headers = tuple[tuple[bytes, bytes], ...]
"""Fields in the order in which they came, their names in lower case."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
