from __future__ import annotations

from typing import Any

import pytest

from proxy.visitor.geo_record import facts_of
from proxy.visitor.place import PlaceFacts, PlaceReader
from rules.geography import GeoPoint
from tests.proxy.visitor.databases import MALMO_FLAT, OSLO_GEOIP2

NOTHING = PlaceFacts()


def test_the_nested_layout_is_read() -> None:
    assert PlaceReader().read(facts_of(OSLO_GEOIP2)) == {
        "geo.country": "NO",
        "geo.eu": False,
        "geo.region": "03",
        "geo.city": "Oslo",
        "geo.postcode": "0150",
        "geo.position": GeoPoint(59.9127, 10.7461),
        "geo.timezone": "Europe/Oslo",
    }


def test_the_flat_layout_is_read() -> None:
    assert PlaceReader().read(facts_of(MALMO_FLAT)) == {
        "geo.country": "SE",
        "geo.eu": True,
        "geo.city": "Malmö",
        "geo.postcode": "211 20",
        "geo.position": GeoPoint(55.605, 13.0038),
        "geo.timezone": "Europe/Stockholm",
    }


@pytest.mark.parametrize(
    ("record", "facts"),
    [
        ({"country_code": "NO"}, PlaceFacts(country="NO")),
        ({"country": "NO", "country_name": "Norway"}, PlaceFacts(country="NO")),
        ({"country": "United States", "country_code": "US"}, PlaceFacts(country="US")),
        ({"country": {"names": {"en": "Norway"}}, "country_code": "NO"}, PlaceFacts(country="NO")),
        ({"city_name": "Oslo", "zip": "0150"}, PlaceFacts(city="Oslo", postcode="0150")),
        ({"city": "Oslo", "zip_code": 150}, PlaceFacts(city="Oslo", postcode="150")),
        ({"city": {"names": {"de": "Genf"}}}, NOTHING),
        ({"postal": "0150"}, PlaceFacts(postcode="0150")),
        ({"time_zone": "Europe/Oslo"}, PlaceFacts(timezone="Europe/Oslo")),
        (
            {"city": "Oslo", "lat": "59.91", "lng": "10.74"},
            PlaceFacts(city="Oslo", latitude="59.91", longitude="10.74"),
        ),
        ({"city": "X", "latitude": 1, "longitude": 1e-7}, PlaceFacts(city="X", latitude="1", longitude="0.000000")),
        ({"registered_country": {"iso_code": "SE"}}, NOTHING),
        ({"represented_country": {"iso_code": "US"}}, NOTHING),
        ({"country": {"iso_code": "RE", "is_in_european_union": True}}, PlaceFacts(country="RE", eu=True)),
        ({"country_code": "GB", "is_eu": "false"}, PlaceFacts(country="GB", eu=False)),
        ({"country_code": "GB", "is_eu": "perhaps"}, PlaceFacts(country="GB")),
        ({"asn": 64500, "autonomous_system_organization": "Example"}, NOTHING),
        ({"country_code": ["NO"], "city": None, "latitude": True}, NOTHING),
        ({"subdivisions": []}, NOTHING),
        ({"subdivisions": {"iso_code": "03"}}, NOTHING),
        ("NO", NOTHING),
        (["NO"], NOTHING),
        (None, NOTHING),
    ],
)
def test_each_fact_is_found_where_its_vendor_keeps_it(record: Any, facts: PlaceFacts) -> None:
    assert facts_of(record) == facts


@pytest.mark.parametrize(
    ("record", "region"),
    [
        ({"subdivisions": [{"iso_code": "ENG"}, {"iso_code": "LND"}]}, "ENG"),
        ({"region_code": "US-CA"}, "CA"),
        ({"region": "CA"}, "CA"),
        ({"region": "California"}, ""),
        ({"state1": "Uri"}, ""),
        ({"region_name": "Uri", "region_code": "UR"}, "UR"),
    ],
)
def test_a_region_is_a_code_and_no_name(record: Any, region: str) -> None:
    assert facts_of(record).region == region


@pytest.mark.parametrize("nameless", [{}, {"city": "-", "zip_code": "-"}, {"city_name": "", "zip": "0"}])
def test_a_capital_in_place_of_a_town_is_nobodys_position(nameless: dict[str, str]) -> None:
    record = {"country_code": "US", "latitude": 38.895, "longitude": -77.037, **nameless}
    assert "geo.position" not in PlaceReader().read(facts_of(record))


@pytest.mark.parametrize(
    ("record", "is_known"),
    [
        ({"country": {"iso_code": "US"}, "location": {"accuracy_radius": 1000}}, False),
        ({"country": {"iso_code": "US"}, "location": {"accuracy_radius": 200}}, True),
        ({"country": {"iso_code": "US"}, "location": {}}, False),
        ({"city": {"names": {"en": "Wichita"}}, "location": {"accuracy_radius": 500}}, False),
        ({"city": {"names": {"en": "Wichita"}}, "location": {}}, True),
        ({"postal": {"code": "67201"}, "location": {}}, True),
    ],
)
def test_the_middle_of_a_country_is_nobodys_position(record: dict[str, Any], is_known: bool) -> None:
    record = {**record, "location": {**record["location"], "latitude": 37.751, "longitude": -97.822}}
    assert ("geo.position" in PlaceReader().read(facts_of(record))) is is_known
