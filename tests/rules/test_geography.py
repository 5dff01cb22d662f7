from __future__ import annotations

import pytest

from rules.geography import GeoPoint

OSLO, BERGEN, SYDNEY = GeoPoint(59.913, 10.739), GeoPoint(60.391, 5.322), GeoPoint(-33.868, 151.209)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("59.9,10.7", GeoPoint(59.9, 10.7)),
        (" 59.9 , 10.7 ", GeoPoint(59.9, 10.7)),
        ("-33.868,151.209", SYDNEY),
        ("90,-180", GeoPoint(90.0, -180.0)),
        ("0,0", GeoPoint(0.0, 0.0)),
        ("90.001,0", None),
        ("0,180.001", None),
        ("151.209,-33.868", None),
        ("59.9", None),
        ("59.9,10.7,3", None),
        ("59,9 10,7", None),
        ("nan,0", None),
        ("inf,0", None),
        ("1e1,0", None),
        ("59.9N,10.7E", None),
        ("", None),
        (",", None),
    ],
)
def test_a_position_is_two_numbers_on_the_earth(text: str, position: GeoPoint | None) -> None:
    assert GeoPoint.parse(text) == position


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        (OSLO, OSLO, 0.0),
        (OSLO, BERGEN, 304.4),
        (OSLO, SYDNEY, 15950.0),
        (GeoPoint(0.0, 179.9), GeoPoint(0.0, -179.9), 22.2),
        (GeoPoint(0.0, 0.0), GeoPoint(0.0, 180.0), 20015.1),
        (GeoPoint(90.0, 0.0), GeoPoint(90.0, 120.0), 0.0),
        (GeoPoint(90.0, 0.0), GeoPoint(-90.0, 33.0), 20015.1),
        (GeoPoint(51.4779, 0.0), GeoPoint(51.4779, 0.00001), 0.0),
    ],
)
def test_a_distance_is_along_the_great_circle_both_ways(one: GeoPoint, other: GeoPoint, km: float) -> None:
    assert one.distance_km(other) == pytest.approx(km, abs=0.1)
    assert other.distance_km(one) == pytest.approx(km, abs=0.1)


def test_neighbours_are_told_apart() -> None:
    assert OSLO.distance_km(GeoPoint(OSLO.lat + 0.00001, OSLO.lon)) == pytest.approx(0.00111, rel=0.01)


@pytest.mark.parametrize("position", [OSLO, SYDNEY, GeoPoint(0.000001, -0.5), GeoPoint(90.0, 180.0)])
def test_a_position_is_written_as_it_is_read(position: GeoPoint) -> None:
    assert GeoPoint.parse(str(position)) == position
