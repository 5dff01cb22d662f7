from __future__ import annotations

import pytest

from rules.signals import Tier, Type, catalogue, is_signal, lookup, suggest


def test_every_signal_says_what_it_is() -> None:
    for signal in catalogue():
        assert signal.meaning
        assert signal.example
        assert not signal.values or signal.example in signal.values


def test_no_name_is_declared_twice() -> None:
    names = [signal.name for signal in catalogue()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ["page.query.ref", "visitor.plan", "visitor.preferences.colour"])
def test_an_open_family_has_every_name(name: str) -> None:
    signal = lookup(name)
    assert signal is not None
    assert (signal.name, signal.type) == (name, Type.ANY)


@pytest.mark.parametrize("name", ["visits.within.7d", "visits.within.30m", "visits.within.99999w"])
def test_visits_within_a_period_are_a_number(name: str) -> None:
    signal = lookup(name)
    assert signal is not None
    assert (signal.type, signal.tier) == (Type.NUMBER, Tier.PERSISTENT)


@pytest.mark.parametrize("name", ["visits.within.", "visits.within.0d", "visits.within.7", "visits.within.7 d"])
def test_visits_within_what_is_no_period_are_no_signal(name: str) -> None:
    assert lookup(name) is None
    assert suggest(name) == "such as visits.within.7d"


@pytest.mark.parametrize("name", ["visitor.preferences.diet", "visitor.new", "visits.count", "first_source.medium"])
def test_what_is_remembered_of_other_visits_is_persistent(name: str) -> None:
    signal = lookup(name)
    assert signal is not None
    assert signal.tier is Tier.PERSISTENT


@pytest.mark.parametrize("name", ["visitor.", "page.query", "visitor", "geo", "", "geo.planet"])
def test_what_is_not_declared_is_no_signal(name: str) -> None:
    assert is_signal(name) is False


def test_what_the_site_vouches_for_needs_the_company_tier() -> None:
    signal = lookup("visitor.plan")
    assert signal is not None
    assert signal.tier is Tier.COMPANY


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("geo.cuntry", "did you mean 'geo.country'?"),
        ("country", "did you mean 'geo.country'?"),
        ("utm.campaign", "did you mean 'source.campaign'?"),
        ("geo_country", "did you mean 'geo.country'?"),
        ("time.minute", "`time` has time.hour, time.weekday, time.date, time.holiday"),
    ],
)
def test_an_unknown_name_is_told_the_nearest(name: str, hint: str) -> None:
    assert suggest(name) == hint


def test_a_name_that_is_like_none_is_told_the_groups() -> None:
    assert suggest("weather.rain").startswith("there is geo.…, source.…, device.…, company.…, page.…, ")
