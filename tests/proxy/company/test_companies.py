from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from proxy.company.companies import Companies, open_companies, unusable
from proxy.settings.model import Settings
from rules.context import Value
from tests.proxy.company.databases import write_networks
from tests.proxy.company.test_table import written

ACCOUNTS = "name,cidrs\nNordea,8.8.8.0/24\n"
RESOLVER = {
    "company_resolver": "http://127.0.0.1:1/{ip}",
    "company_resolver_fields": {"name": "company.name"},
    "company_resolver_headers": {"authorization": "Bearer {env:KEY}"},
}


def settings(**given: Any) -> Settings:
    return Settings.model_validate({"origin": "http://origin.example", **given})


def opened(environment: Mapping[str, str] | None = None, **given: Any) -> Companies:
    return open_companies(
        settings(**given), [b"k" * 32], environment or {}, now=lambda: datetime.now(UTC), clock=lambda: 0.0
    )


def find(companies: Companies, address: str) -> Mapping[str, Value]:
    async def ask() -> Mapping[str, Value]:
        try:
            return await companies.finder.find(ip_address(address))
        finally:
            await companies.close()

    return asyncio.run(ask())


def test_without_settings_there_is_nothing_to_find() -> None:
    assert find(opened(), "8.8.8.8") == {}


def test_the_settings_say_which_ways_there_are(tmp_path: Path) -> None:
    accounts, database = written(tmp_path, ACCOUNTS), write_networks(tmp_path / "asn.mmdb")
    assert find(opened(accounts=accounts, asn_db=database), "8.8.8.8")["company.found_by"] == "range"
    assert find(opened(accounts=accounts, asn_db=database), "203.0.113.9")["company.found_by"] == "network"


def test_a_resolver_that_is_not_there_is_counted() -> None:
    companies = opened({"KEY": "abc"}, **RESOLVER)
    assert find(companies, "8.8.8.8") == {}
    assert companies.counts()["company_resolver"] == {"asked": 1, "failed": 1}


def test_a_file_that_got_wrong_by_the_start_is_logged_and_read_once_it_is_right(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "accounts.csv"
    with caplog.at_level(logging.ERROR):
        companies = opened(accounts=path)
    assert find(companies, "8.8.8.8") == {}
    fresh = written(tmp_path, ACCOUNTS, "fresh.csv")

    async def watched() -> Mapping[str, Value]:
        stop = asyncio.Event()
        fresh.rename(path)
        watching = asyncio.create_task(companies.watch(stop))
        stop.set()
        await watching
        companies._files[0].refresh()
        return await companies.finder.find(ip_address("8.8.8.8"))

    assert asyncio.run(watched())["company.name"] == "Nordea"


def test_all_that_keeps_tailor_from_starting_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "name,country\nNordea,Finland\n")
    database = tmp_path / "asn.mmdb"
    database.write_bytes(b"no database")
    complaints, warnings = unusable(settings(accounts=path, asn_db=database, **RESOLVER), {})
    assert complaints == (
        f"{path}:2:1: country: `Finland` is not a country's two letters (ISO 3166-1) (such as NO or DE)",
        f"{database}: is not a MaxMind DB file (such as GeoLite2-ASN.mmdb, unpacked)",
        "company_resolver_headers: the variable KEY holds no secret for a header (set it to one line of ASCII)",
    )
    assert warnings == ()
    complaints, _ = unusable(settings(accounts=tmp_path / "none", asn_db=tmp_path / "none"), {})
    assert complaints == (
        f"{tmp_path / 'none'}: can't be read: No such file or directory (check --accounts)",
        f"{tmp_path / 'none'}: can't be read: No such file or directory (check --asn-db)",
    )


def test_what_is_hardly_meant_is_counted_at_the_start(tmp_path: Path) -> None:
    path = written(tmp_path, ACCOUNTS + "DNB,10.0.0.0/8\n")
    assert unusable(settings(accounts=path), {}) == (
        (),
        (f"{path}: 1 warning (`tailor accounts check {path}` tells all)",),
    )
