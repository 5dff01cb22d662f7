from __future__ import annotations

from collections.abc import Mapping

import pytest

from rules.errors import FragmentError
from rules.fragments import Rendering
from tests.rules.reading import context
from tests.rules.saying import compiler, refusal


@pytest.mark.parametrize(
    ("source", "templates", "why"),
    [
        ("{% include 'b' %}", {"b": "{% include 'b' %}"}, "b includes itself"),
        ("{% include 'b' %}", {"b": "{% include 'c' %}", "c": "{% include 'b' %}"}, "b includes itself"),
        ("{% include 'b' %}", {"b": "{% include 'c' %}" * 11, "c": "{% include 'd' %}" * 11, "d": "x"},
         "this includes more than 100 files"),
        ("{% include 'no' %}", {}, "unknown template 'no'"),
        ("{% include geo.city %}", {}, "`include` needs a file's name"),
        ("{% include ['b', 'c'] %}", {"b": "x"}, "`include` needs a file's name"),
        ("{% include '../b' %}", {"b": "x"}, "unknown template '../b'"),
        ("{% include 'b' %}", {"b": "{{ 1 + 1 }}"}, "arithmetic can't be used in a text"),
        ("{% include 'b' %}", {"b": "<script>{{ geo.city }}</script>"}, "a visitor's value can't be put into <script>"),
        ("{% for t in visitor.tags %}{% include 'b' %}{% endfor %}", {"b": "{% for u in visitor.tags %}{% endfor %}"},
         "a loop in a loop can't be used"),
        ("{% for t in visitor.tags %}{% if t %}{% include 'b' %}{% endif %}{% endfor %}",
         {"b": "{% include 'c' %}", "c": "{% for u in visitor.tags %}{% endfor %}"}, "a loop in a loop can't be used"),
    ],
)  # fmt: skip
def test_includes_cannot_run_away_either(source: str, templates: Mapping[str, str], why: str) -> None:
    assert refusal(source, templates) == why


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{{ geo.city", "this text can't be read: unexpected end of the text, expected `}}`"),
        ("{% if geo.city", "this text can't be read: unexpected end of the text, expected `%}`"),
        ("{{ }}", "this text can't be read: Expected an expression, got `}}`"),
    ],
)
def test_what_is_not_closed_is_told_by_the_signs_that_are_missing(source: str, why: str) -> None:
    assert refusal(source, {}) == why


def test_a_fault_in_an_included_file_is_told_of_that_file() -> None:
    with pytest.raises(FragmentError) as refused:
        compiler({"b": "<b>\n{{ geo.cty }}"}).html("\n{% include 'b' %}")
    assert (refused.value.file, refused.value.line, refused.value.hint) == ("b", 2, "did you mean 'geo.city'?")


def test_what_a_rule_gives_a_template_is_text_of_its_own() -> None:
    templates = {"card": "<b>{{ title }}</b>{% if title == 'Hi Ada' %}!{% endif %}", "static": "<b>{{ title }}</b>"}
    fragment = compiler(templates).template("card", {"title": "Hi {{ visitor.a }}"})
    assert fragment.signals == {"visitor.a"}
    assert fragment.render(context({"visitor.a": "Ada"})) == Rendering(("<b>", "</b>!"), ("Hi Ada",))
    assert fragment.render(context({"visitor.a": "<i>"})) == Rendering(("<b>", "</b>"), ("Hi &lt;i&gt;",))
    assert compiler(templates).template("static", {"title": "A & B"}).static == Rendering(("<b>A &amp; B</b>",))


def test_a_template_gets_no_value_named_like_the_signals() -> None:
    with pytest.raises(FragmentError, match="`signals` can't be the name of a value"):
        compiler({"card": "x"}).template("card", {"signals": "x"})
