"""What the settings of the company resolver must be: a URL with a place for the address, fields, and headers.

`proxy.settings.model` names and explains them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

ADDRESS = "{ip}"
"""Stands for the visitor's address in the URL."""

_EXAMPLE = "write it like https://companies.example/v1/{ip}"
_COLUMN = re.compile(r"[a-z][a-z0-9_]*")
_PATH = re.compile(r"[^.]+(?:\.[^.]+)*")
_HEADER = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # a token, RFC 9110 §5.6.2


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{value!r} is not an http or https URL ({_EXAMPLE})")
    if ADDRESS not in parts.path + "?" + parts.query:
        raise ValueError(f"{value!r} has no place for the address ({_EXAMPLE})")
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise ValueError(f"{value!r} holds a character that must be encoded ({_EXAMPLE})")
    return value


def _pairs(value: object) -> object:
    """`name=value`, as flags give them, or several with commas between, as the environment does; to a mapping."""
    if isinstance(value, str):
        value = tuple(piece for piece in value.split(",") if piece.strip())
    if not isinstance(value, list | tuple):
        return value
    found = {}
    for pair in value:
        name, equals, said = str(pair).partition("=")
        if not equals:
            raise ValueError(f"{pair!r} is not a pair (write name=value)")
        found[name.strip()] = said.strip()
    return found


def _fields(value: Mapping[str, str]) -> Mapping[str, str]:
    for column, path in value.items():
        if not _COLUMN.fullmatch(column):
            raise ValueError(f"{column!r} can't name a signal (use a-z, 0-9 and _, beginning with a letter)")
        if not _PATH.fullmatch(path):
            raise ValueError(f"{path!r} is not a path in the answer (such as company.name)")
    return value


def _headers(value: Mapping[str, str]) -> Mapping[str, str]:
    for name, said in value.items():
        if not _HEADER.fullmatch(name):
            raise ValueError(f"{name!r} can't name a header (such as authorization)")
        if not (said.isascii() and said.isprintable()):
            raise ValueError(f"the header {name!r} holds a character that can't be sent (write one line of ASCII)")
    return value


ResolverUrl = Annotated[str, AfterValidator(_url)]
ResolverFields = Annotated[Mapping[str, str], BeforeValidator(_pairs), AfterValidator(_fields)]
"""A company's column by where it is in the answer: `name = "company.name"`."""
ResolverHeaders = Annotated[Mapping[str, str], BeforeValidator(_pairs), AfterValidator(_headers)]
