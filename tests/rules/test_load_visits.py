from datetime import datetime

import pytest

from rules.context import Value
from rules.errors import MistakeError
from rules.load_visits import read_at, read_page, read_signal


@pytest.mark.parametrize(
    ("name", "word", "value"),
    [
        ("geo.country", "se", "SE"),
        ("geo.postcode", "0150", "0150"),
        ("geo.eu", "True", True),
        ("geo.timezone", "Europe/Oslo", "Europe/Oslo"),
        ("device.type", "Mobile", "mobile"),
        ("visitor.points", "12", "12"),
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
        ("page.path", "/", "`page.path` follows from the page: write it into the path and its query"),
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
