from __future__ import annotations

import pytest

from rules.errors import MistakeError
from rules.geography import GeoPoint
from rules.operators import Near
from rules.positions import read_position
from tests.rules.reading import condition_problems, read_condition

WRITE = "write {near: {lat: 59.9, lon: 10.7, km: 50}}"
SOUTH = "it is -90 to 90, south of the equator negative"
EXAMPLE = "such as 59.9,10.7; in a rule file [59.9, 10.7]"
A_POSITION = "`geo.position`, which is a position"
WEST = "it is -180 to 180, west of Greenwich negative"


def test_near_is_a_place_and_a_distance() -> None:
    condition = read_condition('geo.position: {near: {lat: "59.9", km: 50, lon: -10.7}}')
    assert getattr(condition, "operators", None) == (Near(GeoPoint(59.9, -10.7), 50),)


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        ("near: Oslo", f"`near` wants a place and a distance ({WRITE})"),
        ("near: [59.9, 10.7, 50]", f"`near` wants a place and a distance ({WRITE})"),
        ("near: {}", f"`near` without `lat` ({WRITE})"),
        ("near: {lat: 59.9, lon: 10.7}", f"`near` without `km` ({WRITE})"),
        ("near: {lon: 10.7, km: 50}", f"`near` without `lat` ({WRITE})"),
        ("near: {latitude: 1, lon: 2, km: 3}", "unknown key `latitude` in `near` (did you mean 'lat'?)"),
        ("near: {lat: 1, lng: 2, km: 3}", "unknown key `lng` in `near` (did you mean 'lon'?)"),
        ("near: {lat: 1, lon: 2, miles: 3}", "unknown key `miles` in `near` (write it in km; a mile is 1.61 of them)"),
        ("near: {lat: 1, lon: 2, km: 3, city: x}", "unknown key `city` in `near` (it knows lat, lon, km)"),
        ("near: {lat: 151, lon: -34, km: 9}", "there is no latitude 151 (are they swapped? lat: -34, lon: 151)"),
        ("near: {lat: 200, lon: 10, km: 9}", f"there is no latitude 200 ({SOUTH})"),
        ("near: {lat: 100, lon: 100, km: 9}", f"there is no latitude 100 ({SOUTH})"),
        ("near: {lat: 10, lon: -181, km: 9}", f"there is no longitude -181 ({WEST})"),
        ("near: {lat: 1, lon: 2, km: 0}", "`km` has to be more than 0 (such as km: 50)"),
        ("near: {lat: 1, lon: 2, km: -5}", "`km` has to be more than 0 (such as km: 50)"),
        (
            "near: {lat: 1, lon: 2, km: 20016}",
            "`km` is so large that every place is near (any place at all is {known: true})",
        ),
        ('near: {lat: "59,9", lon: 2, km: 3}', "`lat` wants a number, not `59,9` (write 59.9)"),
        ("contains: 5", f"`contains` does not fit {A_POSITION} (it fits a text, a list of texts)"),
        ("above: 5", f"`above` does not fit {A_POSITION} (it fits a number, a date, a moment)"),
    ],
)  # fmt: skip
def test_a_mistake_in_near_is_told(test: str, problem: str) -> None:
    assert condition_problems(f"geo.position: {{{test}}}") == [problem]


def test_no_value_equals_a_position_and_no_other_signal_is_near() -> None:
    assert condition_problems('geo.position: "59.9,10.7"') == [
        f"`geo.position` is a position, which no value equals ({WRITE})"
    ]
    assert condition_problems("geo.city: {near: {lat: 1, lon: 2, km: 3}}") == [
        "`near` does not fit `geo.city`, which is text (it fits a position)"
    ]


@pytest.mark.parametrize("word", ["59.9,10.7", " 59.9 , 10.7"])
def test_a_position_of_a_visit_is_latitude_and_longitude(word: str) -> None:
    assert read_position(word) == GeoPoint(59.9, 10.7)


@pytest.mark.parametrize(
    ("word", "complaint", "hint"),
    [
        ("Oslo", "a position is latitude and longitude, not `Oslo`", EXAMPLE),
        ("59.9", "a position is latitude and longitude, not `59.9`", EXAMPLE),
        ("1,2,3", "a position is latitude and longitude, not `1,2,3`", EXAMPLE),
        ("151.2,-33.9", "there is no latitude 151.2", "did you mean -33.9,151.2?"),
        ("-95,-100", "there is no latitude -95", SOUTH),
        ("33,190", "there is no longitude 190", WEST),
    ],
)
def test_what_is_no_position_is_told(word: str, complaint: str, hint: str) -> None:
    with pytest.raises(MistakeError) as refused:
        read_position(word)
    assert (refused.value.message, refused.value.hint) == (complaint, hint)
