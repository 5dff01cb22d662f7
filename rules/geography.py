"""Positions on the Earth, and how far apart two of them are.

Pure numbers: which positions a visitor and a rule have is for others.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Self

from rules.numbers import parse_number

# The mean radius (Moritz, Geodetic Reference System 1980): of a sphere, so distances are right to half a percent.
EARTH_RADIUS_KM = 6371.0088
MAX_LATITUDE = 90
MAX_LONGITUDE = 180


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """Degrees of latitude (north is positive) and longitude (east is).

    Not a tuple, which everywhere else among a request's values is a list of texts.
    """

    lat: float
    lon: float

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The position that `lat,lon` says; None where that is not two numbers, or not a place on the Earth.

        >>> GeoPoint.parse("59.9,10.7"), GeoPoint.parse("10.7,159.9,0"), GeoPoint.parse("159.9,10.7")
        (GeoPoint(lat=59.9, lon=10.7), None, None)
        """
        lat, comma, lon = text.partition(",")
        return cls.of(lat.strip(), lon.strip()) if comma else None

    @classmethod
    def of(cls, lat: str, lon: str) -> Self | None:
        """The same of two texts."""
        north, east = parse_number(lat), parse_number(lon)
        if north is None or east is None or abs(north) > MAX_LATITUDE or abs(east) > MAX_LONGITUDE:
            return None
        return cls(float(north), float(east))

    def distance_km(self, other: GeoPoint) -> float:
        """The great-circle distance.

        >>> round(GeoPoint(59.913, 10.739).distance_km(GeoPoint(60.391, 5.322)))
        304
        """
        lat, other_lat = radians(self.lat), radians(other.lat)
        # The haversine: exact for neighbours, where the cosine of a small angle has no digits left.
        half_lat, half_lon = sin((other_lat - lat) / 2), sin(radians(other.lon - self.lon) / 2)
        chord = half_lat**2 + cos(lat) * cos(other_lat) * half_lon**2
        return 2 * EARTH_RADIUS_KM * asin(sqrt(min(chord, 1.0)))

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"{_plain(self.lat)},{_plain(self.lon)}"


def _plain(degrees: float) -> str:
    # A hundred-thousandth is a metre, and Python writes less than that with an exponent, which no rule has.
    return f"{degrees:.6f}".rstrip("0").rstrip(".")
