from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest

from proxy.hops import client_address, forwarded_for, is_trusted, parse_address
from proxy.wire import Address

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
CDN = (*TRUSTED, ip_network("203.0.113.0/24"), ip_network("2001:db8:c::/48"))

ADDRESSES: dict[str, Address | None] = {
    "192.0.2.1": IPv4Address("192.0.2.1"),
    " 192.0.2.1\t": IPv4Address("192.0.2.1"),
    "192.0.2.1:8080": IPv4Address("192.0.2.1"),
    "192.0.2.1:_port": IPv4Address("192.0.2.1"),
    "2001:db8::1": IPv6Address("2001:db8::1"),
    "2001:DB8:0::1": IPv6Address("2001:db8::1"),
    "[2001:db8::1]": IPv6Address("2001:db8::1"),
    "[2001:db8::1]:443": IPv6Address("2001:db8::1"),
    "[2001:db8::1]:_x.y-z": IPv6Address("2001:db8::1"),
    "fe80::1%eth0": IPv6Address("fe80::1"),
    "[fe80::1%25eth0]:80": IPv6Address("fe80::1"),
    "::ffff:192.0.2.1": IPv4Address("192.0.2.1"),
    "::ffff:c000:201": IPv4Address("192.0.2.1"),
    "[::ffff:192.0.2.1]:80": IPv4Address("192.0.2.1"),
    "unknown": None,
    "_hidden": None,
    "_": None,
    "": None,
    ":": None,
    "[]": None,
    "192.0.2.999": None,
    "192.0.2": None,
    "192.0.2.1.1": None,
    "0300.0.2.1": None,
    "192.000.002.001": None,
    "3221225985": None,
    "0xc0.0.2.1": None,
    "192.0.2.1:": None,
    "192.0.2.1:123456": None,
    "192.0.2.1:80:80": None,
    "192.0.2.1 80": None,
    "192.0.2.1%eth0": None,
    "192.0.2.1/32": None,
    "[192.0.2.1]": None,
    "[2001:db8::1": None,
    "2001:db8::1]": None,
    "[2001:db8::1]443": None,
    "[2001:db8::1]:evil:": None,
    "[[2001:db8::1]]": None,
    "2001:db8::1::2": None,
    "192.0.2.\u0661": None,
    "example.com": None,
    "http://192.0.2.1": None,
    '"192.0.2.1"': None,
}


@pytest.mark.parametrize(("text", "address"), ADDRESSES.items())
def test_an_address_is_read_as_proxies_write_it(text: str, address: Address | None) -> None:
    assert parse_address(text) == address


# What it is about: the peer, the lines of X-Forwarded-For, those of Forwarded, and who asks; "" is nobody known.
CLIENTS = {
    # Whom to believe
    "an untrusted peer's word counts for nothing": ("192.0.2.7", ["198.51.100.1"], [], "192.0.2.7"),
    "nor does its Forwarded": ("192.0.2.7", [], ["for=198.51.100.1"], "192.0.2.7"),
    "nor does a trusted name in it": ("192.0.2.7", ["10.0.0.1"], ["for=10.0.0.1"], "192.0.2.7"),
    "an untrusted peer in IPv6": ("2001:db8::7", ["198.51.100.1"], [], "2001:db8::7"),
    "a trusted peer names its client": ("10.0.0.1", ["198.51.100.1"], [], "198.51.100.1"),
    "a trusted peer in IPv6": ("fd00::1", ["2001:db8::1"], [], "2001:db8::1"),
    "a trusted peer in IPv4 inside IPv6": ("::ffff:10.0.0.1", ["198.51.100.1"], [], "198.51.100.1"),
    "a trusted peer with a zone": ("fd00::1%eth0", ["198.51.100.1"], [], "198.51.100.1"),
    "no peer at all, as on a socket of a file": ("", ["198.51.100.1"], [], ""),
    "a peer that is no address": ("localhost", ["198.51.100.1"], [], ""),
    "nothing is said": ("10.0.0.1", [], [], "10.0.0.1"),
    "nothing is said in a line": ("10.0.0.1", [""], [], "10.0.0.1"),
    "nothing is said in either": ("10.0.0.1", [" ,\t, "], [" , ,"], "10.0.0.1"),
    # X-Forwarded-For, from the right
    "what stands further left may be forged": ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], [], "198.51.100.1"),
    "a trusted name further left may be forged": ("10.0.0.1", ["10.9.9.9, 198.51.100.1"], [], "198.51.100.1"),
    "trusted hops are passed over": ("10.0.0.1", ["6.6.6.6, 198.51.100.1, 10.0.0.2"], [], "198.51.100.1"),
    "many trusted hops": ("10.0.0.1", ["198.51.100.1, 10.0.0.4, fd00::3, 10.0.0.2"], [], "198.51.100.1"),
    "trusted hops of both versions": ("fd00::1", ["2001:db8::1, ::ffff:10.0.0.2"], [], "2001:db8::1"),
    "a client between trusted hops": ("10.0.0.1", ["10.0.0.3, 198.51.100.1, 10.0.0.2"], [], "198.51.100.1"),
    "all are trusted": ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], [], "10.0.0.3"),
    "the peer names itself": ("10.0.0.1", ["10.0.0.1"], [], "10.0.0.1"),
    "lines are one list": ("10.0.0.1", ["6.6.6.6", "198.51.100.1", "10.0.0.2"], [], "198.51.100.1"),
    "lines of several": ("10.0.0.1", ["6.6.6.6, 198.51.100.1", "10.0.0.3,10.0.0.2"], [], "198.51.100.1"),
    "an empty line between them": ("10.0.0.1", ["198.51.100.1", "", "10.0.0.2"], [], "198.51.100.1"),
    "empty elements are no hops": ("10.0.0.1", [",198.51.100.1,, ,10.0.0.2,"], [], "198.51.100.1"),
    "spaces and tabs": ("10.0.0.1", ["\t198.51.100.1 ,  10.0.0.2\t"], [], "198.51.100.1"),
    "no spaces": ("10.0.0.1", ["6.6.6.6,198.51.100.1,10.0.0.2"], [], "198.51.100.1"),
    "ports are cut off": ("10.0.0.1", ["198.51.100.1:4711, 10.0.0.2:80"], [], "198.51.100.1"),
    "IPv6 with a port": ("10.0.0.1", ["[2001:db8::1]:4711"], [], "2001:db8::1"),
    "IPv6 in brackets": ("10.0.0.1", ["[2001:db8::1], [fd00::2]"], [], "2001:db8::1"),
    "IPv6 with a zone": ("10.0.0.1", ["fe80::1%eth0"], [], "fe80::1"),
    "IPv4 inside IPv6": ("10.0.0.1", ["::ffff:198.51.100.1"], [], "198.51.100.1"),
    "the CDN's own nodes are passed over": ("203.0.113.9", ["198.51.100.1, 203.0.113.4"], [], "198.51.100.1"),
    "the CDN's own nodes in IPv6": ("2001:db8:c::9", ["198.51.100.1, 2001:db8:c::4"], [], "198.51.100.1"),
    "a neighbour of the CDN's is a client": ("203.0.113.9", ["6.6.6.6, 203.0.114.4"], [], "203.0.114.4"),
    # What can't be read is somebody whom nobody knows: neither who stands left of it nor the proxy on its right
    "an unknown client": ("10.0.0.1", ["unknown"], [], ""),
    "an unknown client behind proxies": ("10.0.0.1", ["198.51.100.1, unknown, 10.0.0.2"], [], ""),
    "unknown in capitals": ("10.0.0.1", ["198.51.100.1, UNKNOWN"], [], ""),
    "a made-up name": ("10.0.0.1", ["198.51.100.1, _hidden"], [], ""),
    "garbage": ("10.0.0.1", ["198.51.100.1, ;;;"], [], ""),
    "a name of the DNS": ("10.0.0.1", ["198.51.100.1, client.example"], [], ""),
    "half an address": ("10.0.0.1", ["198.51.100.1, 198.51.100"], [], ""),
    "an address that is no longer one": ("10.0.0.1", ["198.51.100.1, 10.0.0.256"], [], ""),
    "octal digits": ("10.0.0.1", ["198.51.100.1, 012.0.0.1"], [], ""),
    "brackets that do not close": ("10.0.0.1", ["198.51.100.1, [fd00::2"], [], ""),
    "a Forwarded in the other's place": ("10.0.0.1", ["for=198.51.100.1"], [], ""),
    "garbage further left does no harm": ("10.0.0.1", ["\x00;;, 198.51.100.1"], [], "198.51.100.1"),
    # Forwarded
    "Forwarded": ("10.0.0.1", [], ["for=6.6.6.6, for=198.51.100.1"], "198.51.100.1"),
    "IPv6 in Forwarded": ("10.0.0.1", [], ['for=6.6.6.6, for="[2001:db8::1]:47"'], "2001:db8::1"),
    "IPv6 in Forwarded without quotes": ("10.0.0.1", [], ["for=[2001:db8::1]"], "2001:db8::1"),
    "trusted hops of Forwarded": ("10.0.0.1", [], ['for=198.51.100.1, For="[fd00::2]:80"'], "198.51.100.1"),
    "lines of Forwarded": ("10.0.0.1", [], ["for=198.51.100.1", "for=10.0.0.3", "for=10.0.0.2"], "198.51.100.1"),
    "other parameters of Forwarded": (
        "10.0.0.1",
        [],
        ["for=198.51.100.1;proto=https;by=10.0.0.2;host=shop.example, by=10.0.0.1;FOR=10.0.0.2"],
        "198.51.100.1",
    ),
    "empty elements of Forwarded": ("10.0.0.1", [], [",for=198.51.100.1,, ,for=10.0.0.2,"], "198.51.100.1"),
    "an element without for": ("10.0.0.1", [], ["for=198.51.100.1, proto=https"], ""),
    "an element with two": ("10.0.0.1", [], ["for=198.51.100.1;for=10.0.0.2"], ""),
    "an unknown client of Forwarded": ("10.0.0.1", [], ["for=198.51.100.1, for=unknown"], ""),
    "a made-up name of Forwarded": ("10.0.0.1", [], ['for=198.51.100.1, for="_gazonk"'], ""),
    "a quote that does not close": ("10.0.0.1", [], ['for="6.6.6.6, for=198.51.100.1'], ""),
    "a comma in quotes": ("10.0.0.1", [], ['for=198.51.100.1;by="x, for=6.6.6.6"'], "198.51.100.1"),
    # Both
    "both say the same": ("10.0.0.1", ["198.51.100.1"], ["for=198.51.100.1"], "198.51.100.1"),
    "both say the same in their own ways": (
        "10.0.0.1",
        ["6.6.6.6, 2001:db8::1, 10.0.0.2:80"],
        ['for="[2001:DB8::1]:47", for=10.0.0.2'],
        "2001:db8::1",
    ),
    "not the same farther on": ("10.0.0.1", ["6.6.6.6,198.51.100.1"], ["for=7.7.7.7,for=198.51.100.1"], "198.51.100.1"),
    "a Forwarded of the client's own": ("10.0.0.1", ["198.51.100.1"], ["for=6.6.6.6"], ""),
    "an X-Forwarded-For of the client's own": ("10.0.0.1", ["6.6.6.6"], ["for=198.51.100.1"], ""),
    "one tells of a proxy, the other of a client": ("10.0.0.1", ["10.0.0.2"], ["for=198.51.100.1"], ""),
    "one tells more": ("10.0.0.1", ["198.51.100.1, 10.0.0.2"], ["for=10.0.0.2"], ""),
    "both are lost for words": ("10.0.0.1", ["unknown"], ["for=unknown"], ""),
    "one of them is empty": ("10.0.0.1", ["198.51.100.1"], [""], "198.51.100.1"),
}  # fmt: skip


@pytest.mark.parametrize(("peer", "x_forwarded_for", "forwarded", "client"), CLIENTS.values(), ids=CLIENTS.keys())
def test_the_client_is_the_rightmost_hop_that_is_not_trusted(
    peer: str, x_forwarded_for: list[str], forwarded: list[str], client: str
) -> None:
    expected = ip_address(client) if client else None
    assert client_address(parse_address(peer), x_forwarded_for, forwarded, CDN) == expected


def test_nobody_is_trusted_by_default() -> None:
    assert client_address(ip_address("10.0.0.1"), ["198.51.100.1"], [], ()) == ip_address("10.0.0.1")


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
        (", ,\t,", []),
    ],
)
def test_what_is_no_node_is_a_hop_without_a_name(line: str, hops: list[str]) -> None:
    assert forwarded_for(line) == hops


@pytest.mark.parametrize("unit", [" ", "a", '"', "\\", '\\"', 'a="', ";", "=", ",", "for=10.0.0.2,"])
def test_a_field_as_large_as_a_head_is_read_in_linear_time(unit: str) -> None:
    forwarded_for(unit * 65_536)
    forwarded_for('for="' + unit * 65_536)


@pytest.mark.parametrize("hop", ["10.0.0.2", "[fd00::2]:80", "x", "", "[", "1:1:1:1", "192.0.2.1:"])
def test_a_list_of_very_many_hops_is_walked_in_linear_time(hop: str) -> None:
    peer, hops = ip_address("10.0.0.1"), [hop] * 16_384
    client_address(peer, [",".join(hops)], [], TRUSTED)
    client_address(peer, hops, [f"for={hop}" for hop in hops], TRUSTED)
    parse_address(hop * 65_536)
