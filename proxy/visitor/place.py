"""Where a visitor is, as `geo.` signals: what counts as a value, and how several sources become one place.

Sources hand over what they know as words: CDN headers (`proxy.visitor.geo`) and databases
(`proxy.visitor.geo_record`). Anything that is not plainly a value (their own words for unknown, garbage) is missing.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import tzfpy

from rules.geography import GeoPoint

Place = Mapping[str, str | bool | GeoPoint]
"""Signals of one place, by their full names."""

NOWHERE: Place = {}

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
_NULL_ISLAND = GeoPoint(0.0, 0.0)
MAX_CITY_LENGTH = 100


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """What one source says, as it is written there; empty where it says nothing.

    `region` is a code of ISO 3166-2 without the country. `eu` is None where the source leaves it to the country.
    """

    country: str = ""
    region: str = ""
    city: str = ""
    postcode: str = ""
    timezone: str = ""
    latitude: str = ""
    longitude: str = ""
    eu: bool | None = field(default=None, kw_only=True)


class PlaceReader:
    """Makes places of facts; holds the names of all time zones."""

    def __init__(self) -> None:
        self._timezones = {name.lower(): name for name in zoneinfo.available_timezones() if "/" in name}

    def read(self, facts: PlaceFacts) -> Place:
        """The signals that the facts amount to."""
        found: dict[str, str | bool | GeoPoint] = {}
        country = known_word(facts.country).upper()
        if _COUNTRY.fullmatch(country) and country not in _NO_COUNTRY:
            found["geo.country"] = country
            found["geo.eu"] = country in EU_MEMBERS if facts.eu is None else facts.eu
        region = known_word(facts.region).upper()
        if _REGION.fullmatch(region):
            found["geo.region"] = region
        if city := _city(known_word(facts.city)):
            found["geo.city"] = city
        postcode = known_word(facts.postcode)
        if _POSTCODE.fullmatch(postcode) and not _POSTCODE_RANGE.fullmatch(postcode):
            found["geo.postcode"] = postcode
        position = GeoPoint.of(facts.latitude.strip(), facts.longitude.strip())
        # Where nobody lives, and what a source means by it is that it does not know.
        if position is not None and position != _NULL_ISLAND:
            found["geo.position"] = position
        # Akamai's EST or GMT-5 knows no summer time, so only names of the form Area/City are taken.
        if timezone := self._timezones.get(known_word(facts.timezone).lower()):
            found["geo.timezone"] = timezone
        return found

    def with_timezone(self, place: Place) -> Place:
        """The place with the time zone of its position, where no source told one."""
        position = place.get("geo.position")
        if "geo.timezone" in place or not isinstance(position, GeoPoint):
            return place
        # Its first call takes a tenth of a second and 34 MB, so it waits until somebody needs it.
        timezone = self._timezones.get(tzfpy.get_tz(position.lon, position.lat).lower())
        return place if timezone is None or timezone.startswith("Etc/") else {**place, "geo.timezone": timezone}


def joined(places: Iterable[Place]) -> Place:
    """What several sources tell of one visitor; of each thing the first that tells it counts.

    Others fill in for the first that names a country, where they mean the same place: a city is never put into another
    one's country, nor a postcode into another one's city. What names no country counts only where nothing does.
    """
    told = [place for place in places if place]
    if not told:
        return NOWHERE
    base = next((place for place in told if "geo.country" in place), told[0])
    whole = dict(base)
    for place in told:
        if place is not base and _fits(place, whole):
            whole = {**place, **whole}
    return whole


def _fits(place: Place, known: Place) -> bool:
    """Whether a place can be the known one, and is told as closely."""
    if "geo.country" not in known or place.get("geo.country") != known["geo.country"]:
        return False
    if "geo.city" in known:
        return str(place.get("geo.city", "")).casefold() == str(known["geo.city"]).casefold()
    return "geo.region" not in known or place.get("geo.region") in (None, known["geo.region"])


def known_word(written: str) -> str:
    """What is written; nothing where it is a word for unknown."""
    text = written.strip()
    return "" if text.lower() in _NO_VALUE else text


def _city(name: str) -> str:
    """Written for readers: Akamai shouts, and Fastly whispers.

    >>> _city("SAINT-DENIS")
    'Saint-Denis'
    """
    if len(name) > MAX_CITY_LENGTH or not name.isprintable() or not any(map(str.isalpha, name)):
        return ""
    return name.title() if name.isupper() or name.islower() else name
