from __future__ import annotations

from datetime import timedelta

import pytest

from proxy.profile.model import PageView, Preferences, Profile, Purchase, Purchases, Session, Source
from proxy.profile.observe import (
    MAX_PREFERENCES,
    MAX_PRODUCTS,
    MAX_RECENT_VISITS,
    MAX_TEXT_LENGTH,
    observe,
)
from tests.proxy.profile.browsing import SEARCH, TUESDAY, after


def test_the_first_page_begins_the_first_visit() -> None:
    profile = observe(None, PageView("/offers", SEARCH, is_search=True), TUESDAY)
    assert profile == Profile(
        seen=TUESDAY,
        first_visit=TUESDAY,
        first_source=SEARCH,
        session=Session(TUESDAY, TUESDAY, "/offers", SEARCH, pages=1, searches=1),
        visits=1,
        pages=1,
        recent_visits=(int(TUESDAY.timestamp()),),
    )


def test_pages_within_half_an_hour_of_each_other_are_one_visit() -> None:
    profile = after(0, 29, 58, 88)
    assert (profile.visits, profile.pages) == (1, 4)
    assert profile.session is not None
    assert (profile.session.started, profile.session.last) == (TUESDAY, TUESDAY + timedelta(minutes=88))


def test_after_half_an_hour_without_a_page_the_next_one_begins_another_visit() -> None:
    profile = after(0, 10, 41)
    assert (profile.visits, profile.pages) == (2, 3)
    assert profile.previous_visit == TUESDAY + timedelta(minutes=10)
    assert profile.session is not None
    assert (profile.session.started, profile.session.pages) == (TUESDAY + timedelta(minutes=41), 1)
    assert profile.first_visit == TUESDAY


def test_the_first_source_stays() -> None:
    profile = after(60, source=Source("email"), profile=after(0, source=SEARCH))
    assert profile.first_source == SEARCH
    assert profile.session is not None
    assert profile.session.source == Source("email")


def test_the_source_of_the_landing_holds_for_the_visit() -> None:
    profile = after(1, 2, profile=after(0, source=SEARCH))
    assert profile.session is not None
    assert profile.session.source == SEARCH


def test_another_source_within_a_visit_takes_its_place() -> None:
    profile = after(5, source=Source("email", campaign="spring"), profile=after(0, source=SEARCH))
    assert profile.session is not None
    assert (profile.visits, profile.session.source.campaign) == (1, "spring")


def test_searches_are_counted_for_each_visit() -> None:
    profile = observe(after(0), PageView("/search", is_search=True), TUESDAY)
    assert profile.session is not None
    assert profile.session.searches == 1
    later = observe(profile, PageView("/"), TUESDAY + timedelta(hours=1))
    assert later.session is not None
    assert later.session.searches == 0


def test_a_clock_that_is_behind_makes_no_visit_shorter_and_none_new() -> None:
    profile = after(10, 9.5)
    assert (profile.visits, profile.pages) == (1, 2)
    assert profile.session is not None
    assert profile.session.last == profile.seen == TUESDAY + timedelta(minutes=10)


def test_moments_are_kept_in_whole_seconds() -> None:
    assert observe(None, PageView("/"), TUESDAY + timedelta(milliseconds=999)) == after(0)


def test_a_purchase_adds_up_and_is_no_page_view() -> None:
    bought = observe(after(0), Purchase(99.5, ("tent-2", "pegs")), TUESDAY)
    again = observe(bought, Purchase(10, ("tent-2",)), TUESDAY + timedelta(days=1))
    assert again.purchases == Purchases(2, 109.5, TUESDAY + timedelta(days=1), ("pegs", "tent-2"))
    assert (again.visits, again.pages, again.seen) == (1, 1, TUESDAY + timedelta(days=1))


@pytest.mark.parametrize("total", [float("inf"), float("nan")])
def test_a_purchase_of_no_finite_total_leaves_the_total(total: float) -> None:
    bought = observe(observe(None, Purchase(5.0), TUESDAY), Purchase(total), TUESDAY)
    assert (bought.purchases.count, bought.purchases.total) == (2, 5.0)


def test_preferences_are_merged_and_an_empty_one_is_taken_back() -> None:
    told = observe(None, Preferences({"diet": "vegan", "size": "L"}), TUESDAY)
    corrected = observe(told, Preferences({"size": "", "colour": "red"}), TUESDAY)
    assert corrected.preferences == {"diet": "vegan", "colour": "red"}
    assert (corrected.visits, corrected.session) == (0, None)


def test_a_visit_after_preferences_is_the_first_one() -> None:
    told = observe(None, Preferences({"diet": "vegan"}), TUESDAY)
    profile = observe(told, PageView("/"), TUESDAY)
    assert (profile.visits, profile.first_visit, profile.preferences) == (1, TUESDAY, {"diet": "vegan"})


def test_a_profile_does_not_grow_without_end() -> None:
    long = "x" * 1000
    profile = after(*range(0, 100 * 60, 60), path=long, source=Source(*[long] * 6))
    profile = observe(profile, Preferences({f"{long}{n}": long for n in range(1000)}), TUESDAY)
    profile = observe(profile, Preferences({f"n{n}": long for n in range(1000)}), TUESDAY)
    profile = observe(profile, Purchase(1, tuple(f"{n}{long}" for n in range(1000))), TUESDAY)
    assert (profile.visits, len(profile.recent_visits)) == (100, MAX_RECENT_VISITS)
    assert (len(profile.preferences), len(profile.purchases.products)) == (MAX_PREFERENCES, MAX_PRODUCTS)
    assert profile.purchases.products[-1].startswith("999x")
    assert profile.session is not None
    assert len(profile.session.landing) == len(profile.session.source.term) == MAX_TEXT_LENGTH
    assert all(len(name) <= MAX_TEXT_LENGTH >= len(value) for name, value in profile.preferences.items())
