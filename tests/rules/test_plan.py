from __future__ import annotations

from pathlib import Path

import pytest

from rules.model import RuleBook
from rules.plan import Shortlists, make_plan
from tests.rules.reading import rulebook

CHANGE = "change: {select: h1, text: Hi}"


def ids(book: RuleBook, path: str, query: dict[str, str] | None = None, host: str = "") -> list[str]:
    return [experience.id for experience in make_plan(book, host, path, query or {}).experiences]


def test_experiences_come_in_the_order_in_which_they_win(tmp_path: Path) -> None:
    book = rulebook(
        tmp_path,
        f"""
experiences:
  low: {{pages: /, priority: -1, {CHANGE}}}
  first: {{pages: /, {CHANGE}}}
  second: {{pages: /, {CHANGE}}}
  high: {{pages: /, priority: 9, {CHANGE}}}
  elsewhere: {{pages: /other, {CHANGE}}}
""",
    )
    assert ids(book, "/") == ["high", "first", "second", "low"]


def test_only_live_experiences_are_planned(tmp_path: Path) -> None:
    text = f"""
experiences:
  off: {{pages: /, enabled: false, {CHANGE}}}
  draft: {{pages: /, draft: true, {CHANGE}}}
  on: {{pages: /, enabled: true, draft: false, {CHANGE}}}
"""
    assert ids(rulebook(tmp_path, text), "/") == ["on"]


def test_except_takes_pages_out(tmp_path: Path) -> None:
    text = f"""
experiences:
  all: {{pages: /**, except: [/checkout/**, {{path: /**, query: {{plain: "*"}}}}], {CHANGE}}}
"""
    book = rulebook(tmp_path, text)
    assert ids(book, "/a") == ["all"]
    assert ids(book, "/checkout/pay") == []
    assert ids(book, "/a", {"plain": "1"}) == []


def test_query_patterns_are_put_to_each_request(tmp_path: Path) -> None:
    text = f"""
experiences:
  news: {{pages: {{path: /, query: {{ref: "news*"}}}}, {CHANGE}}}
  either: {{pages: [/about, {{path: /, query: {{ref: mail}}}}], {CHANGE}}}
  always: {{pages: [/, {{path: /, query: {{ref: mail}}}}], {CHANGE}}}
"""
    book = rulebook(tmp_path, text)
    shortlist = Shortlists(book).at("", "/")
    assert [each.id for each in shortlist.whole.experiences] == ["news", "either", "always"]
    assert ids(book, "/", {"ref": "newsletter"}) == ["news", "always"]
    assert ids(book, "/", {"ref": "mail"}) == ["either", "always"]
    assert ids(book, "/") == ["always"]


def test_a_url_without_query_patterns_has_one_plan_for_every_query(tmp_path: Path) -> None:
    shortlist = Shortlists(rulebook(tmp_path, f"experiences: {{a: {{pages: /, {CHANGE}}}}}")).at("", "/")
    assert shortlist.plan({"a": "b"}) is shortlist.plan({})


def test_places_at_which_the_same_could_apply_have_one_shortlist(tmp_path: Path) -> None:
    text = f"""
experiences:
  all: {{pages: /**, except: [/checkout/**, {{path: /b, query: {{plain: "1"}}}}], {CHANGE}}}
  some: {{pages: [/shop/*, {{path: /b, query: {{ref: mail}}}}], {CHANGE}}}
"""
    shortlists = Shortlists(rulebook(tmp_path, text))
    one, other, shop, checkout, by_query = map(shortlists.at, [""] * 5, ["/1", "/2", "/shop/1", "/checkout/1", "/b"])
    assert one is other
    assert len({id(each) for each in (one, shop, checkout, by_query)}) == 4
    assert shortlists.at("", "/shop/2") is shop


def test_a_host_pattern_is_for_that_host(tmp_path: Path) -> None:
    book = rulebook(tmp_path, f"experiences: {{a: {{pages: {{path: /, host: no.shop.example}}, {CHANGE}}}}}")
    assert ids(book, "/", host="no.shop.example") == ["a"]
    assert ids(book, "/", host="shop.example") == []


def test_a_plan_names_the_signals_of_conditions_schedules_and_texts(tmp_path: Path) -> None:
    text = """
site: {timezone: Europe/Oslo}
experiences:
  a:
    pages: /
    who: {geo.country: NO}
    change: {select: h1, text: "{{ geo.city }}"}
  b: {pages: /, who: {time.hour: 9}, change: {select: h1, text: Hi}}
  c: {pages: /other, who: {device.type: tv}, change: {select: h1, text: Hi}}
"""
    plan = make_plan(rulebook(tmp_path, text), "", "/", {})
    assert plan.signals == {"geo.country", "geo.city", "time.hour", "geo.timezone"}
    assert plan.site_timezone == "Europe/Oslo"


def test_holidays_hang_on_the_visitors_country_and_clock(tmp_path: Path) -> None:
    text = f"experiences: {{a: {{pages: /, who: {{time.holiday: true}}, {CHANGE}}}}}"
    signals = make_plan(rulebook(tmp_path, text), "", "/", {}).signals
    assert signals == {"time.holiday", "geo.country", "geo.timezone"}


def test_a_url_that_no_experience_touches_has_an_empty_plan(tmp_path: Path) -> None:
    plan = make_plan(rulebook(tmp_path, f"experiences: {{a: {{pages: /, {CHANGE}}}}}"), "", "/b", {})
    assert (plan.experiences, plan.signals) == ((), frozenset())


@pytest.mark.parametrize(
    ("experience", "hangs"),
    [
        pytest.param("who: {geo.country: NO}", False, id="no clock"),
        pytest.param("when: {days: mon-fri}", True, id="a schedule"),
        pytest.param("who: {time.hour: {at_least: 18}}", True, id="a signal of time"),
        pytest.param("who: {any: [geo.country: NO, none: [visitor.since: {within: 30d}]]}", True, id="an age"),
    ],
)
def test_a_plan_hangs_on_the_clock_where_one_of_its_experiences_does(
    tmp_path: Path, experience: str, hangs: bool
) -> None:
    text = f"""
experiences:
  plain: {{pages: /**, {CHANGE}}}
  asked: {{pages: {{path: /asked, query: {{ref: mail}}}}, {experience}, {CHANGE}}}
  here: {{pages: /here, {experience}, {CHANGE}}}
"""
    book = rulebook(tmp_path, text)
    assert make_plan(book, "", "/here", {}).hangs_on_clock is hangs
    assert make_plan(book, "", "/asked", {"ref": "mail"}).hangs_on_clock is hangs
    assert make_plan(book, "", "/asked", {}).hangs_on_clock is False


def test_a_text_that_tells_the_time_hangs_on_the_clock(tmp_path: Path) -> None:
    text = 'experiences: {late: {pages: /, change: {select: h1, text: "It is {{ time.hour }} o\'clock"}}}'
    assert make_plan(rulebook(tmp_path, text), "", "/", {}).hangs_on_clock
