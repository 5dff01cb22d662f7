from datetime import datetime

import pytest

from rules.context import Value
from rules.errors import MistakeError
from rules.geography import GeoPoint
from rules.load_visits import read_arm, read_at, read_page, read_signal


@pytest.mark.parametrize(
    ("name", "word", "value"),
    [
        ("geo.country", "se", "SE"),
        ("geo.postcode", "0150", "0150"),
        ("geo.eu", "True", True),
        ("geo.timezone", "Europe/Oslo", "Europe/Oslo"),
        ("device.type", "Mobile", "mobile"),
        ("visitor.points", "12", "12"),
        ("geo.position", "59.9,10.7", GeoPoint(59.9, 10.7)),
    ],
)
def test_a_value_is_read_by_its_signals_type(name: str, word: str, value: Value) -> None:
    assert read_signal(name, [word]) == value


@pytest.mark.parametrize(
    ("name", "word", "complaint"),
    [
        ("geo.contry", "SE", "unknown signal `geo.contry`"),
        ("geo.country", "XX", "`geo.country` is never `XX`"),
        ("geo.country", "N*", "`geo.country` is never `N?`"),
        ("geo.country", "", "`geo.country` has no value"),
        ("geo.eu", "maybe", "`geo.eu` is `true` or `false`, not `maybe`"),
        ("geo.timezone", "Oslo", "unknown time zone `Oslo`"),
        ("geo.position", "159.9,10.7", "there is no latitude 159.9"),
        ("geo.position", "", "a position is latitude and longitude, not ``"),
        ("page.path", "/", "`page.path` follows from the page"),
        ("time.hour", "9", "`time.hour` follows from the moment"),
    ],
)
def test_a_value_that_can_not_be_is_refused(name: str, word: str, complaint: str) -> None:
    with pytest.raises(MistakeError) as refused:
        read_signal(name, [word])
    assert refused.value.message == complaint


def test_a_signal_with_one_value_takes_no_list() -> None:
    with pytest.raises(MistakeError, match="has one value"):
        read_signal("geo.city", ["Oslo", "Bergen"])


def test_a_position_may_be_a_list_of_two() -> None:
    assert read_signal("geo.position", ["59.9", "10.7"]) == GeoPoint(59.9, 10.7)


def test_a_page_is_decoded_as_the_proxy_does_and_its_first_parameter_counts() -> None:
    assert read_page("/caf%C3%A9?q=a+b&q=c&empty=") == ("/café", {"q": "a b", "empty": ""})


@pytest.mark.parametrize("word", ["", "home", "https://shop.example/", "/products/*", "/#top"])
def test_what_is_no_page_is_refused(word: str) -> None:
    with pytest.raises(MistakeError):
        read_page(word)


def test_a_moment_is_one_and_not_a_day() -> None:
    assert read_at("2026-12-02T10:00") == datetime(2026, 12, 2, 10)  # noqa: DTZ001
    with pytest.raises(MistakeError, match="`at` wants a moment, not `2026-12-02`"):
        read_at("2026-12-02")
    with pytest.raises(MistakeError, match="is not in the years 1970 to 2999"):
        read_at("0001-01-01T00:00")


EXPERIMENTS = {"cta": ("original", "bold"), "hero": ()}


def test_an_arm_is_one_that_the_experiment_has() -> None:
    assert read_arm(EXPERIMENTS, "cta", "bold") == "bold"


@pytest.mark.parametrize(
    ("name", "arm", "complaint", "hint"),
    [
        ("ctaa", "bold", "`ctaa` is no experiment", "did you mean 'cta'?"),
        ("hero", "bold", "`hero` is no experiment", "there is cta"),
        ("cta", "bald", "unknown variant `bald`", "did you mean 'bold'?"),
        ("cta", "x", "unknown variant `x`", "it has original, bold"),
    ],
)
def test_an_arm_that_no_experiment_has_is_refused(name: str, arm: str, complaint: str, hint: str) -> None:
    with pytest.raises(MistakeError) as refused:
        read_arm(EXPERIMENTS, name, arm)
    assert (refused.value.message, refused.value.hint) == (complaint, hint)
