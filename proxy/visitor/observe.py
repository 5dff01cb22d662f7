"""Observe one request: from its URL and headers to signals, and only those groups that the plan needs.

Always-known defaults and the visitor's local time are filled in later, by `rules.context`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from proxy.settings import GeoPreset
from proxy.visitor.cookies import parse_cookies, read_visitor
from proxy.visitor.device import DeviceReader
from proxy.visitor.geo import GeoReader
from proxy.visitor.source import SourceReader
from rules.context import Value
from rules.pages import query_parameters

QUERY_SIGNAL = "page.query."
VISITOR_SIGNAL = "visitor."


class Facts(Protocol):
    """What of a request can be observed, as `proxy.request.Request` has it. Header names are in lower case.

    `path` is the canonical one, as text; `host` bears no port; `trusted` tells whether the peer's word counts.
    """

    @property
    def path(self) -> str: ...
    @property
    def query(self) -> bytes: ...
    @property
    def headers(self) -> Sequence[tuple[bytes, bytes]]: ...
    @property
    def host(self) -> str: ...
    @property
    def trusted(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Observer:
    """Reads signals. Made once for each process, since its readers hold tables and caches.

    `own_hosts` are names of this site beside the one under which a request reached it.
    """

    devices: DeviceReader
    sources: SourceReader
    geo: GeoReader
    visitor_cookies: Mapping[str, str] = field(default_factory=dict)
    own_hosts: tuple[str, ...] = ()

    def observe(self, needed: frozenset[str], request: Facts) -> dict[str, Value]:
        """The signals of each group that `needed` names a signal of; a signal without a value is left out."""
        groups = {name.partition(".")[0] for name in needed}
        found: dict[str, Value] = {}
        # Reversed: of headers with one name the first counts.
        headers = dict(reversed(request.headers))
        query = parse_query(request.query) if request.query and groups & {"page", "source"} else {}
        if "page" in groups:
            found.update(_page(needed, request.path, query))
        if "source" in groups:
            hosts = (request.host, *self.own_hosts)
            found.update(self.sources.read(query, _text(headers, b"referer"), hosts))
        if "device" in groups:
            found.update(self.devices.read(_text(headers, b"user-agent"), _text(headers, b"accept-language")))
        # The visitor's local time depends on where the visitor is.
        if request.trusted and groups & {"geo", "time"}:
            found.update(self.geo.read(headers.get))
        if self.visitor_cookies and "visitor" in groups:
            found.update(self._visitor(needed, request))
        return found

    def _visitor(self, needed: frozenset[str], request: Facts) -> dict[str, str]:
        wanted = {name: cookie for name, cookie in self.visitor_cookies.items() if VISITOR_SIGNAL + name in needed}
        cookies = parse_cookies(value for name, value in request.headers if name == b"cookie")
        return read_visitor(cookies, wanted)


def make_observer(
    geo_headers: Iterable[GeoPreset], visitor_cookies: Mapping[str, str], own_hosts: Iterable[str] = ()
) -> Observer:
    """The observer that these settings ask for; loading the table of devices takes about 0.4 s."""
    return Observer(DeviceReader(), SourceReader(), GeoReader(geo_headers), dict(visitor_cookies), tuple(own_hosts))


def parse_query(query: bytes) -> dict[str, str]:
    """The parameters of a query; of those with one name the first counts."""
    return query_parameters(query.decode("latin-1"))


def _page(needed: frozenset[str], path: str, query: Mapping[str, str]) -> dict[str, str]:
    found = {"page.path": path}
    for name in needed:
        if name.startswith(QUERY_SIGNAL) and (value := query.get(name.removeprefix(QUERY_SIGNAL))):
            found[name] = value
    return found


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")
