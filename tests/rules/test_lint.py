from __future__ import annotations

from pathlib import Path

import pytest

from rules.errors import Severity
from rules.lint import consent_needs, lint
from rules.signals import Tier
from tests.rules.reading import NOON, rulebook

TEXT = "change: {select: h1, text: Hi}"


def warnings(folder: Path, text: str) -> list[str]:
    found = lint(rulebook(folder, text), NOON)
    assert {problem.severity for problem in found} <= {Severity.WARNING}
    return [f"{problem.position.line} {problem.message}" for problem in found]


def test_an_experience_that_is_over_is_told(tmp_path: Path) -> None:
    text = f"experiences:\n  a: {{pages: /, when: {{until: 2026-11-30}}, {TEXT}}}\n"
    assert warnings(tmp_path, text) == ["2 experience `a` is over"]
    assert warnings(tmp_path, text.replace("11-30", "12-30")) == []
    assert warnings(tmp_path, text.replace("pages", "enabled: false, pages")) == []


def test_an_image_without_alt_is_told(tmp_path: Path) -> None:
    text = "experiences:\n  a:\n    pages: /\n    change:\n      - {select: img, image: {src: /a.jpg}}\n"
    assert warnings(tmp_path, text) == ["5 the `image` for `img` has no `alt`"]
    assert warnings(tmp_path, text.replace("}}", ", alt: ''}}")) == []


def test_an_audience_that_is_never_used_is_told(tmp_path: Path) -> None:
    text = f"""\
audiences:
  used: {{all: [inner, {{geo.country: NO}}]}}
  inner: {{geo.eu: true}}
  idle: {{geo.country: SE}}
experiences:
  a: {{pages: /, who: used, {TEXT}}}
"""
    assert warnings(tmp_path, text) == ["4 audience `idle` is never used"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("who: {geo.eu: true}", "pages: /", "3 `a` and `b` both change `h1`: the earlier one wins"),
        ("who: {geo.eu: true}", "who: {geo.eu: true}", "3 `a` and `b` both change `h1`: the earlier one wins"),
        ("who: {geo.eu: true}", "who: {geo.country: NO}", ""),
        ("who: {geo.eu: true}, priority: 1", "priority: 0", ""),
        ("priority: 0", "who: {geo.eu: true}", "3 experience `b` can never be shown: `a` changes `h1` for everyone"),
        ("priority: 0", "who: {geo.eu: true}, priority: 1", ""),
        ("when: {days: mon}, priority: 1", "priority: 0", ""),
        ("except: /, priority: 1", "priority: 0", ""),
    ],
)
def test_overlaps_that_only_the_order_settles_are_told(tmp_path: Path, first: str, second: str, expected: str) -> None:
    second = "priority: 0" if second == "pages: /" else second
    text = f"experiences:\n  a: {{pages: [/, /b], {first}, {TEXT}}}\n  b: {{pages: /, {second}, {TEXT}}}\n"
    assert warnings(tmp_path, text) == ([expected] if expected else [])


def test_changes_of_different_properties_do_not_overlap(tmp_path: Path) -> None:
    text = f"experiences:\n  a: {{pages: /, {TEXT}}}\n  b: {{pages: /, change: {{select: h1, add_class: x}}}}\n"
    assert warnings(tmp_path, text) == []


def test_a_text_that_may_have_no_value_covers_nothing_for_everyone(tmp_path: Path) -> None:
    text = f"experiences:\n  a: {{pages: /, priority: 1, {TEXT}}}\n  b: {{pages: /, {TEXT}}}\n"
    assert len(warnings(tmp_path, text)) == 1
    assert warnings(tmp_path, text.replace("text: Hi", "text: '{{ geo.city }}'", 1)) == []


NEEDS = f"""\
audiences:
  gold: {{visitor.plan: gold}}
experiences:
  hero: {{pages: /, who: {{all: [gold, {{geo.city: Oslo}}]}}, {TEXT}}}
  greeting: {{pages: /, change: {{select: h1, text: "{{{{ visitor.name }}}}"}}}}
  evening: {{pages: /, when: {{hours: "18:00-23:00"}}, {TEXT}}}
"""


def test_the_consent_that_an_experience_waits_for_is_told(tmp_path: Path) -> None:
    assert [str(need) for need in consent_needs(rulebook(tmp_path, NEEDS))] == [
        "needs consent where company_without_consent is off (company): hero: visitor.plan",
        "needs consent where company_without_consent is off (company): greeting: visitor.name",
    ]


def test_the_most_demanding_tier_is_told_first(tmp_path: Path) -> None:
    tiers = {"visitor.plan": Tier.SESSION, "geo.city": Tier.PERSISTENT, "visitor.name": Tier.PERSISTENT}
    needs = consent_needs(rulebook(tmp_path, NEEDS), lambda name: tiers.get(name, Tier.CONTEXTUAL))
    assert [str(need) for need in needs] == [
        "needs consent (persistent): hero: geo.city",
        "needs consent (persistent): greeting: visitor.name",
        "needs consent (session): hero: visitor.plan",
    ]
