"""A site behind the proxy's caches, for the tests of what is answered from memory."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from proxy.cache.policy import Policy
from tests.proxy.origins import Connection, RunningServer, running_proxy, scripted_origin

HTML = ("content-type", "text/html; charset=utf-8")
FRESH = ("cache-control", "max-age=60")
MOMENT = datetime(2026, 11, 2, 12, 30, tzinfo=UTC)
"""When everything happens, unless a test says otherwise."""
PAGE = b"<!doctype html><title>T</title><h1>Old</h1>" + b"<p>Text that is long enough to be worth a coding.</p>" * 30


@dataclass
class Site:
    """What the origin answers, by target, and what it was asked; a page that isn't there is a 404."""

    pages: dict[str, tuple[int, tuple[tuple[str, str], ...], bytes]] = field(default_factory=dict)
    asked: list[bytes] = field(default_factory=list)

    def put(self, target: str, body: bytes, *fields: tuple[str, str], status: int = 200) -> None:
        self.pages[target] = (status, fields, body)

    def targets(self) -> list[str]:
        """What was asked for, in order: method and target."""
        return [b" ".join(each.split(b" ", 2)[:2]).decode() for each in self.asked]

    def answer(self, connection: Connection) -> None:
        """One connection of the origin."""
        while request := connection.read_message():
            self.asked.append(request)
            method, target = request.decode("latin-1").split(" ", 2)[:2]
            status, fields, body = self.pages.get(target, (404, (), b"nothing here"))
            tags = dict(fields)
            if "etag" in tags and f"if-none-match: {tags['etag']}".encode() in request:
                status, body = 304, b""
            lines = [f"{name}: {value}" for name, value in fields]
            length = [f"content-length: {len(body)}"] if status != 304 else []
            head = "\r\n".join([f"HTTP/1.1 {status} X", *lines, *length])
            connection.send(head.encode() + b"\r\n\r\n" + (body if method != "HEAD" else b""))


@dataclass(frozen=True)
class Got:
    """A response as it came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __getitem__(self, name: str) -> str:
        return ", ".join(value for each, value in self.headers if each == name)

    @property
    def cache(self) -> str:
        """What the cache says that it did."""
        return self["cache-status"].removeprefix("tailor; ")


class Client:
    """One connection that is kept alive, as browsers keep theirs: only so a response may come from the express way."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, target: str, *fields: str, method: str = "GET", host: str = "shop.example") -> Got:
        """The response to one request."""
        self.send(target, *fields, method=method, host=host)
        return self.read(method)

    def send(self, target: str, *fields: str, method: str = "GET", host: str = "shop.example") -> None:
        """The request alone."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *fields]
        self._connection.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")

    def read(self, method: str = "GET") -> Got:
        """The next response."""
        head = self._connection.read_until(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        fields = [(name.lower(), value.strip()) for name, _, value in (each.partition(":") for each in lines)]
        status, told = int(line.split(" ")[1]), dict(fields)
        if method == "HEAD" or status in (204, 304):
            return Got(status, tuple(fields), b"")
        if told.get("transfer-encoding") == "chunked":
            return Got(status, tuple(fields), self._chunks())
        return Got(status, tuple(fields), self._connection.read_exactly(int(told["content-length"])))

    def _chunks(self) -> bytes:
        body = b""
        while size := int(re.sub(rb";.*", b"", self._connection.read_until(b"\r\n")), 16):
            body += self._connection.read_exactly(size)
            self._connection.read_exactly(2)
        self._connection.read_exactly(2)
        return body


@contextlib.contextmanager
def cached(site: Site, **options: Any) -> Iterator[RunningServer]:
    """The proxy with its caches before a site; `options` are those of `running_proxy`."""
    options.setdefault("policy", Policy())
    options.setdefault("now", lambda: MOMENT)
    with scripted_origin(site.answer) as origin, running_proxy(origin.url, **options) as proxy:
        yield proxy


@contextlib.contextmanager
def client_of(site: Site, **options: Any) -> Iterator[Client]:
    """The same, and one connection to it."""
    with cached(site, **options) as proxy, proxy.connect() as connection:
        yield Client(connection)
