"""Positions as authors write them: the test `near`, and `geo.position` of an imagined visit."""

from __future__ import annotations

from math import pi

from rules import fields
from rules.errors import MistakeError, did_you_mean
from rules.geography import EARTH_RADIUS_KM, MAX_LATITUDE, MAX_LONGITUDE, GeoPoint
from rules.nodes import Entries, Node
from rules.numbers import parse_number
from rules.operators import Near

NEAR_KEYS = ("lat", "lon", "km")
NEAR_EXAMPLE = "{near: {lat: 59.9, lon: 10.7, km: 50}}"
_INSTEAD = {
    "latitude": "did you mean 'lat'?",
    "longitude": "did you mean 'lon'?",
    "lng": "did you mean 'lon'?",
    "long": "did you mean 'lon'?",
    "radius": "did you mean 'km'?",
    "distance": "did you mean 'km'?",
    "miles": "write it in km; a mile is 1.61 of them",
    "mi": "write it in km; a mile is 1.61 of them",
}


def read_near(node: Node) -> Near:
    """The test that `near: {lat:, lon:, km:}` stands for. Raise MistakeError."""
    if not isinstance(node, Entries):
        raise MistakeError("`near` wants a place and a distance", hint=f"write {NEAR_EXAMPLE}")
    for key, _ in node.pairs:
        if key.text not in NEAR_KEYS:
            hint = _INSTEAD.get(key.text) or did_you_mean(key.text, NEAR_KEYS) or f"it knows {', '.join(NEAR_KEYS)}"
            raise MistakeError(f"unknown key `{key.text}` in `near`", hint=hint, position=key.position)
    lat, lon, km = (_number(node, key) for key in NEAR_KEYS)
    _refuse_elsewhere(lat, lon, f"are they swapped? lat: {lon:g}, lon: {lat:g}")
    if km <= 0:
        raise MistakeError("`km` has to be more than 0", hint="such as km: 50")
    if km >= pi * EARTH_RADIUS_KM:
        raise MistakeError("`km` is so large that every place is near", hint="any place at all is {known: true}")
    return Near(GeoPoint(float(lat), float(lon)), km)


def read_position(word: str) -> GeoPoint:
    """The position that `lat,lon` says. Raise MistakeError."""
    lat, lon = (parse_number(part.strip()) for part in word.partition(",")[::2])
    if lat is None or lon is None:
        hint = "such as 59.9,10.7; in a rule file [59.9, 10.7]"
        raise MistakeError(f"a position is latitude and longitude, not `{word}`", hint=hint)
    _refuse_elsewhere(lat, lon, f"did you mean {lon:g},{lat:g}?")
    return GeoPoint(float(lat), float(lon))


def _number(near: Entries, key: str) -> float:
    node = near.get(key)
    if node is None:
        raise MistakeError(f"`near` without `{key}`", hint=f"write {NEAR_EXAMPLE}")
    try:
        return fields.number(fields.text(node, f"`{key}`"), f"`{key}`")
    except MistakeError as mistake:
        raise MistakeError(mistake.message, hint=mistake.hint, position=node.position) from None


def _refuse_elsewhere(lat: float, lon: float, swapped: str) -> None:
    """Refuse what is no place on the Earth; `swapped` is the hint where the two fit the other way round."""
    if abs(lat) > MAX_LATITUDE:
        fit_swapped = abs(lat) <= MAX_LONGITUDE and abs(lon) <= MAX_LATITUDE
        hint = f"it is {-MAX_LATITUDE} to {MAX_LATITUDE}, south of the equator negative"
        raise MistakeError(f"there is no latitude {lat:g}", hint=swapped if fit_swapped else hint)
    if abs(lon) > MAX_LONGITUDE:
        hint = f"it is {-MAX_LONGITUDE} to {MAX_LONGITUDE}, west of Greenwich negative"
        raise MistakeError(f"there is no longitude {lon:g}", hint=hint)
