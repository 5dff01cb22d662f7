from __future__ import annotations

from pathlib import Path

from tests.rules.reading import rulebook


def test_an_experience_has_its_fragments_in_order(tmp_path: Path) -> None:
    text = """
experiences:
  a:
    pages: /
    change:
      - {select: a, link: {href: /a, text: Go}}
      - {select: b, remove: true}
      - {select: c, attributes: {title: T, hidden: null}}
"""
    (experience,) = rulebook(tmp_path, text).experiences
    assert [fragment.source for fragment in experience.fragments] == ["/a", "Go", "T"]


def test_a_variant_tells_what_is_settled_from_what_varies(tmp_path: Path) -> None:
    text = """
experiences:
  a:
    pages: /
    change:
      - {select: a, text: Go}
      - {select: b, text: "To {{ geo.city }}"}
"""
    (variant,) = rulebook(tmp_path, text).experiences[0].variants
    go, to = variant.fragments
    assert variant.varying == (to,)
    assert variant.settled == {go: go.static}


def test_visitors_see_what_is_enabled_and_no_draft(tmp_path: Path) -> None:
    rest = "pages: /, change: {select: a, text: b}"
    text = f"""
experiences:
  on: {{{rest}}}
  off: {{enabled: false, {rest}}}
  draft: {{draft: true, {rest}}}
"""
    book = rulebook(tmp_path, text)
    assert [experience.id for experience in book.live] == ["on"]
    assert len(book.experiences) == 3


def test_a_rulebook_knows_the_arms_of_its_experiments(tmp_path: Path) -> None:
    text = """
goals: {bought: {page: /thanks}}
experiences:
  plain: {pages: /, change: [{select: p, text: Hi}]}
  cta:
    pages: /
    experiment: {goal: bought, split: {original: 50, bold: 50}}
    variants: {bold: {change: [{select: p, text: Hi}]}}
"""
    assert rulebook(tmp_path, text).arms == {"cta": ("original", "bold")}
