from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.company.ranges import AddressRange, RangeTable, overlaps, read_ranges
from rules.errors import MistakeError


def table(*written: str) -> RangeTable:
    return RangeTable((block, n) for n, word in enumerate(written) for block in read_ranges(word))


@pytest.mark.parametrize(
    ("word", "blocks"),
    [
        ("203.0.113.0/24", ["203.0.113.0/24"]),
        ("203.0.113.9", ["203.0.113.9/32"]),
        ("17.0.0.0/8", ["17.0.0.0/8"]),
        ("2001:db8::/32", ["2001:db8::/32"]),
        ("2001:DB8:0:0::1", ["2001:db8::1/128"]),
        ("203.0.113.0-203.0.113.255", ["203.0.113.0/24"]),
        ("203.0.113.4-203.0.113.6", ["203.0.113.4/31", "203.0.113.6/32"]),
        ("203.0.113.0/255.255.255.0", ["203.0.113.0/24"]),
    ],
)
def test_a_range_is_read_as_people_write_it(word: str, blocks: list[str]) -> None:
    assert [str(block) for block in read_ranges(word)] == blocks


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("203.0.113.5/24", "is not a range", "did you mean 203.0.113.0/24?"),
        ("203.0.113.0/33", "is not a range", "write a network such as 203.0.113.0/24"),
        ("203.0.113", "is not a range", "write a network"),
        ("203.0.113.09", "is not a range", "write a network"),
        ("nordea.example", "is not a range", "write a network"),
        ("203.0.113.9-203.0.113.1", "is not a range", "two full addresses"),
        ("203.0.113.1-9", "is not a range", "two full addresses"),
        ("203.0.113.1-2001:db8::1", "is not a range", "two full addresses"),
        ("0.0.0.0/0", "is too wide for a company", "/8 is the widest"),
        ("::/0", "is too wide for a company", "/16 is the widest"),
        ("2.0.0.0/7", "is too wide for a company", "/8 is the widest"),
        ("1.0.0.0-9.255.255.255", "is too wide for a company", "/8 is the widest"),
        ("203.0.113.0/", "is not a range", "write a network"),
    ],
)
def test_what_is_no_range_is_told_with_what_to_write(word: str, message: str, hint: str) -> None:
    with pytest.raises(MistakeError) as mistake:
        read_ranges(word)
    assert message in mistake.value.message
    assert hint in mistake.value.hint


def test_the_narrowest_range_wins_wherever_it_stands() -> None:
    ranges = table("203.0.113.0/24", "203.0.113.64/26", "203.0.113.64/32", "203.0.113.0/25")
    found = {last: ranges.owner(ip_address(f"203.0.113.{last}")) for last in (0, 63, 64, 65, 127, 128, 255)}
    assert found == {0: 3, 63: 3, 64: 2, 65: 1, 127: 1, 128: 0, 255: 0}


def test_of_equal_ranges_the_first_one_counts() -> None:
    assert table("203.0.113.0/24", "203.0.113.0/24").owner(ip_address("203.0.113.1")) == 0


def test_an_address_outside_of_all_ranges_is_nobodys() -> None:
    ranges = table("203.0.113.0/24", "2001:db8::/32")
    for outside in ("203.0.112.255", "203.0.114.0", "0.0.0.0", "255.255.255.255", "2001:db7::", "2001:db9::", "::"):
        assert ranges.owner(ip_address(outside)) is None


def test_the_two_versions_do_not_mix() -> None:
    ranges = table("::203.0.113.0/120", "198.51.100.0/24")
    assert ranges.owner(ip_address("203.0.113.1")) is None
    assert ranges.owner(ip_address("::203.0.113.1")) == 0
    assert ranges.owner(ip_address("198.51.100.1")) == 1


def test_the_last_address_of_all_is_found() -> None:
    assert table("255.255.255.0/24").owner(ip_address("255.255.255.255")) == 0


_BLOCKS = st.builds(
    lambda bits, length: ip_network((0xCB007100 | bits, length), strict=False),
    st.integers(0, 255),
    st.integers(22, 32),
)


@given(st.lists(_BLOCKS, max_size=30), st.integers(0, 1023))
def test_it_finds_what_looking_at_every_range_finds(blocks: list[object], offset: int) -> None:
    networks = [ip_network(str(block)) for block in blocks]
    address = ip_address(0xCB007000 | offset)
    holding = [n for n, network in enumerate(networks) if address in network]
    expected = max(holding, key=lambda n: (networks[n].prefixlen, -n)) if holding else None
    assert table(*map(str, networks)).owner(address) == expected


def test_overlaps_name_the_nearest_range_of_another_owner() -> None:
    def owned(word: str, owner: int) -> tuple[AddressRange, int]:
        return read_ranges(word)[0], owner

    wide, narrow = owned("203.0.113.0/24", 0), owned("203.0.113.64/26", 1)
    own = owned("203.0.113.0/25", 0)
    assert list(overlaps([narrow, own, wide])) == [(own, narrow)]
    assert list(overlaps([wide, own, owned("2001:db8::/32", 1)])) == []
