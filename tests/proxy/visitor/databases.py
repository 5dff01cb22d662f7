"""Small geo databases for tests, as vendors lay them out; no vendor's data is in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet

OSLO_GEOIP2: Mapping[str, Any] = {
    "city": {"geoname_id": 3143244, "names": {"de": "Oslo", "en": "Oslo"}},
    "continent": {"code": "EU", "names": {"en": "Europe"}},
    "country": {"iso_code": "NO", "names": {"en": "Norway"}},
    "location": {"accuracy_radius": 20, "latitude": 59.9127, "longitude": 10.7461, "time_zone": "Europe/Oslo"},
    "postal": {"code": "0150"},
    "registered_country": {"iso_code": "SE", "is_in_european_union": True},
    "subdivisions": [{"iso_code": "03", "names": {"en": "Oslo"}}],
}
MALMO_FLAT: Mapping[str, Any] = {
    "country_code": "SE",
    "state1": "Skåne County",
    "city": "Malmö",
    "postcode": "211 20",
    "latitude": 55.605,
    "longitude": 13.0038,
    "timezone": "Europe/Stockholm",
}


def write_database(file: Path, records: Mapping[str, Any], *, ip_version: int = 6) -> Path:
    """A database of these records, by network."""
    writer = MMDBWriter(ip_version=ip_version, database_type="Test-City", ipv4_compatible=ip_version == 6)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    # Made beside it and put in its place, as vendors' tools do: no reader sees half of it.
    fresh = file.with_suffix(".new")
    writer.to_db_file(str(fresh))
    fresh.replace(file)
    return file
