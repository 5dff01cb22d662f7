from pathlib import Path

from rules.decision import Outcome
from rules.run_tests import Miss, run_tests
from tests.rules.reading import NOON, rulebook

EXPERIENCES = """
experiences:
  north: {pages: /, who: {geo.country: [NO, SE]}, change: [{select: h1, text: Hi}]}
  draft: {pages: /, draft: true, change: [{select: h1, text: Hi}]}
  switched-off: {pages: /, enabled: false, change: [{select: h1, text: Hi}]}
  noon: {pages: /, when: {hours: "12:00-13:00"}, change: [{select: h1, text: Hi}]}
"""


def misses(folder: Path, test: str) -> tuple[Miss, ...]:
    """What one test of these experiences misses."""
    (result,) = run_tests(rulebook(folder, f"{EXPERIENCES}tests: [{{name: it, {test}}}]"), NOON)
    return result.misses


def test_a_test_that_gets_what_it_asks_for_passes(tmp_path: Path) -> None:
    assert misses(tmp_path, "visit: {page: /, geo.country: SE}, shows: [north, noon]") == ()
    assert misses(tmp_path, "visit: {page: /cart, geo.country: SE}, hides: [north, noon]") == ()


def test_a_miss_says_what_decided(tmp_path: Path) -> None:
    (miss,) = misses(tmp_path, "visit: {page: /}, shows: north, hides: switched-off")
    assert miss.wanted is True
    assert miss.reason is not None
    assert (miss.reason.outcome, miss.reason.test) == (Outcome.UNKNOWN, "geo.country: [NO, SE]")


def test_what_is_shown_against_the_wish_is_a_miss_too(tmp_path: Path) -> None:
    (miss,) = misses(tmp_path, "visit: {page: /, geo.country: NO}, hides: north")
    assert (miss.wanted, miss.reason and miss.reason.outcome) == (False, Outcome.CHOSEN)


def test_an_experience_of_another_page_or_switched_off_has_no_reason(tmp_path: Path) -> None:
    (miss,) = misses(tmp_path, "visit: {page: /cart}, shows: noon")
    assert miss.reason is None
    (miss,) = misses(tmp_path, "visit: {page: /}, shows: switched-off")
    assert (miss.reason, miss.experience.enabled) == (None, False)


def test_drafts_are_tested_as_if_they_were_live(tmp_path: Path) -> None:
    assert misses(tmp_path, "visit: {page: /}, shows: draft") == ()


def test_a_moment_of_its_own_counts_and_not_the_clock(tmp_path: Path) -> None:
    assert misses(tmp_path, 'visit: {page: /, at: "2026-12-02T15:00"}, hides: noon') == ()
