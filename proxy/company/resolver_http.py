"""Asks a service for a company over HTTP: one GET with the address in its URL, answered by a JSON object.

Owns the question and what is taken of the answer. When it is asked at all is `proxy.company.resolver`'s.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from proxy.company import cells
from proxy.company.columns import ALIASES
from proxy.company.resolver import Columns, ResolverError
from proxy.company.table import Cell
from proxy.wire import Address
from rules.context import Value
from rules.errors import MistakeError

PLACE = "{ip}"
MAX_ANSWER_BYTES = 64 * 1024
_NOBODY = frozenset({204, 404})
_SECRET = re.compile(r"\{(env|file):([^{}]+)\}")


class HeaderError(ValueError):
    """A header whose secret can't be had: one line, with what to do."""


class HttpResolver:
    """Asks `url`, in which `{ip}` stands for the address; `fields` name where in the answer each column is.

    A field is a path of keys with points between, such as `company.employees`; a number counts in a list.
    """

    def __init__(
        self, url: str, fields: Mapping[str, str], headers: Mapping[str, str], *, answer_seconds: float = 5.0
    ) -> None:
        self._url = url
        self._fields = {column: path.split(".") for column, path in fields.items()}
        self._answer_seconds = answer_seconds
        self._client = httpx.AsyncClient(
            # No coding: a small answer can be a large one unpacked.
            headers={"accept": "application/json", **headers, "accept-encoding": "identity"},
            follow_redirects=False,
            trust_env=False,
            timeout=answer_seconds,
        )

    async def resolve(self, address: Address) -> Columns | None:
        """The company's columns, None where the service knows of none. Raises ResolverError."""
        url = self._url.replace(PLACE, quote(str(address), safe=""))
        try:
            # httpx bounds each step on the wire, and not the whole.
            async with asyncio.timeout(self._answer_seconds), self._client.stream("GET", url) as response:
                if response.status_code in _NOBODY:
                    return None
                if response.status_code != 200:
                    raise ResolverError(f"status {response.status_code}")
                body = await _body(response)
        except TimeoutError:
            raise ResolverError(f"no answer within {self._answer_seconds:g} s") from None
        except httpx.HTTPError as error:
            raise ResolverError(type(error).__name__) from error
        return self._read(body)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    def _read(self, body: bytes) -> Columns | None:
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            raise ResolverError("the answer is not JSON") from None
        if not isinstance(answer, dict):
            raise ResolverError("the answer is not a JSON object")
        found = {column: _value(column, _at(answer, path)) for column, path in self._fields.items()}
        known = {column: value for column, value in found.items() if value is not None}
        return known if "name" in known or "domain" in known else None


async def _body(response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise ResolverError("the answer is compressed, which was not asked for")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise ResolverError(f"the answer is larger than {MAX_ANSWER_BYTES:,} bytes")
    return bytes(body)


def _at(answer: Any, path: list[str]) -> Any:
    for key in path:
        if isinstance(answer, dict):
            answer = answer.get(key)
        elif isinstance(answer, list) and key.isdecimal() and int(key) < len(answer):
            answer = answer[int(key)]
        else:
            return None
    return answer


_READERS: Mapping[str, Callable[[Cell], Value | None]] = {
    "domain": lambda cell: next(iter(cells.domains(cell)), None),
    "employees": cells.number,
    "revenue": cells.number,
    "confidence": cells.number,
    "country": cells.country,
    "list": cells.listed,
}


def _value(column: str, written: Any) -> Value | None:
    """What a column holds; None where the answer has nothing there, or nothing that fits."""
    if isinstance(written, bool) or written is None or isinstance(written, dict):
        return written if isinstance(written, bool) and column not in ALIASES else None
    if isinstance(written, int | float) and column not in ALIASES:
        return written
    cell = tuple(map(str, written)) if isinstance(written, list) else str(written)
    read = _READERS.get(column, cells.text if isinstance(cell, str) else cells.listed)
    try:
        return read(cell) or None
    except MistakeError:
        return None


def read_headers(headers: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Headers with their secrets: `{env:NAME}` is a variable, `{file:PATH}` the first line of a file.

    >>> read_headers({"authorization": "Bearer {env:KEY}"}, {"KEY": "abc"})
    {'authorization': 'Bearer abc'}
    """

    def secret(written: re.Match[str]) -> str:
        kind, name = written.groups()
        value = environment.get(name, "") if kind == "env" else _first_line(Path(name))
        if not value or not value.isascii() or not value.isprintable():
            what = f"the variable {name}" if kind == "env" else name
            raise HeaderError(f"{what} holds no secret for a header (set it to one line of ASCII)")
        return value

    return {name: _SECRET.sub(secret, value) for name, value in headers.items()}


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            return file.readline(4096).strip()
    except OSError as error:
        raise HeaderError(f"{path}: can't be read: {error.strerror} (check company_resolver_headers)") from error
