"""Observe one request: from its URL and headers to signals, and only those groups that the plan needs.

Always-known defaults and the visitor's local time are filled in later, by `rules.context`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cachetools import LRUCache

from proxy.settings.values import GeoPreset
from proxy.visitor.client_hints import HINTS, written_hints
from proxy.visitor.cookies import read_visitor, told_by
from proxy.visitor.device import DeviceReader
from proxy.visitor.geo_database import GeoDatabases
from proxy.visitor.location import Locator
from proxy.visitor.reads import NOTHING, Reads
from proxy.visitor.source import Source, SourceReader
from proxy.visitor.vouched import Vouched
from proxy.wire import Address
from rules.context import Value
from rules.pages import query_parameters

QUERY_SIGNAL = "page.query."
VISITOR_SIGNAL = "visitor."

# By the signals that are needed, of which there are as many kinds as plans and answers to a banner.
_MAX_LOOKS = 4096

_AGENT, _LANGUAGES, _REFERER, _BRANDS = b"user-agent", b"accept-language", b"referer", b"sec-ch-ua"

SOURCE_READS = Reads(frozenset({_REFERER}))
"""What `Observer.source` looks at."""
DEVICE_READS = Reads(frozenset({_AGENT, _LANGUAGES, *HINTS}))
BOT_READS = Reads(frozenset({_AGENT, _BRANDS}))
"""What `Observer.is_bot` looks at."""


class Facts(Protocol):
    """What of a request can be observed, as `proxy.request.Request` has it. Header names are in lower case.

    `path` is the canonical one, as text; `host` bears no port; `trusted` tells whether the peer's word counts; `client`
    is who asks, None where that is not known. `scheme` is the site's, as the world sees it.
    """

    @property
    def path(self) -> str: ...
    @property
    def query(self) -> bytes: ...
    @property
    def headers(self) -> tuple[tuple[bytes, bytes], ...]: ...
    @property
    def host(self) -> str: ...
    @property
    def trusted(self) -> bool: ...
    @property
    def client(self) -> Address | None: ...
    @property
    def scheme(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Look:
    """What it takes to tell the signals that are needed: their groups, parameters of the URL, and plain cookies."""

    groups: frozenset[str]
    parameters: Mapping[str, str]
    cookies: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Observer:
    """Reads signals. Made once for each process, since its readers hold tables and caches.

    `own_hosts` are names of this site beside the one under which a request reached it.
    """

    devices: DeviceReader
    sources: SourceReader
    locator: Locator
    visitor_cookies: Mapping[str, str] = field(default_factory=dict)
    own_hosts: tuple[str, ...] = ()
    vouched: Vouched = field(default_factory=Vouched)
    _looks: LRUCache[frozenset[str], _Look] = field(
        default_factory=lambda: LRUCache(_MAX_LOOKS), init=False, repr=False, compare=False
    )

    def reads(self, needed: frozenset[str]) -> Reads:
        """What `observe` looks at, beside the URL and who passed it on, where these signals are needed."""
        look = self._look(needed)
        groups, found = look.groups, NOTHING
        if "source" in groups:
            found |= SOURCE_READS
        if "device" in groups:
            found |= DEVICE_READS
        if groups & {"geo", "time"}:
            found |= self.locator.reads
        if "visitor" in groups:
            found |= Reads(cookies=frozenset(look.cookies.values())) | self.vouched.reads
        return found

    def observe(self, needed: frozenset[str], request: Facts) -> dict[str, Value]:
        """The signals of each group that `needed` names a signal of; a signal without a value is left out."""
        look = self._look(needed)
        groups = look.groups
        found: dict[str, Value] = {}
        # Reversed: of headers with one name the first counts.
        headers = dict(reversed(request.headers))
        query = parse_query(request.query) if request.query and groups & {"page", "source"} else {}
        if "page" in groups:
            found["page.path"] = request.path
            found.update((name, query[each]) for name, each in look.parameters.items() if query.get(each))
        if "source" in groups:
            found.update(self._source(query, headers, request).signals())
        if "device" in groups:
            agent, languages = _text(headers, _AGENT), _text(headers, _LANGUAGES)
            found.update(self.devices.read(agent, languages, written_hints(headers)))
        # The visitor's local time depends on where the visitor is.
        if groups & {"geo", "time"}:
            found.update(self.locator.locate(headers.get if request.trusted else None, request.client))
        if "visitor" in groups:
            found.update(self._visitor(needed, look.cookies, request))
        return found

    def source(self, request: Facts) -> Source:
        """What brought the visitor to this request, as one value that can be kept."""
        query = parse_query(request.query) if request.query else {}
        return self._source(query, dict(reversed(request.headers)), request)

    def is_bot(self, request: Facts) -> bool:
        """Whether a program asks: nobody to be enrolled or remembered, and never a reason to show it something else."""
        headers = dict(reversed(request.headers))
        if self.devices.is_bot(_text(headers, _AGENT)):
            return True
        # A browser that no one looks at may hide it in `User-Agent` alone.
        return b"HeadlessChrome" in headers.get(_BRANDS, b"")

    def _source(self, query: Mapping[str, str], headers: Mapping[bytes, bytes], request: Facts) -> Source:
        return self.sources.read(query, _text(headers, _REFERER), (request.host, *self.own_hosts))

    def _visitor(self, needed: frozenset[str], cookies: Mapping[str, bytes], request: Facts) -> dict[str, Value]:
        """What the site says of the visitor: a plain cookie, and over it what the site vouches for."""
        found: dict[str, Value] = {}
        if cookies:
            found.update(read_visitor([value for name, value in request.headers if name == b"cookie"], cookies))
        vouched = self.vouched.signals(request.headers, is_https=request.scheme == "https")
        found.update((name, vouched[name]) for name in needed & vouched.keys())
        return found

    def _look(self, needed: frozenset[str]) -> _Look:
        look = self._looks.get(needed)
        if look is None:
            cookies = {name: each for name, each in told_by(self.visitor_cookies).items() if name in needed}
            asked = {name: name.removeprefix(QUERY_SIGNAL) for name in needed if name.startswith(QUERY_SIGNAL)}
            look = self._looks[needed] = _Look(frozenset(name.partition(".")[0] for name in needed), asked, cookies)
        return look


def make_observer(
    geo_headers: Iterable[GeoPreset],
    visitor_cookies: Mapping[str, str],
    own_hosts: Iterable[str] = (),
    geo_databases: GeoDatabases | None = None,
    vouched: Vouched | None = None,
) -> Observer:
    """The observer that these settings ask for; loading the table of devices takes about 0.4 s."""
    locator = Locator(geo_headers, geo_databases)
    readers = (DeviceReader(), SourceReader(), locator)
    return Observer(*readers, dict(visitor_cookies), tuple(own_hosts), vouched or Vouched())


def parse_query(query: bytes) -> dict[str, str]:
    """The parameters of a query; of those with one name the first counts."""
    return query_parameters(query.decode("latin-1"))


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")
