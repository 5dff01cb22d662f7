"""A target company, as the accounts file tells of it; and all of a file, found by what is known of a visitor.

Values only: how the file is read is `proxy.company.accounts_file`'s, which way goes first is `proxy.company.finder`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from proxy.company.domains import is_mail_provider, with_parents
from proxy.company.ranges import AddressRange, RangeTable
from proxy.wire import Address
from rules.context import Value

FIXED_COLUMNS = ("name", "alias", "domain", "industry", "employees", "revenue", "country", "tier", "list")
"""The signals of an account that have a meaning of their own, each `company.<column>`."""


class Account(NamedTuple):
    """One company. `columns` are shared by all accounts of a file; an empty value is None.

    `line` is where it was written.
    """

    columns: tuple[str, ...]
    values: tuple[Value | None, ...]
    line: int
    domains: tuple[str, ...] = ()
    ranges: tuple[AddressRange, ...] = ()
    asns: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        return str(self.values[0])

    @property
    def alias(self) -> str:
        return str(self.values[1] or "")

    def signals(self) -> dict[str, Value]:
        """What a rule may know of the company, by the signals' names."""
        known = zip(self.columns, self.values, strict=True)
        return {f"company.{column}": value for column, value in known if value is not None}


class Accounts:
    """The accounts of one file. Where two want the same domain, range, network or name, the first one has it."""

    def __init__(self, accounts: Sequence[Account] = ()) -> None:
        self.all = tuple(accounts)
        self._ranges = RangeTable((block, n) for n, account in enumerate(self.all) for block in account.ranges)
        # From the last to the first, which so has the last word.
        backwards = self.all[::-1]
        self._by_domain = {domain: account for account in backwards for domain in account.domains}
        self._by_asn = {asn: account for account in backwards for asn in account.asns}
        aliases = {account.alias.casefold(): account for account in backwards if account.alias}
        # One account's name goes before another's alias.
        self._by_name = aliases | {account.name.casefold(): account for account in backwards}

    def by_address(self, address: Address) -> Account | None:
        """The account with the narrowest range that the address lies in."""
        n = self._ranges.owner(address)
        return None if n is None else self.all[n]

    def by_asn(self, asn: int) -> Account | None:
        """The account whose own network it is."""
        return self._by_asn.get(asn)

    def by_domain(self, domain: str) -> Account | None:
        """The account with this domain, or with one that it lies in."""
        found = (self._by_domain.get(each) for each in with_parents(domain))
        return next((account for account in found if account is not None), None)

    def by_email_domain(self, domain: str) -> Account | None:
        """The same for what follows the @ of an address; a public provider's domain is nobody's."""
        domain = domain.strip().lower().rstrip(".")
        return None if is_mail_provider(domain) else self.by_domain(domain)

    def by_name(self, name: str) -> Account | None:
        """The account with this name, alias or domain, without regard to case: what a link says."""
        name = name.strip()
        return self._by_name.get(name.casefold()) or self.by_domain(name.lower())
