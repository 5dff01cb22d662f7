"""The golden table of caching, tests/golden/caching.yaml, whose head tells the format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from proxy.cache.messages import Request, Response
from proxy.wire import Headers
from rules.nodes import Entries, Node, Scalar, Sequence
from rules.source import decode, parse

FILE = Path(__file__).parents[2] / "golden" / "caching.yaml"
DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"
START = 784111777
"""The moment at which the clock begins, which is `DATE`."""


def _read() -> Entries:
    root = parse(decode(str(FILE), FILE.read_bytes()))
    assert isinstance(root, Entries)
    return root


TABLE = _read()


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table."""

    entries: Entries

    @property
    def line(self) -> int:
        return self.entries.position.line

    def has(self, key: str) -> bool:
        return self.entries.get(key) is not None

    def text(self, key: str, default: str = "") -> str:
        node = self.entries.get(key)
        return node.text if isinstance(node, Scalar) else default

    def texts(self, key: str) -> list[str]:
        return [item.text for item in self._items(key) if isinstance(item, Scalar)]

    def number(self, key: str) -> int | None:
        """A whole number; None where there is none, or `none` is written."""
        written = self.text(key, "none")
        return None if written == "none" else int(written)

    def headers(self, key: str) -> Headers:
        node = self.entries.get(key)
        return _headers(node) if isinstance(node, Entries) else ()

    def listed_headers(self, key: str) -> list[Headers]:
        return [_headers(item) for item in self._items(key) if isinstance(item, Entries)]

    @property
    def request(self) -> Request:
        return Request(self.text("method", "GET"), self.headers("request"), self.has("session"))

    @property
    def response(self) -> Response:
        headers = self.headers("response")
        if not self.has("undated") and not any(name == b"date" for name, _ in headers):
            headers = (*headers, (b"date", DATE))
        return Response(
            int(self.text("status", "200")),
            headers,
            requested_at=START + (self.number("requested") or 0),
            received_at=START + (self.number("received") or 0),
            is_complete=not self.has("incomplete"),
        )

    @property
    def now(self) -> float:
        return START + (self.number("now") or 0)

    def _items(self, key: str) -> tuple[Node, ...]:
        node = self.entries.get(key)
        return node.items if isinstance(node, Sequence) else ()


def cases(section: str) -> list[ParameterSet]:
    """The cases of a section, as parameters of a test."""
    return [pytest.param(case, id=f"line {case.line}") for case in listed(section)]


def listed(section: str) -> list[Case]:
    found = TABLE.get(section)
    assert isinstance(found, Sequence)
    return [Case(item) for item in found.items if isinstance(item, Entries)]


def sections() -> list[str]:
    return [key.text for key, value in TABLE.pairs if isinstance(value, Sequence)]


def differences() -> set[str]:
    """The names of what hishel may do otherwise."""
    found = TABLE.get("differences")
    assert isinstance(found, Entries)
    return {key.text for key, _ in found.pairs}


def _headers(entries: Entries) -> Headers:
    return tuple(
        (name.text.encode("latin-1"), item.text.encode("latin-1"))
        for name, value in entries.pairs
        for item in (value.items if isinstance(value, Sequence) else (value,))
        if isinstance(item, Scalar)
    )
