from __future__ import annotations

import json

from proxy.profile.model import PageView, Preferences, Purchase
from proxy.profile.observe import observe
from proxy.rights.telling import exported, facts
from proxy.rights.words import ENGLISH, GERMAN
from tests.proxy.profile.browsing import SEARCH, TUESDAY, after


def test_a_profile_is_told_in_words() -> None:
    profile = after(24 * 60, path="/offers", profile=after(0, 5, source=SEARCH))
    profile = observe(profile, PageView("/search", is_search=True), profile.seen)
    profile = observe(profile, Purchase(49.9, ("tent", "pegs")), profile.seen)
    assert list(facts(profile, ENGLISH)) == [
        ("First visit", "2026-12-01 10:00 UTC"),
        ("Visits", "2"),
        ("Pages seen", "4"),
        ("End of the visit before this one", "2026-12-01 10:05 UTC"),
        ("What first brought you here", "a search (google, tent)"),
        ("Latest visit began", "2026-12-02 10:00 UTC"),
        ("Its first page", "/offers"),
        ("Its pages", "2"),
        ("Its searches", "1"),
        ("What brought you here on the latest visit", "directly"),
        ("Purchases", "1 (49.9)"),
        ("Bought", "tent, pegs"),
    ]


def test_other_languages_have_other_words() -> None:
    assert ("Was Sie zuletzt hierher brachte", "direkt") in list(facts(after(0), GERMAN))


def test_of_who_only_told_us_something_there_is_nothing_else_to_tell() -> None:
    assert list(facts(observe(None, Preferences({"diet": "vegan"}), TUESDAY), ENGLISH)) == []


def test_the_download_holds_all_of_it() -> None:
    profile = observe(after(0, 60, source=SEARCH), Preferences({"diet": "vegan"}), TUESDAY)
    told = json.loads(json.dumps(exported(profile)))
    assert told["recent_visits"] == ["2026-12-01T10:00:00+00:00", "2026-12-01T11:00:00+00:00"]
    assert told["session"]["source"] == {
        "medium": "search",
        "name": "google",
        "campaign": "",
        "term": "tent",
        "content": "",
        "referrer": "",
    }
    assert (told["preferences"], told["visits"], told["purchases"]["last"]) == ({"diet": "vegan"}, 2, None)
    assert told.keys() == set(profile.__slots__)
