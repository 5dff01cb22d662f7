from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from rules.context import Context, make_context

LATE = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)


def test_an_empty_value_is_missing() -> None:
    context = Context({"geo.city": "", "visitor.lists": (), "geo.eu": False, "time.hour": 0}, LATE)
    assert context.get("geo.city") is None
    assert context.get("visitor.lists") is None
    assert context.get("geo.region") is None
    assert context.get("geo.eu") is False
    assert context.get("time.hour") == 0


def test_some_signals_always_have_a_value() -> None:
    context = make_context({}, now=LATE)
    assert dict(context.signals) == {
        "time.hour": 23,
        "time.weekday": "thu",
        "time.date": date(2026, 12, 31),
        "source.medium": "direct",
        "device.type": "desktop",
    }


def test_what_was_observed_stands() -> None:
    context = make_context({"source.medium": "email", "device.type": "tv", "time.hour": 3}, now=LATE, host="a.example")
    assert (context.get("source.medium"), context.get("device.type"), context.get("time.hour")) == ("email", "tv", 3)
    assert (context.now, context.host) == (LATE, "a.example")


def test_an_empty_observation_gets_the_default() -> None:
    assert make_context({"source.medium": ""}, now=LATE).get("source.medium") == "direct"


def test_time_is_told_in_the_visitors_zone() -> None:
    context = make_context({"geo.timezone": "Asia/Tokyo"}, now=LATE, site_timezone="America/New_York")
    assert (context.get("time.hour"), context.get("time.date")) == (8, date(2027, 1, 1))


def test_time_is_told_in_the_sites_zone_where_the_visitors_is_not_known() -> None:
    context = make_context({"geo.timezone": "Mars/Olympus"}, now=LATE, site_timezone="America/New_York")
    assert (context.get("time.hour"), context.get("time.weekday")) == (18, "thu")


@pytest.mark.parametrize(
    ("country", "moment", "holiday"),
    [
        ("NO", "2026-05-17T12:00+00:00", True),
        ("NO", "2026-05-16T22:00+00:00", True),  # it begins at midnight in Oslo
        ("SE", "2026-05-17T12:00+00:00", False),
        ("", "2026-05-17T12:00+00:00", None),
    ],
)
def test_holidays_are_those_of_the_visitors_country(country: str, moment: str, holiday: bool | None) -> None:
    observed = {"geo.country": country, "geo.timezone": "Europe/Oslo"}
    assert make_context(observed, now=datetime.fromisoformat(moment)).get("time.holiday") is holiday


def test_what_nobody_asks_is_not_looked_up_in_a_calendar() -> None:
    assert "time.holiday" not in make_context({"geo.country": "NO"}, now=LATE, needed={"geo.country"}).signals
    assert "time.holiday" in make_context({"geo.country": "NO"}, now=LATE, needed={"time.holiday"}).signals


def test_the_clock_is_not_asked_where_nothing_of_it_is_needed() -> None:
    assert "time.hour" not in make_context({}, now=LATE, needed={"geo.country"}).signals
    assert "time.hour" in make_context({}, now=LATE, needed={"time.date"}).signals
    assert "time.hour" in make_context({}, now=LATE).signals
