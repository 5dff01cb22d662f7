from pathlib import Path

from rules.decision import Outcome
from rules.run_tests import Miss, Result, Seen, WrongText, run_tests
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


def looked(folder: Path, test: str, seen: Seen) -> Result:
    """One test of these experiences, on a page where this is seen."""
    (result,) = run_tests(rulebook(folder, f"{EXPERIENCES}tests: [{{name: it, {test}}}]"), NOON, lambda *_: seen)
    return result


def test_on_a_page_what_fell_out_there_is_not_shown(tmp_path: Path) -> None:
    visit = "visit: {page: /, geo.country: SE}"
    seen = Seen({"north": "h1: its selector finds nothing"})
    (miss,) = looked(tmp_path, f"{visit}, shows: [north, noon]", seen).misses
    assert (miss.experience.id, miss.left_out) == ("north", "h1: its selector finds nothing")
    assert not looked(tmp_path, f"{visit}, hides: north", seen).failed


def test_a_text_is_compared_without_its_white_space_and_has_to_stand_there_once(tmp_path: Path) -> None:
    test = 'visit: {page: /}, places: {h1: "Good  day", p: Hi, nav: Hi, a: Hi}'
    seen = Seen(texts={"h1": ("\n Good day ",), "p": ("Hello",), "nav": ("Hi", "Hi")})
    result = looked(tmp_path, test, seen)
    assert result.wrong_texts == (
        WrongText("p", "Hi", ("Hello",)),
        WrongText("nav", "Hi", ("Hi", "Hi")),
        WrongText("a", "Hi", ()),
    )
    assert not result.skipped


def test_a_page_that_can_not_be_looked_at_fails_the_test_and_says_no_more(tmp_path: Path) -> None:
    result = looked(tmp_path, "visit: {page: /}, shows: north, places: {p: Hi}", Seen(trouble="404"))
    assert (result.failed, result.trouble, result.misses, result.wrong_texts) == (True, "404", (), ())


def test_without_a_page_places_are_skipped_and_the_rest_is_asked(tmp_path: Path) -> None:
    (result,) = run_tests(
        rulebook(tmp_path, f"{EXPERIENCES}tests: [{{name: it, visit: {{page: /}}, shows: north, places: {{p: Hi}}}}]"),
        NOON,
    )
    assert (result.skipped, result.failed) == (True, True)
