"""Where the visitor is, as the network in front says: the `geo.` signals from a CDN's request headers.

Which headers are read is the operator's choice; that they came from a trusted peer, the caller sees to. What of their
words is a value is `proxy.visitor.place`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass
from urllib.parse import unquote_to_bytes

from cachetools import LRUCache

from proxy.settings.values import GeoPreset
from proxy.visitor.place import NOWHERE, Place, PlaceFacts, PlaceReader

Header = Callable[[bytes], bytes | None]
"""The value of a request's header, by its name in lower case."""

Values = tuple[bytes | None, ...]


@dataclass(frozen=True, slots=True)
class GeoHeaders:
    """The names of one network's headers, in the order of `PlaceFacts`."""

    country: bytes
    region: bytes
    city: bytes
    postcode: bytes
    timezone: bytes
    latitude: bytes
    longitude: bytes


PRESETS: Mapping[GeoPreset, GeoHeaders] = {
    # The managed transform "Add visitor location headers"; cf-ipcountry alone is on by default.
    GeoPreset.CLOUDFLARE: GeoHeaders(
        country=b"cf-ipcountry",
        region=b"cf-region-code",
        city=b"cf-ipcity",
        postcode=b"cf-postal-code",
        timezone=b"cf-timezone",
        latitude=b"cf-iplatitude",
        longitude=b"cf-iplongitude",
    ),
    # Each has to be in the distribution's origin request policy.
    GeoPreset.CLOUDFRONT: GeoHeaders(
        country=b"cloudfront-viewer-country",
        region=b"cloudfront-viewer-country-region",
        city=b"cloudfront-viewer-city",
        postcode=b"cloudfront-viewer-postal-code",
        timezone=b"cloudfront-viewer-time-zone",
        latitude=b"cloudfront-viewer-latitude",
        longitude=b"cloudfront-viewer-longitude",
    ),
    # Fastly sends none by itself: a line of VCL for each, `set req.http.client-geo-country = client.geo.country_code;`.
    GeoPreset.FASTLY: GeoHeaders(
        country=b"client-geo-country",
        region=b"client-geo-region",
        city=b"client-geo-city",
        postcode=b"client-geo-postal-code",
        timezone=b"client-geo-timezone",
        latitude=b"client-geo-latitude",
        longitude=b"client-geo-longitude",
    ),
    GeoPreset.VERCEL: GeoHeaders(
        country=b"x-vercel-ip-country",
        region=b"x-vercel-ip-country-region",
        city=b"x-vercel-ip-city",
        postcode=b"x-vercel-ip-postal-code",
        timezone=b"x-vercel-ip-timezone",
        latitude=b"x-vercel-ip-latitude",
        longitude=b"x-vercel-ip-longitude",
    ),
}
"""The networks that give each fact a header of its own."""

EDGESCAPE = b"x-akamai-edgescape"
"""Akamai gives all facts in one: `country_code=US,region_code=MA,city=CAMBRIDGE,zip=02138-02142+02238,timezone=EST`."""

MAX_REMEMBERED_LENGTH = 512


class GeoReader:
    """Reads the location headers of some networks; of several that tell of anything, the one named first counts."""

    def __init__(self, presets: Iterable[GeoPreset], places: PlaceReader | None = None, remembered: int = 4096) -> None:
        self._names = tuple((preset, _header_names(preset)) for preset in presets)
        self._places = places or PlaceReader()
        self._found: LRUCache[tuple[GeoPreset, Values], Place] = LRUCache(remembered)

    @property
    def fields(self) -> frozenset[bytes]:
        """The header fields that `read` looks at."""
        return frozenset(name for _, names in self._names for name in names)

    def read(self, header: Header) -> Place:
        """The `geo.` signals of a request whose peer is trusted.

        A country and what lies in it are one network's: a city is never put into another one's country.
        """
        for preset, names in self._names:
            values = tuple(map(header, names))
            found = self._found.get((preset, values))
            if found is None:
                facts = _akamai(values) if preset is GeoPreset.AKAMAI else _separate(values)
                found = self._places.read(facts)
                if sum(len(value or b"") for value in values) <= MAX_REMEMBERED_LENGTH:
                    self._found[preset, values] = found
            if found:
                return found
        return NOWHERE


def _header_names(preset: GeoPreset) -> tuple[bytes, ...]:
    return (EDGESCAPE,) if preset is GeoPreset.AKAMAI else astuple(PRESETS[preset])


def _separate(values: Values) -> PlaceFacts:
    return PlaceFacts(*(_text(value or b"") for value in values))


def _akamai(values: Values) -> PlaceFacts:
    pairs = (pair.partition(b"=") for pair in (values[0] or b"").split(b","))
    given = {name.strip().lower(): _text(value) for name, _, value in pairs}
    names = (b"country_code", b"region_code", b"city", b"zip", b"timezone", b"lat", b"long")
    return PlaceFacts(*(given.get(name, "") for name in names))


def _text(value: bytes) -> str:
    """Percent-encoding undone: Vercel and CloudFront encode what is not ASCII."""
    raw = unquote_to_bytes(value)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
