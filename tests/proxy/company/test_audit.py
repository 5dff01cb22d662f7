from __future__ import annotations

from pathlib import Path

from proxy.company.accounts_file import load_accounts
from proxy.company.audit import audit
from tests.proxy.company.test_table import written


def warnings(folder: Path, *lines: str) -> list[str]:
    path = written(folder, "\n".join(["name,alias,domains,cidrs,asns", *lines]))
    return [str(problem).removeprefix(f"{path}:") for problem in audit(load_accounts(path), path)]


def test_a_list_that_says_what_it_means_is_fine(tmp_path: Path) -> None:
    assert warnings(tmp_path, "A,,a.example,,", "B,,,9.9.9.0/24,", "C,,,,64496") == []


def test_an_account_that_nothing_finds_is_told(tmp_path: Path) -> None:
    (line,) = warnings(tmp_path, "A,,,,")
    assert line.startswith("2:1: warning: `A` can be found by a signed link alone (give it a domain, a range")


def test_a_public_providers_domain_is_told(tmp_path: Path) -> None:
    assert warnings(tmp_path, "A,,a.example gmail.com,,") == [
        "2:1: warning: anyone can have an address at `gmail.com` (take it out: it never matches an email address)"
    ]


def test_addresses_that_no_visitor_has_are_told(tmp_path: Path) -> None:
    found = warnings(tmp_path, "A,,,10.0.0.0/8 192.0.2.0/24 2001:db8::/32 127.0.0.1 224.1.0.0/16 9.9.9.0/24,")
    assert [line.partition("warning: ")[2].partition(",")[0] for line in found] == [
        "`10.0.0.0/8` is private or reserved",
        "`127.0.0.1/32` is private or reserved",
        "`192.0.2.0/24` is private or reserved",
        "`2001:db8::/32` is private or reserved",
        "`224.1.0.0/16` is multicast",
    ]


def test_what_two_accounts_have_is_told_with_both_lines(tmp_path: Path) -> None:
    lines = warnings(tmp_path, "A,x,a.example,9.9.9.0/24,64496", "a,X,a.example,9.9.9.0/24,64496")
    assert [line.removeprefix("3:1: warning: the ") for line in lines] == [
        "alias `x` is already that of `A` (line 2 has it, and this one is never found by it)",
        "domain `a.example` is already that of `A` (line 2 has it, and this one is never found by it)",
        "name `a` is already that of `A` (line 2 has it, and this one is never found by it)",
        "network `AS64496` is already that of `A` (line 2 has it, and this one is never found by it)",
        "range `9.9.9.0/24` is already that of `A` (line 2 has it, and this one is never found by it)",
    ]


def test_a_range_within_anothers_is_told_on_the_narrower(tmp_path: Path) -> None:
    assert warnings(tmp_path, "A,,,9.9.9.64/26,", "B,,,9.9.9.0/24,", "C,,,9.9.0.0/16 9.9.9.0/25,") == [
        "2:1: warning: `9.9.9.64/26` lies in `9.9.9.0/25` of `C` (the narrower one counts there; line 4 has the wider)",
        "3:1: warning: `9.9.9.0/24` lies in `9.9.0.0/16` of `C` (the narrower one counts there; line 4 has the wider)",
        "4:1: warning: `9.9.9.0/25` lies in `9.9.9.0/24` of `B` (the narrower one counts there; line 3 has the wider)",
    ]
