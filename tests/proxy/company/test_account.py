from __future__ import annotations

from ipaddress import ip_address

import pytest

from proxy.company.account import FIXED_COLUMNS, Account, Accounts
from proxy.company.ranges import read_ranges


def account(name: str, alias: str | None = None, **keys: tuple[str, ...]) -> Account:
    values = (name, alias, *[None] * (len(FIXED_COLUMNS) - 2))
    ranges = tuple(block for word in keys.get("cidrs", ()) for block in read_ranges(word))
    return Account(FIXED_COLUMNS, values, 1, keys.get("domains", ()), ranges, tuple(map(int, keys.get("asns", ()))))


NORDEA = account("Nordea Bank Abp", "Nordea", domains=("nordea.example",), cidrs=("203.0.113.0/24",), asns=("64496",))
LIFE = account("Nordea", "Liv", domains=("life.nordea.example", "gmail.com"), cidrs=("203.0.113.64/26",))
ACCOUNTS = Accounts([NORDEA, LIFE])


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        ("nordea.example", NORDEA),
        ("mail.nordea.example", NORDEA),
        ("a.life.nordea.example", LIFE),
        ("NORDEA.example.", NORDEA),
        ("notnordea.example", None),
        ("example", None),
        ("", None),
        ("gmail.com", None),
        ("x.gmail.com", None),
    ],
)
def test_an_emails_domain_finds_the_account_that_it_lies_in(domain: str, found: Account | None) -> None:
    assert ACCOUNTS.by_email_domain(domain) is found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("nordea", LIFE),
        ("NORDEA BANK ABP", NORDEA),
        ("liv", LIFE),
        ("nordea.example", NORDEA),
        ("Storebrand", None),
        ("", None),
    ],
)
def test_a_link_names_an_account_by_name_then_alias_then_domain(name: str, found: Account | None) -> None:
    assert ACCOUNTS.by_name(name) is found


def test_the_narrowest_range_says_which_of_a_groups_companies_it_is() -> None:
    assert ACCOUNTS.by_address(ip_address("203.0.113.65")) is LIFE
    assert ACCOUNTS.by_address(ip_address("203.0.113.1")) is NORDEA
    assert ACCOUNTS.by_address(ip_address("198.51.100.1")) is None


def test_a_network_is_one_accounts() -> None:
    assert ACCOUNTS.by_asn(64496) is NORDEA
    assert ACCOUNTS.by_asn(64497) is None


def test_where_two_want_the_same_the_first_one_has_it() -> None:
    twin = account("Twin", domains=("nordea.example",), cidrs=("203.0.113.0/24",), asns=("64496",))
    both = Accounts([NORDEA, twin])
    assert both.by_email_domain("nordea.example") is NORDEA
    assert both.by_address(ip_address("203.0.113.1")) is NORDEA
    assert both.by_asn(64496) is NORDEA


def test_what_is_empty_is_no_signal() -> None:
    assert NORDEA.signals() == {"company.name": "Nordea Bank Abp", "company.alias": "Nordea"}
