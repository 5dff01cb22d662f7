import logging

import pytest

from proxy.page.notices import Notices
from proxy.page.places import PROBE, Places
from tests.proxy.page.cutting import book_of, cut_by, decided, decided_by, one

OLD = b"<h1>Hi</h1><p>text</p>"
NEW = b"<h2>Hi</h2><p>text</p>"
HERO = decided(one("- {select: h1, text: Hello}", "hero"))
URL = "shop.example/"


def noted(places: Places, page: bytes, times: int) -> list[bool]:
    return [places.note(URL, b"", HERO, cut_by(page, HERO)) for _ in range(times)]


def redesigned(*, pauses: bool = True) -> Places:
    places = Places(lambda: 0.0, Notices(), pauses=pauses)
    noted(places, OLD, 40)
    noted(places, NEW, 20)
    return places


def test_a_redesign_is_told_in_one_line_that_names_all_there_is_to_know(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        redesigned(pauses=False)
    (line,) = [record for record in caplog.records if "drifts" in record.message]
    assert line.levelname == "WARNING"
    assert line.message == (
        "shop.example/: 'hero' drifts: h1: its selector was found on 31 of 31 pages, and is on 9 of the last 20, since "
        "1970-01-01T00:00:00+00:00; look whether the site was changed, and mend the selector"
    )


def test_without_the_setting_nothing_is_paused() -> None:
    assert redesigned(pauses=False).paused(HERO) == frozenset()
    assert not redesigned(pauses=False).pauses(HERO)


def test_a_paused_experience_is_left_out_but_for_a_probe_now_and_then() -> None:
    places = redesigned()
    tried = [not places.paused(HERO) for _ in range(4 * PROBE)]
    assert tried.count(True) == 4
    assert places.pauses(HERO)
    assert not places.pauses(None)


def test_another_decision_is_not_touched() -> None:
    other = decided(one("- {select: p, text: Hello}", "other"))
    assert redesigned().paused(other) == frozenset()
    assert not redesigned().pauses(other)


def test_an_experience_comes_back_once_its_selector_is_found_again() -> None:
    places = redesigned()
    assert noted(places, OLD, 5) == [False, False, False, False, True]
    assert places.paused(HERO) == frozenset()
    assert places.drifts == ()


def test_with_two_selectors_that_drift_one_does_not_bring_it_back() -> None:
    both = decided(one("- {select: h1, text: Hello}\n- {select: p, text: Hello}", "hero"))
    places = Places(lambda: 0.0, Notices(), pauses=True)
    for page in [OLD] * 40 + [b"<p>text</p>"] * 20 + [b"<h1>Hi</h1>"] * 20:
        places.note(URL, b"", both, cut_by(page, both))
    assert {drift.selector for drift in places.drifts} == {"h1", "p"}


def test_another_rulebook_pauses_nothing() -> None:
    places = redesigned()
    assert places.resume()
    assert places.paused(HERO) == frozenset()
    assert not places.resume()


def test_what_is_optional_may_be_missing() -> None:
    book = book_of(one("- {select: h1, text: Hello, optional: true}\n- {select: p, text: Hello}", "hero"))
    decision, places = decided_by(book), Places(lambda: 0.0, Notices(), pauses=True)
    for page in [OLD] * 40 + [NEW] * 20:
        places.note(URL, b"", decision, cut_by(page, decision))
    assert places.drifts == ()


def test_a_selector_that_finds_too_much_all_at_once_drifts_too() -> None:
    places = Places(lambda: 0.0, Notices(), pauses=True)
    noted(places, OLD, 40)
    noted(places, OLD + OLD, 20)
    assert [drift.selector for drift in places.drifts] == ["h1"]


def test_an_experience_that_yields_to_another_one_does_not_drift() -> None:
    book = book_of(one("- {select: h1, text: A}", "winner", 9) + one("- {select: h1, text: B}", "loser"))
    decision, places = decided_by(book), Places(lambda: 0.0, Notices(), pauses=True)
    for _ in range(100):
        places.note(URL, b"", decision, cut_by(OLD, decision))
    assert places.drifts == ()
