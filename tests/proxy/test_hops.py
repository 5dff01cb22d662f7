from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest

from proxy.hops import Address, client_address, forwarded_for, is_trusted, parse_address

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))

ADDRESSES: dict[str, Address | None] = {
    "192.0.2.1": IPv4Address("192.0.2.1"),
    " 192.0.2.1 ": IPv4Address("192.0.2.1"),
    "192.0.2.1:8080": IPv4Address("192.0.2.1"),
    "2001:db8::1": IPv6Address("2001:db8::1"),
    "[2001:db8::1]": IPv6Address("2001:db8::1"),
    "[2001:db8::1]:443": IPv6Address("2001:db8::1"),
    "::ffff:192.0.2.1": IPv4Address("192.0.2.1"),
    "unknown": None,
    "_hidden": None,
    "": None,
    "192.0.2.999": None,
    "example.com": None,
}


@pytest.mark.parametrize(("text", "address"), ADDRESSES.items())
def test_an_address_is_read_as_proxies_write_it(text: str, address: Address | None) -> None:
    assert parse_address(text) == address


CLIENTS = {
    "an untrusted peer's word counts for nothing": ("192.0.2.7", ["198.51.100.1"], [], "192.0.2.7"),
    "a trusted peer names its client": ("10.0.0.1", ["198.51.100.1"], [], "198.51.100.1"),
    "what stands further left may be forged": ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], [], "198.51.100.1"),
    "trusted hops are passed over": ("10.0.0.1", ["6.6.6.6, 198.51.100.1, 10.0.0.2"], [], "198.51.100.1"),
    "lines are one list": ("10.0.0.1", ["6.6.6.6", "198.51.100.1", "10.0.0.2"], [], "198.51.100.1"),
    "all are trusted": ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], [], "10.0.0.3"),
    "nothing is said": ("10.0.0.1", [], [], "10.0.0.1"),
    "an unreadable hop ends the walk": ("10.0.0.1", ["198.51.100.1, unknown, 10.0.0.2"], [], "10.0.0.2"),
    "ports are cut off": ("10.0.0.1", ["198.51.100.1:4711"], [], "198.51.100.1"),
    "IPv6": ("fd00::1", ["2001:db8::1"], [], "2001:db8::1"),
    "Forwarded": ("10.0.0.1", [], ['for=6.6.6.6, for="[2001:db8::1]:47"'], "2001:db8::1"),
    "X-Forwarded-For goes first": ("10.0.0.1", ["198.51.100.1"], ["for=6.6.6.6"], "198.51.100.1"),
    "no address at all": ("", ["198.51.100.1"], [], ""),
}


@pytest.mark.parametrize(("peer", "x_forwarded_for", "forwarded", "client"), CLIENTS.values(), ids=CLIENTS.keys())
def test_the_client_is_the_rightmost_hop_that_is_not_trusted(
    peer: str, x_forwarded_for: list[str], forwarded: list[str], client: str
) -> None:
    assert client_address(peer, x_forwarded_for, forwarded, TRUSTED) == client


def test_nobody_is_trusted_by_default() -> None:
    assert client_address("10.0.0.1", ["198.51.100.1"], [], ()) == "10.0.0.1"


def test_an_address_inside_another_one_is_trusted_too() -> None:
    assert is_trusted(parse_address("::ffff:10.0.0.1"), TRUSTED)


def test_a_quoted_comma_does_not_part_elements() -> None:
    assert forwarded_for('by="a,for=6.6.6.6";for=192.0.2.1') == ["192.0.2.1"]


def test_an_element_without_for_is_a_hop_without_a_name() -> None:
    assert forwarded_for("for=192.0.2.1, proto=https") == ["192.0.2.1", ""]


@pytest.mark.parametrize(
    ("line", "hops"),
    [
        ('for="192.0.2.1', [""]),
        ('for="x, for=192.0.2.1', [""]),
        ('for="a\\"b";proto=https, for = 192.0.2.1 ; by=x', ["", "192.0.2.1"]),
        ("for=192.0.2.1 x", [""]),
        ("for,=,;,for=", ["", "", "", ""]),
    ],
)
def test_what_is_no_node_is_a_hop_without_a_name(line: str, hops: list[str]) -> None:
    assert forwarded_for(line) == hops


@pytest.mark.parametrize("unit", [" ", "a", '"', "\\", '\\"', 'a="', ";", "="])
def test_a_field_as_large_as_a_head_is_read_in_linear_time(unit: str) -> None:
    forwarded_for(unit * 65_536)
    forwarded_for('for="' + unit * 65_536)
