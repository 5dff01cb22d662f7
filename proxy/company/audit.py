"""What a file of accounts may say and its author hardly means: warnings, each with its line and what to do.

What makes a file unusable is found when it is read (`proxy.company.accounts_file`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_network
from pathlib import Path

from proxy.company.account import Account, Accounts
from proxy.company.domains import is_mail_provider
from proxy.company.ranges import overlaps
from rules.errors import Position, Problem, Severity


def audit(accounts: Accounts, path: Path) -> tuple[Problem, ...]:
    """Every warning about the accounts of a file, in the order of its lines."""
    found = _Findings(path)
    for account in accounts.all:
        _look_at(account, found)
    _doubled(accounts, found, "name", lambda account: [account.name.casefold()])
    _doubled(accounts, found, "alias", lambda account: [account.alias.casefold()] if account.alias else [])
    _doubled(accounts, found, "domain", lambda account: account.domains)
    _doubled(accounts, found, "network", lambda account: [f"AS{asn}" for asn in account.asns])
    _overlapping(accounts, found)
    return tuple(sorted(found.problems))


class _Findings:
    def __init__(self, path: Path) -> None:
        self._file = str(path)
        self.problems: list[Problem] = []

    def add(self, account: Account, message: str, hint: str) -> None:
        # Several findings may be on one line, and one only where they are the same.
        position = Position(self._file, account.line, 1)
        self.problems.append(Problem(position, message, hint, severity=Severity.WARNING))


def _look_at(account: Account, found: _Findings) -> None:
    if not (account.domains or account.ranges or account.asns):
        hint = "give it a domain, a range of addresses or a network number"
        found.add(account, f"`{account.name}` can be found by a signed link alone", hint)
    for domain in account.domains:
        if is_mail_provider(domain):
            hint = "take it out: it never matches an email address"
            found.add(account, f"anyone can have an address at `{domain}`", hint)
    for block in account.ranges:
        network = ip_network(str(block))
        if network.is_multicast or not network.is_global:
            kind = "multicast" if network.is_multicast else "private or reserved"
            hint = "take it out, unless your visitors reach Tailor from there"
            found.add(account, f"`{block}` is {kind}, and no visitor from the internet has such an address", hint)


def _doubled(accounts: Accounts, found: _Findings, what: str, keys: Callable[[Account], Iterable[str]]) -> None:
    firsts: dict[str, Account] = {}
    for account in accounts.all:
        for key in keys(account):
            first = firsts.setdefault(key, account)
            if first is not account:
                hint = f"line {first.line} has it, and this one is never found by it"
                found.add(account, f"the {what} `{key}` is already that of `{first.name}`", hint)


def _overlapping(accounts: Accounts, found: _Findings) -> None:
    owned = ((block, n) for n, account in enumerate(accounts.all) for block in account.ranges)
    for (outer, outer_n), (inner, inner_n) in overlaps(owned):
        one, other = accounts.all[outer_n], accounts.all[inner_n]
        if outer == inner:
            hint = f"line {one.line} has it, and this one is never found by it"
            found.add(other, f"the range `{inner}` is already that of `{one.name}`", hint)
        else:
            hint = f"the narrower one counts there; line {one.line} has the wider"
            found.add(other, f"`{inner}` lies in `{outer}` of `{one.name}`", hint)
