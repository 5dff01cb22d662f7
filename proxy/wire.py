"""The values that every room speaks in, as they come from the wire."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

Headers = tuple[tuple[bytes, bytes], ...]
"""Fields in the order in which they came, their names in lower case."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

Written = tuple[bytes, ...]
"""A response as it goes on the wire, in pieces: its head, and its body where it has one."""

AnswerAtOnce = Callable[[MutableMapping[str, Any]], Written | None]
"""Answers some requests at once; they are ASGI scopes."""
