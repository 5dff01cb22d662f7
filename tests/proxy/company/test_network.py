from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from proxy.company.network import Network, NetworkError, load_networks, read_record
from proxy.company.organization import Kind, Organization
from tests.proxy.company.databases import write_networks

NORDEA = Organization(Kind.COMPANY, "Nordea Bank Abp", "Nordea Bank")


def test_an_address_is_in_a_network_and_a_network_is_somebodys(tmp_path: Path) -> None:
    networks = load_networks(write_networks(tmp_path / "asn.mmdb"))
    assert networks.find(ip_address("203.0.113.9")) == Network(64496, NORDEA)
    assert networks.find(ip_address("198.51.100.9")) == Network(64497, Organization(Kind.ACCESS))
    assert networks.find(ip_address("2001:db8::9")) == Network(
        64498, Organization(Kind.COMPANY, "Siemens AG", "Siemens")
    )
    assert networks.find(ip_address("192.0.2.1")) is None


def test_what_was_found_is_found_again(tmp_path: Path) -> None:
    networks = load_networks(write_networks(tmp_path / "asn.mmdb"))
    address = ip_address("203.0.113.9")
    assert networks.find(address) is networks.find(address)


def test_the_file_may_be_overwritten_while_it_is_used(tmp_path: Path) -> None:
    path = write_networks(tmp_path / "asn.mmdb")
    networks = load_networks(path)
    path.write_bytes(b"")
    assert networks.find(ip_address("203.0.113.9")) == Network(64496, NORDEA)


@pytest.mark.parametrize("content", [b"", b"not a database", b"\xab\xcd\xefMaxMind.com"])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "asn.mmdb"
    path.write_bytes(content)
    with pytest.raises(NetworkError, match="not a MaxMind DB file"):
        load_networks(path)


@pytest.mark.parametrize(
    "record",
    [
        {"autonomous_system_number": 64496, "autonomous_system_organization": "Nordea Bank Abp"},
        {"asn": "AS64496", "as_name": "Nordea Bank Abp", "as_domain": "nordea.example"},
        {"asn": "64496", "name": "Nordea Bank Abp", "type": "business"},
        {"asn": {"asn": "AS64496", "name": "Nordea Bank Abp", "type": "business"}},
        {"as": {"number": 1, "asn": 64496, "name": "Nordea Bank Abp"}},
        {"traits": {"autonomous_system_number": 64496, "organization": "Nordea Bank Abp", "user_type": "business"}},
        {
            "autonomous_system_number": 64496,
            "autonomous_system_organization": "Telenor Norge AS",
            "organization": "Nordea Bank Abp",
        },
    ],
)
def test_every_known_layout_says_the_same(record: dict[str, object]) -> None:
    assert read_record(record) == Network(64496, NORDEA)


@pytest.mark.parametrize("record", [{}, {"asn": None, "as_name": 7.5}, {"asn": "ASx", "as_name": ["Nordea Bank"]}])
def test_a_record_of_another_kind_says_nothing(record: dict[str, object]) -> None:
    assert read_record(record) == Network(None, Organization(Kind.UNCLEAR))
