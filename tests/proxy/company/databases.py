"""Small databases of networks, written for a test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet

RECORDS: Mapping[str, Mapping[str, Any]] = {
    "203.0.113.0/24": {"autonomous_system_number": 64496, "autonomous_system_organization": "Nordea Bank Abp"},
    "198.51.100.0/24": {"autonomous_system_number": 64497, "autonomous_system_organization": "Comcast Cable"},
    "2001:db8::/32": {"asn": "AS64498", "as_name": "Siemens AG", "type": "business"},
    "9.9.9.0/24": {"autonomous_system_number": 64499, "autonomous_system_organization": "Velloz LTDA"},
}


def write_networks(path: Path, records: Mapping[str, Mapping[str, Any]] = RECORDS) -> Path:
    """A database with these records, by network."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Networks")
    for network, record in records.items():
        writer.insert_network(IPSet([network]), dict(record))
    writer.to_db_file(str(path))
    return path
