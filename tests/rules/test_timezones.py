from __future__ import annotations

import pytest

from rules.errors import MistakeError
from rules.timezones import find_zone, require_zone, visitor_zone


@pytest.mark.parametrize(
    "name", ["Atlantis/Poseidonis", "../../etc/passwd", "/etc/passwd", "Europe", "", "x" * 5_000, "a\x00b"]
)
def test_what_names_no_zone_is_none(name: str) -> None:
    assert find_zone(name) is None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Europe/Olso", "did you mean 'Europe/Oslo'?"),
        ("Oslo", "did you mean 'Europe/Oslo'?"),
        ("europe/oslo", "did you mean 'Europe/Oslo'?"),
        ("the moon", "a name such as Europe/Oslo"),
    ],
)
def test_an_unknown_zone_is_told_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(MistakeError) as caught:
        require_zone(name)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("claimed", "zone"),
    [("Asia/Tokyo", "Asia/Tokyo"), ("nowhere", "Europe/Oslo"), (None, "Europe/Oslo"), (7, "Europe/Oslo")],
)
def test_a_visitor_is_in_the_zone_they_claim_or_else_the_sites(claimed: object, zone: str) -> None:
    assert visitor_zone(claimed, "Europe/Oslo").key == zone


def test_a_site_without_a_known_zone_is_in_utc() -> None:
    assert visitor_zone(None, "nowhere").key == "UTC"
