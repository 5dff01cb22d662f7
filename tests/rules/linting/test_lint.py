from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.errors import Position, RuleError, Severity, warning
from rules.linting.lint import lint
from rules.load import RuleFolder, load_rulebook
from tests.golden.golden_mistakes import FOLDER as MISTAKES
from tests.rules.reading import NOON, rulebook

ALL_KINDS = """\
audiences:
  idle: {geo.country: SE}
experiences:
  a: {pages: /, change: {select: h1, text: Hi}}
  b: {pages: /, change: {select: h1, text: Ho}}
  c: {pages: /c, who: {all: [geo.country: DE, geo.country: FR]}, change: {select: h1, text: Hi}}
  d: {pages: /d, change: {select: h1, text: "{{ source.term }}"}}
  e: {pages: /e, redirect: /e}
  f: {pages: /f, who: {geo.eu: true}, change: {select: h1, text: Hi}}
"""


def test_every_kind_of_warning_is_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = lint(rulebook(tmp_path, ALL_KINDS), NOON, variants=1)
    assert {problem.severity for problem in found} == {Severity.WARNING}
    assert [problem.position.line for problem in found] == [2, 5, 6, 7, 7, 8, 9]
    assert all(problem.hint for problem in found)


def test_a_rulebook_without_a_doubt_has_no_warning(tmp_path: Path) -> None:
    assert lint(rulebook(tmp_path, "experiences: {a: {pages: /, change: {select: h1, text: Hi}}}"), NOON) == ()


RULE_FILES = tuple(path.read_bytes() for path in sorted(MISTAKES.glob("*.yaml")) if path.stat().st_size < 4_000)
PIECES = (
    b"[",
    b"{",
    b"}",
    b": ",
    b"- ",
    b"#",
    b"*",
    b"&a ",
    b"*a",
    b"!x ",
    b"\t",
    b"\n",
    b"\r",
    b"\0",
    b"'",
    b'"',
    b"%",
    b"|",
    b">",
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A rule file with some of its bytes cut out, doubled, swapped or replaced."""
    content = draw(st.sampled_from(RULE_FILES))
    for _ in range(draw(st.integers(1, 4))):
        begin, end = sorted(draw(st.tuples(*[st.integers(0, len(content))] * 2)))
        piece = draw(st.sampled_from(PIECES) | st.binary(max_size=3) | st.just(content[begin:end] * 2))
        content = content[:begin] + piece + content[end:]
    return content


@given(files=st.lists(mutated() | st.binary(max_size=200), min_size=1, max_size=2), template=st.binary(max_size=60))
@settings(max_examples=300)
def test_any_bytes_load_and_are_checked_or_are_told_to_be_wrong(files: list[bytes], template: bytes) -> None:
    named = tuple((f"{number}.yaml", content) for number, content in enumerate(files))
    try:
        book = load_rulebook(RuleFolder("rules", named, {"a.html": ("rules/templates/a.html", template)}))
    except RuleError as error:
        problems = error.problems
    else:
        problems = (*lint(book, NOON), warning(Position("rules", 1, 1), "it loads", ""))
    assert problems
