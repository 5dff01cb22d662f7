from __future__ import annotations

import pytest

from rules.errors import MistakeError
from rules.expressions import Expression, quoted


def test_an_expression_is_sought_anywhere_or_fits_the_whole() -> None:
    assert Expression("b+").found_in("abbc")
    assert not Expression("b+").fits("abbc")
    assert Expression("a.*c").fits("abbc")


def test_case_counts_unless_ignored() -> None:
    assert not Expression("ø").found_in("Ørsta")
    assert Expression("ø", ignore_case=True).found_in("Ørsta")
    assert not Expression("(?-i)ø", ignore_case=True).found_in("Ørsta")


def test_text_without_a_utf_8_form_is_no_error() -> None:
    assert Expression("b").found_in("a\udc80b")
    assert not Expression("c").fits("\ud800")


@pytest.mark.parametrize("written", ["(", "a{1001}", "(?=a)", r"\1", "x" * 1_001, "(((a{100}){100}){100})"])
def test_what_cannot_run_in_linear_time_is_refused(written: str) -> None:
    with pytest.raises(MistakeError, match="regular expression"):
        Expression(written)


def test_a_quoted_text_matches_itself_alone() -> None:
    assert Expression(quoted("a.b*(c)")).fits("a.b*(c)")
    assert not Expression(quoted("a.b")).fits("axb")


def test_the_worst_of_expressions_is_quick() -> None:
    assert not Expression("(a*)*b").found_in("a" * 100_000)
