from __future__ import annotations

import pytest

from proxy.showings import MAX_BYTES, Showing, header, problems_header, showings
from rules.decide import decide
from rules.decision import Decision
from rules.plan import make_plan
from rules.visits import Visit
from tests.proxy.page.cutting import book_of
from tests.proxy.structured import parse_list
from tests.rules.reading import NOON

RULES = """
experiences:
  hero: {pages: /, priority: 9, change: [{select: h1, text: Hi}]}
  cta: {pages: /, who: {geo.country: SE}, change: [{select: p, text: Hi}]}
  away: {pages: /, priority: 1, redirect: /new}
"""


def decision() -> Decision:
    book = book_of(RULES)
    visit = Visit("/")
    return decide(make_plan(book, "", "/", {}), visit.context(NOON, "UTC"))


def test_each_experience_is_told_in_the_order_in_which_they_win() -> None:
    told = showings(decision(), {"hero"}, {}, drafts={"cta"})
    assert told == (
        Showing("hero", True),
        Showing("away", False, "one that wins over it is shown on the page"),
        Showing("cta", False, "unknown, by geo.country: SE (saw no value)", is_draft=True),
    )


def test_what_was_chosen_and_fell_out_on_the_page_says_so() -> None:
    hero, away, _ = showings(decision(), (), {"hero": "h1: its selector finds nothing"}, otherwise="no HTML")
    assert hero.why == "h1: its selector finds nothing"
    assert away.why == "no HTML"


def test_the_header_is_a_list_of_structured_fields() -> None:
    told = [
        Showing("hero", True, arm="bold"),
        Showing("404-page", False, "it’s “nothing”", arm="2nd"),
        Showing("cta", False, 'a "b" \\ \x07', is_draft=True),
    ]
    value = header(told, {"as": "geo.country:SE"})
    assert value.isascii()
    parsed = parse_list(value)
    assert [name for name, _ in parsed] == ["*", "hero", "404-page", "cta"]
    assert parsed[2][1]["why"] == "it’s “nothing”"
    assert parsed[3][1] == {"not": True, "draft": True, "why": 'a "b" \\  '}


def test_nothing_to_tell_is_an_empty_value() -> None:
    assert header([], {}) == b""


@pytest.mark.parametrize("letter", ["x", "é"])
def test_the_header_is_bounded_and_says_how_much_it_leaves_out(letter: str) -> None:
    value = header([Showing(f"e{n}", False, letter * 1000) for n in range(500)], {})
    assert len(value) < MAX_BYTES + 100
    items = parse_list(value)
    name, parameters = items[-1]
    assert name == "*"
    assert parameters == {"more": 501 - len(items)}


def test_problems_are_strings_and_bounded() -> None:
    value = problems_header(["rules/a.yaml:1:1: no", "b" * 1000])
    (first, _), (second, _) = parse_list(value)
    assert first == "rules/a.yaml:1:1: no"
    assert len(second) == 200
