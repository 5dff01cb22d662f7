from __future__ import annotations

from pathlib import Path

import pytest

from rules.linting.neglected import neglected
from tests.rules.reading import NOON, rulebook

TEXT = "change: {select: h1, text: Hi}"


def told(folder: Path, text: str, templates: dict[str, str] | None = None) -> list[str]:
    return [f"{each.position.line} {each.message}" for each in neglected(rulebook(folder, text, templates), NOON)]


def test_an_experience_that_is_over_is_told(tmp_path: Path) -> None:
    text = f"experiences:\n  a: {{pages: /, when: {{until: 2026-11-30}}, {TEXT}}}\n"
    assert told(tmp_path, text) == ["2 experience `a` is over"]
    assert told(tmp_path, text.replace("11-30", "12-30")) == []
    assert told(tmp_path, text.replace("pages", "enabled: false, pages")) == []


def test_an_image_without_alt_is_told(tmp_path: Path) -> None:
    text = "experiences:\n  a:\n    pages: /\n    change:\n      - {select: img, image: {src: /a.jpg}}\n"
    assert told(tmp_path, text) == ["5 the `image` for `img` has no `alt`"]
    assert told(tmp_path, text.replace("}}", ", alt: ''}}")) == []


def test_an_audience_that_is_never_used_is_told(tmp_path: Path) -> None:
    text = f"""\
audiences:
  used: {{all: [inner, {{geo.country: NO}}]}}
  inner: {{geo.eu: true}}
  idle: {{geo.country: SE}}
experiences:
  a: {{pages: /, who: used, {TEXT}}}
"""
    assert told(tmp_path, text) == ["4 audience `idle` is never used"]


def test_a_template_counts_as_used_where_a_used_one_includes_it(tmp_path: Path) -> None:
    changes = "[{select: h1, template: card.html}, {select: h2, template: plain.html}]"
    text = f"experiences: {{a: {{pages: /, change: {changes}}}}}"
    templates = {
        "plain.html": "<p>Hi</p>",
        "card.html": "{% include 'price.html' %}",
        "price.html": "<b>9</b>",
        "old.html": "<i>{{ item }}</i>",
    }
    book = rulebook(tmp_path, text, templates)
    assert [position.file for position in book.unused_templates] == [f"{tmp_path}/templates/old.html"]
    assert told(tmp_path, text, templates) == ["1 no rule uses this template"]


EXPERIMENT = """\
experiences:
  a:
    pages: /
    experiment: {goal: signup, split: {original: 50, b: 50}}
    variants:
      b: {change: {select: h1, text: Hi}}
goals:
  signup: {page: /thanks}
"""


@pytest.mark.parametrize(
    ("written", "instead", "expected"),
    [
        ("original: 50", "original: 50", []),
        ("goal: signup, ", "", ["8 goal `signup` is never used", "2 experiment `a` has no `goal`"]),
        (
            "{original: 50, b: 50}",
            "{b: 100}",
            ["2 all who take part in experiment `a` see `b`: there is nothing to compare"],
        ),
        ("}}\n    variants:", "}, coverage: 0%}\n    variants:", ["2 nobody takes part in experiment `a`"]),
        (
            "b: 50}}\n    variants:",
            "b: 50, c: 0}}\n    variants:\n      c: {change: {select: h1, text: Ho}}",
            ["2 nobody sees `c` of experiment `a`: its share is 0"],
        ),
        (
            "original: 50, b: 50}}\n    variants:",
            "c: 50, b: 50}}\n    variants:\n      c: {change: {select: h1, text: Hi}}",
            ["2 variants `c` and `b` of experiment `a` show the same"],
        ),
    ],
)
def test_an_experiment_that_can_tell_nothing_is_told(
    tmp_path: Path, written: str, instead: str, expected: list[str]
) -> None:
    assert written in EXPERIMENT
    assert told(tmp_path, EXPERIMENT.replace(written, instead, 1)) == expected
