from __future__ import annotations

import asyncio
import logging
import os
from ipaddress import ip_address
from pathlib import Path

import pytest

from proxy.visitor.geo_database import GeoDatabases, unreadable
from proxy.visitor.place import Place
from rules.geography import GeoPoint
from tests.proxy.visitor.databases import MALMO_FLAT, OSLO_GEOIP2, write_database

OSLO = {
    "geo.country": "NO",
    "geo.eu": False,
    "geo.region": "03",
    "geo.city": "Oslo",
    "geo.postcode": "0150",
    "geo.position": GeoPoint(59.9127, 10.7461),
    "geo.timezone": "Europe/Oslo",
}


def opened(*files: Path) -> GeoDatabases:
    databases = GeoDatabases(files)
    databases.refresh()
    return databases


def find(databases: GeoDatabases, address: str = "192.0.2.1") -> Place:
    return databases.find(ip_address(address))


def city(databases: GeoDatabases) -> object:
    return find(databases).get("geo.city")


def test_an_address_is_found_whichever_its_version(tmp_path: Path) -> None:
    records = {"192.0.2.0/24": OSLO_GEOIP2, "2001:db8::/32": MALMO_FLAT}
    databases = opened(write_database(tmp_path / "city.mmdb", records))
    assert find(databases) == OSLO
    assert find(databases, "2001:db8::7")["geo.city"] == "Malmö"
    assert find(databases, "198.51.100.1") == {}
    assert databases.find(None) == {}


def test_a_database_of_ipv4_alone_knows_no_other_address(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    databases = opened(write_database(tmp_path / "city.mmdb", {"192.0.2.0/24": OSLO_GEOIP2}, ip_version=4))
    assert find(databases, "2001:db8::7") == {}
    assert find(databases) == OSLO
    assert caplog.records == []


def test_without_a_file_nothing_is_found() -> None:
    assert find(opened()) == {}


def test_several_databases_fill_in_for_each_other_in_their_order(tmp_path: Path) -> None:
    country = write_database(tmp_path / "country.mmdb", {"192.0.2.0/24": {"country_code": "NO"}})
    postcodes = write_database(tmp_path / "city.mmdb", {"192.0.2.0/24": OSLO_GEOIP2})
    assert find(opened(country, postcodes)) == OSLO
    assert find(opened(postcodes, country)) == OSLO


def test_a_city_is_never_put_into_another_databases_country(tmp_path: Path) -> None:
    danish = write_database(tmp_path / "country.mmdb", {"192.0.2.0/24": {"country_code": "DK"}})
    oslo = write_database(tmp_path / "city.mmdb", {"192.0.2.0/24": OSLO_GEOIP2})
    assert find(opened(danish, oslo)) == {"geo.country": "DK", "geo.eu": True}


@pytest.mark.parametrize("replaces", [True, False], ids=["put in its place", "written over"])
def test_a_new_file_is_read_and_what_was_found_before_is_forgotten(tmp_path: Path, replaces: bool) -> None:
    file = write_database(tmp_path / "city.mmdb", {"192.0.2.0/24": OSLO_GEOIP2})
    databases = opened(file)
    assert city(databases) == "Oslo"
    newer = write_database(tmp_path / "newer.mmdb", {"192.0.2.0/24": MALMO_FLAT})
    if replaces:
        newer.replace(file)
    else:
        file.write_bytes(newer.read_bytes())
    assert city(databases) == "Oslo"
    databases.refresh()
    assert city(databases) == "Malmö"


def test_a_file_that_is_cut_off_while_it_is_read_harms_nothing(tmp_path: Path) -> None:
    file = write_database(tmp_path / "city.mmdb", {"192.0.2.0/24": OSLO_GEOIP2})
    databases = opened(file)
    os.truncate(file, 10)
    assert city(databases) == "Oslo"


def test_an_unreadable_new_file_keeps_the_old_one_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = write_database(tmp_path / "city.mmdb", {"192.0.2.0/24": OSLO_GEOIP2})
    databases = opened(file)
    file.write_bytes(b"<html>login required</html>")
    for _ in range(3):
        databases.refresh()
    assert city(databases) == "Oslo"
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", f"{file}: is not a MaxMind DB file (such as GeoLite2-City.mmdb); the one that was read before stays")
    ]


def test_a_file_that_goes_and_comes_back_is_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    file = write_database(tmp_path / "city.mmdb", {"192.0.2.0/24": OSLO_GEOIP2})
    databases = opened(file)
    file.unlink()
    databases.refresh()
    databases.refresh()
    assert city(databases) == "Oslo"
    write_database(file, {"192.0.2.0/24": MALMO_FLAT})
    databases.refresh()
    assert city(databases) == "Malmö"
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]


def test_a_file_that_is_broken_inside_finds_nothing_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = write_database(tmp_path / "city.mmdb", {"192.0.2.0/24": OSLO_GEOIP2})
    whole = file.read_bytes()
    metadata = whole.rindex(b"\xab\xcd\xefMaxMind.com")
    separator = whole.index(bytes(16), 0, metadata)
    file.write_bytes(whole[: separator + 16] + b"\xff" * (metadata - separator - 16) + whole[metadata:])
    databases = opened(file)
    assert find(databases) == find(databases, "192.0.2.2") == {}
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", f"{file}: broken inside, so some addresses are not found")
    ]


def test_a_database_that_is_not_there_at_first_is_read_when_it_comes(tmp_path: Path) -> None:
    databases = opened(tmp_path / "city.mmdb")
    assert find(databases) == {}
    write_database(tmp_path / "city.mmdb", {"192.0.2.0/24": OSLO_GEOIP2})
    databases.refresh()
    assert city(databases) == "Oslo"


def test_what_is_found_is_kept_for_a_bounded_number_of_addresses(tmp_path: Path) -> None:
    databases = opened(write_database(tmp_path / "city.mmdb", {"10.0.0.0/8": OSLO_GEOIP2}))
    first = find(databases, "10.0.0.0")
    assert find(databases, "10.0.0.0") is first
    start = int(ip_address("10.0.0.1"))
    for number in range(10_000):
        databases.find(ip_address(start + number))
    assert find(databases, "10.0.0.0") is not first


def test_the_watch_refreshes_until_it_is_stopped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = write_database(tmp_path / "city.mmdb", {"192.0.2.0/24": OSLO_GEOIP2})
    databases = opened(file)

    async def watch_until_told() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()

        class Listener(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                loop.call_soon_threadsafe(stop.set)

        logging.getLogger("proxy").addHandler(listener := Listener())
        try:
            await databases.watch(stop, look_seconds=0.001)
        finally:
            logging.getLogger("proxy").removeHandler(listener)

    caplog.set_level(logging.INFO, "proxy")
    write_database(file, {"192.0.2.0/24": MALMO_FLAT})
    asyncio.run(asyncio.wait_for(watch_until_told(), 10))
    assert city(databases) == "Malmö"


def test_without_files_there_is_nothing_to_watch() -> None:
    asyncio.run(asyncio.wait_for(GeoDatabases().watch(asyncio.Event()), 10))


def test_each_file_that_can_not_be_read_is_told_with_what_to_do(tmp_path: Path) -> None:
    good = write_database(tmp_path / "city.mmdb", {"192.0.2.0/24": OSLO_GEOIP2})
    (tmp_path / "empty.mmdb").touch()
    (tmp_path / "city.tar.gz").write_bytes(b"\x1f\x8b")
    files = [good, tmp_path / "empty.mmdb", tmp_path / "city.tar.gz", tmp_path / "none.mmdb", tmp_path]
    assert unreadable(files) == (
        f"{tmp_path}/empty.mmdb: is not a MaxMind DB file (such as GeoLite2-City.mmdb)",
        f"{tmp_path}/city.tar.gz: is not a MaxMind DB file (unpack it first)",
        f"{tmp_path}/none.mmdb: can't be read: No such file or directory (check --geo-db)",
        f"{tmp_path}: can't be read: Is a directory (check --geo-db)",
    )
