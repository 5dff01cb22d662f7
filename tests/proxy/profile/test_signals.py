from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from proxy.profile.model import PageView, Preferences, Profile, Purchase, Source
from proxy.profile.observe import observe
from proxy.profile.signals import asks_profile, signals
from rules.context import Context
from rules.signals import Tier, catalogue, lookup
from tests.proxy.profile.browsing import SEARCH, TUESDAY, after
from tests.rules.reading import read_condition


def holds(condition: str, profile: Profile, now: datetime) -> bool | None:
    test = read_condition(condition)
    return test.evaluate(Context(signals(profile, now, test.signals), now))


def test_the_first_page_tells_of_a_new_visitor() -> None:
    profile = observe(None, PageView("/offers", SEARCH), TUESDAY)
    assert signals(profile, TUESDAY) == {
        "session.pages": 1,
        "session.started": TUESDAY,
        "session.landing": "/offers",
        "session.searches": 0,
        "session.seconds_active": 0,
        "source.medium": "search",
        "source.name": "google",
        "source.campaign": "",
        "source.term": "tent",
        "source.content": "",
        "source.referrer": "",
        "visits.count": 1,
        "visits.pages": 1,
        "visits.first": TUESDAY,
        "visitor.new": True,
        "first_source.medium": "search",
        "first_source.name": "google",
        "first_source.campaign": "",
        "first_source.term": "tent",
        "first_source.content": "",
        "first_source.referrer": "",
    }


def test_a_visitor_is_new_for_all_of_the_first_visit_and_not_after_it() -> None:
    assert signals(after(0, 20), TUESDAY + timedelta(minutes=20))["visitor.new"] is True
    assert signals(after(0, 120), TUESDAY + timedelta(minutes=120))["visitor.new"] is False


def test_the_last_visit_is_the_one_before() -> None:
    profile = after(0, 5, 7 * 24 * 60)
    assert signals(profile, profile.seen)["visits.last"] == TUESDAY + timedelta(minutes=5)
    assert "visits.last" not in signals(after(0, 5), TUESDAY)


def test_the_time_of_a_visit_is_that_from_its_first_request_to_its_latest() -> None:
    assert signals(after(0, 1.5), TUESDAY + timedelta(minutes=2))["session.seconds_active"] == 90


def test_a_visit_that_is_over_is_not_told() -> None:
    found = signals(after(0, source=SEARCH), TUESDAY + timedelta(hours=1))
    assert [name for name in found if name.startswith(("session.", "source."))] == []
    assert found["visits.count"] == 1


def test_visits_within_a_period_are_counted_if_they_are_asked_for() -> None:
    days = after(0, 24 * 60, 3 * 24 * 60, 10 * 24 * 60)
    now = days.seen
    found = signals(days, now, {"visits.within.1d", "visits.within.7d", "visits.within.10d", "visits.within.2w"})
    assert {name: value for name, value in found.items() if name.startswith("visits.within")} == {
        "visits.within.1d": 1,
        "visits.within.7d": 2,
        "visits.within.10d": 4,
        "visits.within.2w": 4,
    }


def test_purchases_are_not_known_before_there_was_one() -> None:
    profile = after(0)
    assert not any(name.startswith("purchases") for name in signals(profile, TUESDAY))
    bought = observe(profile, Purchase(49.9, ("tent",)), TUESDAY)
    found = signals(bought, TUESDAY)
    assert (found["purchases.count"], found["purchases.total"]) == (1, 49.9)
    assert (found["purchases.last"], found["purchases.products"]) == (TUESDAY, ("tent",))


def test_preferences_are_signals_under_their_names() -> None:
    told = observe(after(0), Preferences({"diet": "vegan"}), TUESDAY)
    assert signals(told, TUESDAY)["visitor.preferences.diet"] == "vegan"


def test_every_signal_is_in_the_catalogue_and_needs_consent() -> None:
    told = observe(observe(after(0, 60), Purchase(1, ("a",)), TUESDAY), Preferences({"diet": "vegan"}), TUESDAY)
    told = observe(told, PageView("/"), TUESDAY + timedelta(minutes=61))
    found = signals(told, told.seen, {"visits.within.7d"})
    tiers = {name: known.tier for name in found if (known := lookup(name)) is not None}
    assert tiers.keys() == found.keys()
    assert {name for name, tier in tiers.items() if tier is Tier.CONTEXTUAL} == {
        name for name in found if name.startswith("source.")
    }
    remembered = {each.name for each in catalogue() if each.tier in {Tier.SESSION, Tier.PERSISTENT}}
    assert {name for name in remembered if "<" not in name} <= found.keys()


@pytest.mark.parametrize(
    ("names", "asks"),
    [
        ({"geo.country", "visitor.plan", "device.type"}, False),
        (set(), False),
        ({"geo.country", "visits.count"}, True),
        ({"visits.within.7d"}, True),
        ({"visitor.new"}, True),
        ({"visitor.preferences.diet"}, True),
        ({"source.campaign"}, True),
        ({"first_source.medium"}, True),
        ({"session.pages"}, True),
        ({"purchases.count"}, True),
    ],
)
def test_only_what_a_profile_tells_asks_for_one(names: set[str], asks: bool) -> None:
    assert asks_profile(names) is asks


def test_the_business_traveller_of_the_morning_is_the_leisure_traveller_of_the_evening() -> None:
    morning = TUESDAY
    evening = TUESDAY.replace(hour=20)
    business = observe(None, PageView("/flights", Source("paid", "google", "meetings")), morning)
    leisure = observe(business, PageView("/flights", Source("social", "instagram", "beaches")), evening)
    of_meetings, of_beaches = "{source.campaign: meetings}", "{source.campaign: beaches}"
    assert (holds(of_meetings, business, morning), holds(of_beaches, business, morning)) == (True, False)
    assert (holds(of_meetings, leisure, evening), holds(of_beaches, leisure, evening)) == (False, True)
    assert holds("{first_source.campaign: meetings}", leisure, evening) is True
    assert holds("{visits.within.12h: 2}", leisure, evening) is True


@pytest.mark.parametrize(("seconds", "open_"), [(0, True), (119, True), (120, True), (121, False), (1799, False)])
def test_a_window_of_two_minutes_after_the_landing(seconds: int, open_: bool) -> None:
    now = TUESDAY + timedelta(seconds=seconds)
    profile = observe(after(0), PageView("/"), now)
    assert holds("{session.started: {within: 2m}}", profile, now) is open_
    assert holds("{session.seconds_active: {at_most: 120}}", profile, now) is open_
