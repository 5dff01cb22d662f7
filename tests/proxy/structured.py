"""Structured fields (RFC 9651), read by another library's parser, for the tests of headers that are such."""

from __future__ import annotations

from typing import Any

import http_sf


def parse_list(value: bytes) -> list[tuple[str, dict[str, object]]]:
    """The items of a list: each one's text, and its parameters, whose values are texts, numbers and flags."""
    items: Any = http_sf.parse(value, tltype="list")
    return [(str(name), {key: _plain(each) for key, each in parameters.items()}) for name, parameters in items]


def _plain(value: object) -> object:
    return value if isinstance(value, bool | int) else str(value)
