from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.errors import MistakeError
from rules.timezones import clock_change, find_zone, require_zone, visitor_zone


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


@pytest.mark.parametrize(
    ("zone", "day", "change"),
    [
        ("Europe/Oslo", "2026-03-29T00:00", "2026-03-29T01:00+00:00"),
        ("Europe/Oslo", "2026-10-25T00:30", "2026-10-25T01:00+00:00"),
        ("Australia/Lord_Howe", "2026-04-04T12:34", "2026-04-04T15:00+00:00"),
        ("Pacific/Apia", "2011-12-30T00:00", "2011-12-30T10:00+00:00"),
    ],
)
def test_the_clock_is_put_at_one_instant(zone: str, day: str, change: str) -> None:
    begin = datetime.fromisoformat(day).replace(tzinfo=UTC)
    assert clock_change(ZoneInfo(zone), begin, begin + timedelta(days=1)) == datetime.fromisoformat(change)


def test_on_most_days_no_clock_is_put() -> None:
    begin = datetime(2026, 3, 30, tzinfo=UTC)
    assert clock_change(ZoneInfo("Europe/Oslo"), begin, begin + timedelta(days=1)) is None
