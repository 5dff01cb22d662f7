"""A record of a geo database -> facts: where the vendors' layouts keep the same things.

GeoIP2's layout nests (`country.iso_code`), and DB-IP and IP2Location follow it; others are flat (`country_code`). Both
are read by one table of paths. `registered_country` is not read: it is where the network's owner is registered, not
where the visitor is, and a country that is not known is better than a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from proxy.visitor.place import PlaceFacts, known_word

KeyPath = tuple[str | int, ...]


def _paths(written: str) -> tuple[KeyPath, ...]:
    """Where a thing may stand in a record; of several places the first that holds it counts.

    >>> _paths("subdivisions.0.iso_code region_code")
    (('subdivisions', 0, 'iso_code'), ('region_code',))
    """
    return tuple(tuple(int(step) if step.isdigit() else step for step in path.split(".")) for path in written.split())


_COUNTRY = _paths("country.iso_code country_code country")
_REGION_CODE = _paths("subdivisions.0.iso_code region_code subdivision_code")
_REGION = _paths("state1 region region_name subdivision state")
_CITY = _paths("city.names.en city city_name")
_POSTCODE = _paths("postal.code postcode postal_code postal zip_code zip")
_TIMEZONE = _paths("location.time_zone timezone time_zone")
_LATITUDE = _paths("location.latitude latitude lat")
_LONGITUDE = _paths("location.longitude longitude lng lon")
_EU = _paths("country.is_in_european_union is_in_european_union is_eu")
_RADIUS = _paths("location.accuracy_radius accuracy_radius")

_MAX_RADIUS_KM = 200
_SHORT_CODE = re.compile(r"[A-Z0-9]{1,3}")


def facts_of(record: object) -> PlaceFacts:
    """What a record says, whichever layout it has; a record that is no mapping says nothing."""
    latitude, longitude = _word(record, _LATITUDE), _word(record, _LONGITUDE)
    city, postcode = _word(record, _CITY), _word(record, _POSTCODE)
    is_place = _is_place(_found(record, _RADIUS), bool(known_word(city) or known_word(postcode)))
    return PlaceFacts(
        country=_word(record, _COUNTRY),
        region=_region(record),
        city=city,
        postcode=postcode,
        timezone=_word(record, _TIMEZONE),
        latitude=latitude if is_place else "",
        longitude=longitude if is_place else "",
        eu=_flag(_found(record, _EU)),
    )


def _is_place(radius_km: object, is_in_a_town: bool) -> bool:
    """Whether the position is one of a place.

    Of visitors of whom only the country is known, databases give the middle of it, or its capital: a rule for those
    near a farm in Kansas would be for a large part of a nation.
    """
    return radius_km <= _MAX_RADIUS_KM if isinstance(radius_km, int | float) else is_in_a_town


def _region(record: object) -> str:
    """The region's code; of the ones that are called by a name, only what is written as a code is."""
    code = _word(record, _REGION_CODE)
    if code:
        return code.rpartition("-")[2]
    name = _word(record, _REGION)
    return name if _SHORT_CODE.fullmatch(name) else ""


def _word(record: object, paths: Sequence[KeyPath]) -> str:
    value = _found(record, paths)
    if isinstance(value, float):
        # Not as Python writes small ones, with an exponent.
        return f"{value:.6f}"
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _flag(value: object) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower())
    return bool(value) if isinstance(value, int) else None


def _found(record: object, paths: Sequence[KeyPath]) -> object:
    values = (_walk(record, path) for path in paths)
    return next((value for value in values if isinstance(value, str | int | float) and value != ""), None)


def _walk(record: object, path: KeyPath) -> object:
    for step in path:
        if isinstance(record, Mapping):
            record = record.get(step)
        elif isinstance(record, list) and isinstance(step, int) and step < len(record):
            record = record[step]
        else:
            return None
    return record
