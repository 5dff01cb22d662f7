from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from proxy.settings.values import GeoPreset
from proxy.visitor.geo_database import GeoDatabases
from proxy.visitor.location import Locator
from proxy.visitor.reads import Reads
from tests.proxy.visitor.databases import MALMO_FLAT, OSLO_GEOIP2, write_database

CLIENT = ip_address("192.0.2.1")


@pytest.fixture
def locator(tmp_path: Path) -> Locator:
    without_clock = {key: value for key, value in MALMO_FLAT.items() if key != "timezone"}
    records = {"192.0.2.0/24": OSLO_GEOIP2, "198.51.100.0/24": without_clock}
    databases = GeoDatabases([write_database(tmp_path / "city.mmdb", records)])
    databases.refresh()
    return Locator([GeoPreset.CLOUDFLARE], databases)


def test_headers_go_first_and_databases_fill_in(locator: Locator) -> None:
    told = {b"cf-ipcountry": b"NO", b"cf-postal-code": b"0151"}
    place = locator.locate(told.get, CLIENT)
    assert (place["geo.city"], place["geo.postcode"]) == ("Oslo", "0151")


def test_headers_of_another_country_leave_the_database_out(locator: Locator) -> None:
    assert locator.locate({b"cf-ipcountry": b"SE"}.get, CLIENT) == {"geo.country": "SE", "geo.eu": True}


def test_where_nobody_is_trusted_the_address_tells(locator: Locator) -> None:
    assert locator.locate(None, CLIENT)["geo.city"] == "Oslo"
    assert locator.locate(None, None) == {}


def test_a_clock_that_nobody_tells_is_that_of_the_position(locator: Locator) -> None:
    assert locator.locate(None, ip_address("198.51.100.1"))["geo.timezone"] == "Europe/Stockholm"


def test_without_presets_and_databases_nothing_is_known() -> None:
    assert Locator().locate({b"cf-ipcountry": b"SE"}.get, CLIENT) == {}


def test_an_address_is_looked_at_where_there_are_databases(locator: Locator, tmp_path: Path) -> None:
    by_akamai = Locator([GeoPreset.AKAMAI])
    assert by_akamai.reads == Reads(frozenset({b"x-akamai-edgescape"}))
    assert locator.reads.fields >= {b"cf-ipcountry", b"cf-iplongitude"}
    assert locator.reads.client is True
    # It may be there later.
    assert Locator([], GeoDatabases([tmp_path / "missing.mmdb"])).reads == Reads(client=True)
