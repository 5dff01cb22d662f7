"""Where the visitor is, as the network in front says: the `geo.` signals from a CDN's request headers.

Which headers are read is the operator's choice; that they came from a trusted peer, the caller sees to. Anything that
is not plainly a value (the networks' own words for unknown, garbage) is missing.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass
from urllib.parse import unquote_to_bytes

from cachetools import LRUCache

from proxy.settings import GeoPreset

Header = Callable[[bytes], bytes | None]
"""The value of a request's header, by its name in lower case."""

Values = tuple[bytes | None, ...]


@dataclass(frozen=True, slots=True)
class GeoHeaders:
    """The names of one network's headers."""

    country: bytes
    region: bytes
    city: bytes
    postcode: bytes
    timezone: bytes


PRESETS: Mapping[GeoPreset, GeoHeaders] = {
    # The managed transform "Add visitor location headers"; cf-ipcountry alone is on by default.
    GeoPreset.CLOUDFLARE: GeoHeaders(
        country=b"cf-ipcountry",
        region=b"cf-region-code",
        city=b"cf-ipcity",
        postcode=b"cf-postal-code",
        timezone=b"cf-timezone",
    ),
    # Each has to be in the distribution's origin request policy.
    GeoPreset.CLOUDFRONT: GeoHeaders(
        country=b"cloudfront-viewer-country",
        region=b"cloudfront-viewer-country-region",
        city=b"cloudfront-viewer-city",
        postcode=b"cloudfront-viewer-postal-code",
        timezone=b"cloudfront-viewer-time-zone",
    ),
    # Fastly sends none by itself: a line of VCL for each, `set req.http.client-geo-country = client.geo.country_code;`.
    GeoPreset.FASTLY: GeoHeaders(
        country=b"client-geo-country",
        region=b"client-geo-region",
        city=b"client-geo-city",
        postcode=b"client-geo-postal-code",
        timezone=b"client-geo-timezone",
    ),
    GeoPreset.VERCEL: GeoHeaders(
        country=b"x-vercel-ip-country",
        region=b"x-vercel-ip-country-region",
        city=b"x-vercel-ip-city",
        postcode=b"x-vercel-ip-postal-code",
        timezone=b"x-vercel-ip-timezone",
    ),
}
"""The networks that give each fact a header of its own."""

EDGESCAPE = b"x-akamai-edgescape"
"""Akamai gives all facts in one: `country_code=US,region_code=MA,city=CAMBRIDGE,zip=02138-02142+02238,timezone=EST`."""

EU_MEMBERS = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
"""The member states of the European Union, ISO 3166-1."""

# XX, ZZ: not known. T1: Tor. A1, A2: anonymous, by satellite. EU, AP: somewhere on a continent. O1: other.
_NO_COUNTRY = frozenset({"XX", "ZZ", "T1", "A1", "A2", "O1", "EU", "AP"})
# Fastly has ?, ** and *** for what is absent or reserved, and "no region".
_NO_VALUE = frozenset({"", "?", "-", "**", "***", "0", "unknown", "(unknown)", "null", "none", "no region", "reserved"})
_COUNTRY = re.compile(r"[A-Z]{2}")
_REGION = re.compile(r"[A-Z0-9]{1,3}")
_POSTCODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{1,9}")
_POSTCODE_RANGE = re.compile(r"(\d{5})-\d{5}")
MAX_CITY_LENGTH = 100
MAX_REMEMBERED_LENGTH = 512


class GeoReader:
    """Reads the location headers of some networks; of several that tell of anything, the one named first counts."""

    def __init__(self, presets: Iterable[GeoPreset], remembered: int = 4096) -> None:
        self._names = tuple((preset, _header_names(preset)) for preset in presets)
        self._timezones = {name.lower(): name for name in zoneinfo.available_timezones() if "/" in name}
        self._found: LRUCache[tuple[GeoPreset, Values], Mapping[str, str | bool]] = LRUCache(remembered)

    def read(self, header: Header) -> Mapping[str, str | bool]:
        """The `geo.` signals of a request whose peer is trusted.

        A country and what lies in it are one network's: a city is never put into another one's country.
        """
        for preset, names in self._names:
            values = tuple(map(header, names))
            found = self._found.get((preset, values))
            if found is None:
                facts = _akamai(values) if preset is GeoPreset.AKAMAI else _separate(values)
                found = self._signals(facts)
                if sum(len(value or b"") for value in values) <= MAX_REMEMBERED_LENGTH:
                    self._found[preset, values] = found
            if found:
                return found
        return {}

    def _signals(self, facts: Mapping[str, str]) -> dict[str, str | bool]:
        found: dict[str, str | bool] = {}
        country = facts.get("country", "").upper()
        if _COUNTRY.fullmatch(country) and country not in _NO_COUNTRY:
            found["geo.country"] = country
            found["geo.eu"] = country in EU_MEMBERS
        region = facts.get("region", "").upper()
        if _REGION.fullmatch(region):
            found["geo.region"] = region
        if city := _city(facts.get("city", "")):
            found["geo.city"] = city
        postcode = facts.get("postcode", "")
        if _POSTCODE.fullmatch(postcode) and not _POSTCODE_RANGE.fullmatch(postcode):
            found["geo.postcode"] = postcode
        # Akamai's EST or GMT-5 knows no summer time, so only names of the form Area/City are taken.
        if timezone := self._timezones.get(facts.get("timezone", "").lower()):
            found["geo.timezone"] = timezone
        return found


def _header_names(preset: GeoPreset) -> tuple[bytes, ...]:
    return (EDGESCAPE,) if preset is GeoPreset.AKAMAI else astuple(PRESETS[preset])


def _separate(values: Values) -> dict[str, str]:
    return {fact: _text(value) for fact, value in zip(GeoHeaders.__slots__, values, strict=True) if value}


def _akamai(values: Values) -> dict[str, str]:
    pairs = (pair.partition(b"=") for pair in (values[0] or b"").split(b","))
    given = {name.strip().lower(): _text(value) for name, _, value in pairs}
    return {
        "country": given.get(b"country_code", ""),
        "region": given.get(b"region_code", ""),
        "city": given.get(b"city", ""),
        "postcode": given.get(b"zip", ""),
        "timezone": given.get(b"timezone", ""),
    }


def _text(value: bytes) -> str:
    """Percent-encoding undone (Vercel and CloudFront encode what is not ASCII); words for unknown are nothing."""
    raw = unquote_to_bytes(value)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    text = text.strip()
    return "" if text.lower() in _NO_VALUE else text


def _city(name: str) -> str:
    """Written for readers: Akamai shouts, and Fastly whispers.

    >>> _city("SAINT-DENIS")
    'Saint-Denis'
    """
    if len(name) > MAX_CITY_LENGTH or not name.isprintable() or not any(map(str.isalpha, name)):
        return ""
    return name.title() if name.isupper() or name.islower() else name
