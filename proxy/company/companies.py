"""All that tells companies in one process, as the settings ask for it: opened, watched, closed.

Owns which parts there are. In which order they are asked is `proxy.company.finder`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from proxy.company.account import Accounts
from proxy.company.accounts_file import AccountsError, load_accounts
from proxy.company.audit import audit
from proxy.company.finder import CompanyFinder
from proxy.company.links import LinkReader
from proxy.company.network import NetworkError, Networks, load_networks
from proxy.company.resolver import SparingResolver
from proxy.company.resolver_http import HeaderError, HttpResolver, read_headers
from proxy.settings.model import Settings
from proxy.watched import WatchedFile


class Companies:
    """The parts, and the finder that asks them. Made by `open_companies`."""

    def __init__(
        self,
        links: LinkReader,
        accounts: WatchedFile[Accounts] | None = None,
        networks: WatchedFile[Networks | None] | None = None,
        service: HttpResolver | None = None,
        resolver: SparingResolver | None = None,
    ) -> None:
        self._files = tuple(file for file in (accounts, networks) if file is not None)
        self._links = links
        self._service = service
        self._resolver = resolver
        self.finder = CompanyFinder(
            (lambda: accounts.current) if accounts else Accounts,
            (lambda: networks.current) if networks else lambda: None,
            links,
            resolver,
        )

    async def watch(self, stop: asyncio.Event) -> None:
        """Read files anew when they change, until `stop` is set."""
        await asyncio.gather(*(file.watch(stop) for file in self._files))

    async def close(self) -> None:
        """End what is on its way to the resolver."""
        if self._resolver is not None:
            await self._resolver.close()
        if self._service is not None:
            await self._service.close()

    def counts(self) -> dict[str, Mapping[str, int]]:
        """What went otherwise than well since this process began, for the operator."""
        resolver = self._resolver.counts if self._resolver is not None else {}
        return {"company_links_refused": self._links.refused, "company_resolver": resolver}


def open_companies(
    settings: Settings,
    keys: Sequence[bytes],
    environment: Mapping[str, str],
    *,
    now: Callable[[], datetime],
    clock: Callable[[], float],
) -> Companies:
    """What the settings ask for. A file that can't be used by now is logged, and read once it can be."""
    accounts = networks = service = resolver = None
    if settings.accounts is not None:
        accounts = WatchedFile(settings.accounts, load_accounts, Accounts())
        accounts.refresh()
    if settings.asn_db is not None:
        nothing: Networks | None = None
        networks = WatchedFile(settings.asn_db, load_networks, nothing)
        networks.refresh()
    if settings.company_resolver is not None:
        service = _service(settings, environment)
        resolver = SparingResolver(service, clock=clock, wait_seconds=settings.company_resolver_seconds)
    return Companies(LinkReader(keys, now=now), accounts, networks, service, resolver)


def unusable(settings: Settings, environment: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A line for each thing that keeps Tailor from starting with these settings, and one for each to warn of."""
    complaints: list[str] = []
    warnings: list[str] = []
    if (path := settings.accounts) is not None:
        try:
            if found := audit(load_accounts(path), path):
                count = f"{len(found)} warnings" if len(found) > 1 else "1 warning"
                warnings.append(f"{path}: {count} (`tailor accounts check {path}` tells all)")
        except AccountsError as error:
            complaints.extend(map(str, error.problems))
        except OSError as error:
            complaints.append(f"{path}: can't be read: {error.strerror} (check --accounts)")
    if (path := settings.asn_db) is not None:
        try:
            load_networks(path)
        except NetworkError as error:
            complaints.append(f"{path}: {error}")
        except OSError as error:
            complaints.append(f"{path}: can't be read: {error.strerror} (check --asn-db)")
    complaints.extend(_missing_secrets(settings, environment))
    return tuple(complaints), tuple(warnings)


def _missing_secrets(settings: Settings, environment: Mapping[str, str]) -> Iterable[str]:
    if settings.company_resolver is None:
        return
    try:
        read_headers(settings.company_resolver_headers, environment)
    except HeaderError as error:
        yield f"company_resolver_headers: {error}"


def _service(settings: Settings, environment: Mapping[str, str]) -> HttpResolver:
    headers = read_headers(settings.company_resolver_headers, environment)
    return HttpResolver(settings.company_resolver or "", settings.company_resolver_fields, headers)
