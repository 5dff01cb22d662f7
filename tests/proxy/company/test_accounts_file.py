from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from proxy.company import accounts_file
from proxy.company.accounts_file import AccountsError, load_accounts
from tests.proxy.company.test_table import written

WHOLE = """\
Company;Alias;Domains;IP ranges;ASN;Industry;Employees;Revenue;Country;Tier;List;Account owner;Seats;Postcode
Nordea Bank Abp;Nordea;nordea.example, nordea.test;203.0.113.0/24 2001:db8::/48;AS64496;\
banking;28 000;11.7;FI;1;nordic|banks;Kari;250;0150
Aldervale Hospital;;aldervale.example;"198.51.100.0/25
198.51.100.128/26";;healthcare;2400;;gb;2;;Ola;;5003
"""


def problems(path: Path) -> list[str]:
    with pytest.raises(AccountsError) as error:
        load_accounts(path)
    return [str(problem).removeprefix(f"{path}:") for problem in error.value.problems]


def test_every_column_becomes_a_signal_and_ones_own_do_too(tmp_path: Path) -> None:
    nordea, aldervale = load_accounts(written(tmp_path, WHOLE)).all
    assert nordea.signals() == {
        "company.name": "Nordea Bank Abp",
        "company.alias": "Nordea",
        "company.domain": "nordea.example",
        "company.industry": "banking",
        "company.employees": 28000,
        "company.revenue": 11.7,
        "company.country": "FI",
        "company.tier": "1",
        "company.list": ("nordic", "banks"),
        "company.account_owner": "Kari",
        "company.seats": 250,
        "company.postcode": "0150",
    }
    assert aldervale.signals() == {
        "company.name": "Aldervale Hospital",
        "company.domain": "aldervale.example",
        "company.industry": "healthcare",
        "company.employees": 2400,
        "company.country": "GB",
        "company.tier": "2",
        "company.account_owner": "Ola",
        "company.postcode": "5003",
    }
    assert [account.line for account in (nordea, aldervale)] == [2, 3]


def test_an_account_is_found_by_all_that_it_is_known_by(tmp_path: Path) -> None:
    accounts = load_accounts(written(tmp_path, WHOLE))
    nordea, aldervale = accounts.all
    assert accounts.by_address(ip_address("203.0.113.77")) is nordea
    assert accounts.by_address(ip_address("2001:db8::1")) is nordea
    assert accounts.by_address(ip_address("198.51.100.190")) is aldervale
    assert accounts.by_asn(64496) is nordea


def test_a_yaml_file_says_the_same(tmp_path: Path) -> None:
    content = (
        "- name: Nordea\n  domains: [nordea.example]\n  cidrs: 203.0.113.0/24\n  asns: [64496]\n  employees: 28000\n"
    )
    (nordea,) = load_accounts(written(tmp_path, content, "accounts.yaml")).all
    assert nordea.signals() == {
        "company.name": "Nordea",
        "company.domain": "nordea.example",
        "company.employees": 28000,
    }
    assert nordea.asns == (64496,)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    content = (
        "Name,Domains,CIDRs,ASN,Employees,Country,List,Owner\n"
        ",nordea,203.0.113.5/24,x,1000-4999,Norway,,Kari\x01\n"
        "DNB,,,,,,,\n"
        "Storebrand,,0.0.0.0/0,,,,,\n"
    )
    assert problems(written(tmp_path, content)) == [
        "2:1: ASN: `x` is not the number of a network (write it like AS64496)",
        "2:1: CIDRs: `203.0.113.5/24` is not a range of addresses (did you mean 203.0.113.0/24?)",
        "2:1: Country: `Norway` is not a country's two letters (ISO 3166-1) (such as NO or DE)",
        "2:1: Domains: `nordea` is not a domain (write it like nordea.example)",
        "2:1: Employees: `1000-4999` is not a number (write digits, such as 1200; for words take a column of your own)",
        "2:1: Name: there is no name (each account needs one; take the row out if it is none)",
        "2:1: owner: there is a control character in the text (type it anew)",
        "4:1: CIDRs: `0.0.0.0/0` is too wide for a company (/8 is the widest that is taken)",
    ]


def test_a_mistake_in_every_row_is_not_told_for_ever(tmp_path: Path) -> None:
    told = problems(written(tmp_path, "name,country\n" + "A,Norway\n" * 5000))
    assert len(told) == accounts_file.MAX_PROBLEMS + 1
    assert "100 problems so far, the rest of the file is not read" in told[-1]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "1:1: there is nothing in the file"),
        ("domains\nnordea.example\n", "1:1: there is no column `name`"),
        ("name,owner\nNordea,Kari,x\n", "2:1: there are 3 cells, and 2 columns"),
    ],
)
def test_a_file_that_is_no_table_is_told(tmp_path: Path, content: str, told: str) -> None:
    (problem,) = problems(written(tmp_path, content))
    assert problem.startswith(told)


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_accounts(tmp_path / "none.csv")
