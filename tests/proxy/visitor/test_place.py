from __future__ import annotations

import pytest

from proxy.visitor.place import EU_MEMBERS, Place, PlaceFacts, PlaceReader, joined
from rules.geography import GeoPoint

READER = PlaceReader()
NORWAY: Place = {"geo.country": "NO", "geo.eu": False}
OSLO: Place = {**NORWAY, "geo.region": "03", "geo.city": "Oslo"}
BERGEN: Place = {**NORWAY, "geo.region": "46", "geo.city": "Bergen", "geo.postcode": "5003"}
SWEDEN: Place = {"geo.country": "SE", "geo.eu": True}
CENTRAL: Place = {**NORWAY, "geo.city": "OSLO", "geo.postcode": "0150", "geo.position": GeoPoint(59.9, 10.7)}


def test_the_eu_has_twenty_seven_members() -> None:
    assert len(EU_MEMBERS) == 27


@pytest.mark.parametrize(
    ("facts", "is_member"),
    [
        (PlaceFacts(country="SE"), True),
        (PlaceFacts(country="NO"), False),
        (PlaceFacts(country="RE", eu=True), True),
        (PlaceFacts(country="SE", eu=False), False),
    ],
)
def test_a_source_may_know_better_than_the_country_whether_it_is_in_the_eu(facts: PlaceFacts, is_member: bool) -> None:
    assert READER.read(facts)["geo.eu"] is is_member


def test_without_a_country_nothing_is_said_of_the_eu() -> None:
    assert READER.read(PlaceFacts(country="XX", eu=True)) == {}


def test_null_island_is_no_position() -> None:
    assert READER.read(PlaceFacts(latitude="0.0", longitude="-0.0")) == {}
    assert READER.read(PlaceFacts(latitude="0", longitude="32.6")) == {"geo.position": GeoPoint(0.0, 32.6)}


@pytest.mark.parametrize(
    ("places", "whole"),
    [
        ([], {}),
        ([{}, {}], {}),
        ([NORWAY, OSLO], OSLO),
        ([OSLO, NORWAY], OSLO),
        ([NORWAY, {}, OSLO], OSLO),
        ([OSLO, BERGEN], OSLO),
        ([OSLO, CENTRAL], {**CENTRAL, **OSLO}),
        ([NORWAY, OSLO, BERGEN], OSLO),
        ([NORWAY, OSLO, CENTRAL], {**CENTRAL, **OSLO}),
        ([SWEDEN, OSLO], SWEDEN),
        ([OSLO, {**NORWAY, "geo.position": GeoPoint(62.0, 10.0)}], OSLO),
        ([{**NORWAY, "geo.region": "46"}, OSLO], {**NORWAY, "geo.region": "46"}),
        ([{**NORWAY, "geo.region": "46"}, BERGEN], BERGEN),
        ([{"geo.timezone": "Europe/Oslo"}, OSLO], OSLO),
        ([{"geo.timezone": "Europe/Oslo"}, {"geo.city": "Oslo"}], {"geo.timezone": "Europe/Oslo"}),
    ],
)
def test_sources_fill_in_for_each_other_where_they_mean_one_place(places: list[Place], whole: Place) -> None:
    assert joined(places) == whole


@pytest.mark.parametrize(
    ("position", "timezone"),
    [
        (GeoPoint(59.9, 10.7), "Europe/Oslo"),
        (GeoPoint(-33.45, -70.667), "America/Santiago"),
        (GeoPoint(21.3, -157.9), "Pacific/Honolulu"),
    ],
)
def test_a_position_tells_the_time_zone(position: GeoPoint, timezone: str) -> None:
    assert READER.with_timezone({"geo.position": position})["geo.timezone"] == timezone


def test_a_time_zone_that_is_told_stays_and_the_open_sea_has_none() -> None:
    told: Place = {"geo.position": GeoPoint(59.9, 10.7), "geo.timezone": "Europe/Stockholm"}
    assert READER.with_timezone(told) is told
    sea: Place = {"geo.position": GeoPoint(20.0, -140.0)}
    assert READER.with_timezone(sea) is sea
    assert READER.with_timezone(NORWAY) is NORWAY
