"""Which company a visitor comes from: the ways there are to know it, in the order in which they count.

Owns the order, and what becomes the `company.` signals. Each way is a module of its own; nothing is remembered of a
visitor, so every page asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from proxy.company.account import Account, Accounts
from proxy.company.links import LinkReader
from proxy.company.network import Network, Networks
from proxy.company.organization import alias_of, is_provider
from proxy.company.resolver import NOBODY, Columns, PatientResolver
from proxy.wire import Address
from rules.context import Value
from rules.signals import COMPANY_WAYS

LINK, EMAIL, RANGE, ASN, RESOLVER, NETWORK = COMPANY_WAYS

CONFIDENCE: Mapping[str, float] = {LINK: 1.0, EMAIL: 0.95, RANGE: 0.9, ASN: 0.8, RESOLVER: 0.7, NETWORK: 0.5}
"""How sure each way is, for rules to compare with: an order, not a measurement."""

COMPANY_SIGNAL = "company."

EMAIL_SIGNALS = ("visitor.email_domain", "visitor.email")
"""Where a vouched email address may stand."""

Signals = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Question:
    """What only the resolver can tell: whose an address is, and what is known of it where nothing is told."""

    address: Address
    accounts: Accounts
    otherwise: Signals


@dataclass(frozen=True, slots=True)
class CompanyFinder:
    """Finds companies. `accounts` and `networks` are asked anew each time, since their files may change."""

    accounts: Callable[[], Accounts] = Accounts
    networks: Callable[[], Networks | None] = lambda: None
    links: LinkReader | None = None
    resolver: PatientResolver | None = None

    async def find(self, address: Address | None, *, link: str = "", email: str = "") -> Signals:
        """The `company.` signals of one request; none where it is not known.

        `link` is a link's signed parameter, `email` a vouched address or its domain. It waits for nothing but the
        resolver, and asks that last before the network's name.
        """
        found = self.find_now(address, link=link, email=email)
        return await self.ask(found) if isinstance(found, Question) else found

    def find_now(self, address: Address | None, *, link: str = "", email: str = "") -> Signals | Question:
        """The same without waiting: the signals, or the question that is left for `ask`."""
        accounts = self.accounts()
        if link and self.links is not None and (company := self.links.company(link)):
            account = accounts.by_name(company)
            return _of_account(account, LINK) if account else _of_name(company, LINK)
        if email and (account := accounts.by_email_domain(email.rpartition("@")[2])):
            return _of_account(account, EMAIL)
        if address is None:
            return {}
        if account := accounts.by_address(address):
            return _of_account(account, RANGE)
        network = self._network(address)
        if network and network.asn and (account := accounts.by_asn(network.asn)):
            return _of_account(account, ASN)
        otherwise = _of_name(network.organization.name, NETWORK) if network and network.organization.name else {}
        if self.resolver is None or not address.is_global:
            return otherwise
        columns = self.resolver.resolve_now(address)
        return Question(address, accounts, otherwise) if columns is None else _resolved(columns, accounts) or otherwise

    async def ask(self, question: Question) -> Signals:
        """The signals that the resolver's answer leads to."""
        columns = await self.resolver.resolve(question.address) if self.resolver is not None else None
        return _resolved(columns or NOBODY, question.accounts) or question.otherwise

    def _network(self, address: Address) -> Network | None:
        networks = self.networks()
        return networks.find(address) if networks is not None else None


def email_of(signals: Mapping[str, Value]) -> str:
    """The vouched email address, or its domain, among a request's signals."""
    told = (signals.get(name) for name in EMAIL_SIGNALS)
    return next((value for value in told if isinstance(value, str) and value), "")


def _of_account(account: Account, way: str) -> Signals:
    return {**account.signals(), **_found(way)}


def _of_name(name: str, way: str) -> Signals:
    return {"company.name": name, "company.alias": alias_of(name), **_found(way)}


def _resolved(columns: Columns, accounts: Accounts) -> Signals:
    """What the resolver tells, under what an account with that domain says; nothing of who brings others online."""
    if not columns:
        return {}
    told = {f"company.{column}": value for column, value in columns.items()}
    account = accounts.by_domain(str(columns.get("domain", "")))
    if account is not None:
        return {**told, **account.signals(), **_found(RESOLVER), **_own_confidence(columns)}
    name = str(columns.get("name", ""))
    if not name or is_provider(name):
        return {}
    return {"company.alias": alias_of(name), **told, **_found(RESOLVER), **_own_confidence(columns)}


def _found(way: str) -> dict[str, Value]:
    return {"company.found_by": way, "company.confidence": CONFIDENCE[way]}


def _own_confidence(columns: Columns) -> dict[str, Value]:
    """The resolver's own word on it, from 0 to 1 or in percent."""
    told = columns.get("confidence")
    if not isinstance(told, int | float) or not 0 <= told <= 100:
        return {}
    return {"company.confidence": told / 100 if told > 1 else told}
