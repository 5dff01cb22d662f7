from __future__ import annotations

from rules.errors import Position
from rules.nodes import Scalar, Sequence, Source, split_lines, written

PLACE = Position("a.yaml", 1, 1)


def test_lines_are_counted_as_libyaml_counts_them() -> None:
    assert split_lines("a\r\nb\rc\nd\x85e\u2028f") == ("a", "b", "c", "d", "e", "f")


def test_a_line_past_the_end_is_empty() -> None:
    source = Source.of("a.yaml", "one\ntwo")
    assert [source.line(number) for number in (0, 1, 2, 3)] == ["", "one", "two", ""]


def test_only_what_needs_quotes_is_written_with_them() -> None:
    items = tuple(Scalar(text, PLACE, quoted=True) for text in ("NO", "Talk to us", "a, b", "#x", "null", 'say "hi"'))
    assert written(Sequence(items, PLACE)) == r'[NO, Talk to us, "a, b", "#x", "null", "say \"hi\""]'
