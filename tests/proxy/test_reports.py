from pathlib import Path

import pytest

from proxy.reports import explanation_json, explanation_lines, result_lines
from rules.explain import explain
from rules.geography import GeoPoint
from rules.run_tests import run_tests
from rules.visits import Visit
from tests.rules.reading import NOON, rulebook

TEXT = """
experiences:
  tokyo:
    title: Good morning
    draft: true
    pages: /
    when: {hours: "08:00-18:00", timezone: Asia/Tokyo}
    who: {geo.eu: {known: true}}
    change: [{select: h1, text: "{{ geo.city }}"}]
  off: {pages: /, enabled: false, change: [{select: h1, text: Hi}]}
"""


def test_an_explanation_reads_from_the_outcome_down_to_each_test(tmp_path: Path) -> None:
    told = explain(rulebook(tmp_path, TEXT), Visit("/", signals={"geo.eu": False}), NOON)
    assert list(explanation_lines(told)) == [
        "tokyo: not now (a draft: visitors never see it)  Good morning",
        '  when: {hours: "08:00-18:00", timezone: Asia/Tokyo}: closed, at Wed 2026-12-02 21:00 (Asia/Tokyo)',
        "  true    geo.eu: {known: true}  (saw false)  <- decided",
        "  a text of it needs geo.city: no value",
        "off: switched off (enabled: false)",
    ]


def test_a_page_that_no_experience_is_for_is_told_so(tmp_path: Path) -> None:
    told = explain(rulebook(tmp_path, TEXT), Visit("/cart"), NOON)
    assert list(explanation_lines(told)) == ["no experience is for this page"]


def test_as_json_a_date_is_text_and_what_is_unknown_is_null(tmp_path: Path) -> None:
    text = "experiences: {a: {pages: /, who: {geo.city: Oslo}, change: [{select: h1, text: Hi}]}}"
    told = explanation_json(explain(rulebook(tmp_path, text), Visit("/"), NOON))
    assert told["signals"]["time.date"] == "2026-12-02"
    (experience,) = told["experiences"]
    assert experience["decided"] == {"test": "geo.city: Oslo", "saw": None}
    assert experience["who"] == {"written": "geo.city: Oslo", "outcome": None, "saw": None, "decided": True}


def test_a_position_is_told_as_it_is_given(tmp_path: Path) -> None:
    near = "geo.position: {near: {lat: 59.9, lon: 10.7, km: 50}}"
    text = f"experiences: {{a: {{pages: /, who: {{{near}}}, change: [{{select: h1, text: Hi}}]}}}}"
    told = explain(rulebook(tmp_path, text), Visit("/", signals={"geo.position": GeoPoint(60.0, 10.75)}), NOON)
    assert list(explanation_lines(told)) == ["a: chosen", f"  true    {near}  (saw 60,10.75)  <- decided"]
    assert explanation_json(told)["signals"]["geo.position"] == {"lat": 60.0, "lon": 10.75}


@pytest.mark.parametrize(
    ("test", "line"),
    [
        ("visit: {page: /cart}, shows: tokyo", "shows tokyo: it is not for this page"),
        ("visit: {page: /}, shows: off", "shows off: it is switched off (enabled: false)"),
        (
            'visit: {page: /, at: "2026-12-02T09:00+09:00", geo.eu: true}, shows: tokyo',
            "shows tokyo: no value for geo.city, which a text of it needs",
        ),
        (
            'visit: {page: /, at: "2026-12-02T09:00+09:00", geo.eu: true, geo.city: Oslo}, hides: tokyo',
            "hides tokyo: chosen, by geo.eu: {known: true} (saw true)",
        ),
    ],
)
def test_a_test_that_fails_is_told_with_why(tmp_path: Path, test: str, line: str) -> None:
    results = run_tests(rulebook(tmp_path, f"{TEXT}tests: [{{name: it, {test}}}]"), NOON)
    assert list(result_lines(results)) == [f"FAILED {tmp_path}/home.yaml:11:9: it", f"    {line}"]
