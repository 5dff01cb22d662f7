from __future__ import annotations

import pytest

from tests.rules.saying import refusal


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{{ geo.city|safe }}", "the filter `safe` can't be used"),
        ("{{ geo.city|center(1000000000) }}", "the filter `center` can't be used"),
        ("{{ '%1000000000s'|format(geo.city) }}", "the filter `format` can't be used"),
        ("{{ geo.city|map('upper') }}", "the filter `map` can't be used"),
        ("{{ geo.city|attr('x') }}", "the filter `attr` can't be used"),
        ("{{ geo.city|tojson }}", "the filter `tojson` can't be used"),
        ("{{ geo.city|replace('a', 'aa') }}", "the filter `replace` can't be used"),
        ("{{ geo.city|truncate(time.hour) }}", "what `truncate` is given has to be written there"),
        ("{{ 1|round(time.hour, 'ceil') }}", "what `round` is given has to be written there"),
        ("{{ 1|round(method='ceil', precision=3000000000) }}", "`round` leaves 0 to 15 decimals"),
        ("{{ 1|round(3000000000, 'ceil') }}", "`round` leaves 0 to 15 decimals"),
        ("{{ visitor.tags|join(geo.city) }}", "what `join` is given has to be written there"),
        ("{{ geo.city|join('--')|join('--') }}", "`join` goes over a list signal"),
        ("{% set a = geo.city|join('--') %}{{ a|join('--') }}", "`join` goes over a list signal"),
        ("{{ 'ab'|join('--') }}", "`join` goes over a list signal"),
        ("{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}", "is nested too deep"),
        ("{{ geo.city" + "|upper" * 3_000 + " }}", "is nested too deep"),
        ("{{ " + "9" * 5_000 + " }}", "holds a number that is too long"),
        ("{{ time.hour + 1 }}", "arithmetic can't be used in a text"),
        ("{{ geo.city * 1000000 }}", "arithmetic can't be used in a text"),
        ("{{ 9 ** 9 ** 9 }}", "arithmetic can't be used in a text"),
        ("{{ geo.city ~ 'a' }}", "`~` can't be used in a text"),
        ("{{ geo.city.upper() }}", "calls can't be used in a text"),
        ("{{ range(1000000000) }}", "calls can't be used in a text"),
        ("{{ geo['city'] }}", "`[…]` can't be used in a text"),
        ("{{ geo.city[0] }}", "`[…]` can't be used in a text"),
        ("{{ geo.city[:1] }}", "`[…]` can't be used in a text"),
        ("{{ {'a': 1} }}", "mappings can't be used in a text"),
        ("{{ [geo.city] }}", "a list may hold plain values only"),
        ("{% macro a() %}{% endmacro %}", "macros can't be used in a text"),
        ("{% import 'a' as b %}", "imports can't be used in a text"),
        ("{% from 'a' import b %}", "imports can't be used in a text"),
        ("{% extends 'a' %}", "inheritance can't be used in a text"),
        ("{% block a %}{% endblock %}", "blocks can't be used in a text"),
        ("{% set a %}b{% endset %}", "`set` with a block can't be used in a text"),
        ("{% filter upper %}a{% endfilter %}", "this can't be used in a text"),
        ("{% call a() %}{% endcall %}", "this can't be used in a text"),
        ("{% with a = 1 %}{% endwith %}", "this can't be used in a text"),
        ("{% autoescape false %}{{ geo.city }}{% endautoescape %}", "this can't be used in a text"),
        ("{% for a in [1, 2] %}{% endfor %}", "a loop goes over a list signal"),
        ("{% for a in visitor.tags recursive %}{% endfor %}", "a loop goes over a list signal"),
        ("{% for a in visitor.tags %}{% for b in visitor.tags %}{% endfor %}{% endfor %}",
         "a loop in a loop can't be used"),
        ("{% for a in visitor.tags %}{% else %}{% for b in visitor.tags %}{% endfor %}{% endfor %}",
         "a loop in a loop can't be used"),
        ("{{ geo.city is callable }}", "the test `is callable` can't be used"),
        ("{{ geo }}", "unknown signal 'geo'"),
        ("{{ geo.cty }}", "unknown signal 'geo.cty'"),
        ("{{ geo.city.__class__ }}", "unknown signal 'geo.city.__class__'"),
        ("{{ ''.__class__ }}", "only signals have parts"),
        ("{{ self }}", "unknown signal 'self'"),
        ("{{ signals }}", "unknown signal 'signals'"),
        ("{% set signals = 'a' %}", "`signals` can't be the name of a value"),
        ("{% set a = geo.city %}{{ a.b }}", "unknown signal 'a.b'"),
        ("{% if %}", "Expected an expression, got `%}`"),
        ("{{ loop.index }}", "index has no value, so this can never be shown"),
        ("\ufdd0", "holds a character that is no character (U+FDD0 or U+FDD1)"),
        ("<p title={{ geo.city }}>", "a visitor's value can't be put into the attribute `title` without quotes"),
        ("<script>{{ geo.city }}</script>", "a visitor's value can't be put into <script>"),
        ("<style>{{ geo.city }}</style>", "a visitor's value can't be put into <style>"),
        ("<p onclick='{{ geo.city }}'>", "a visitor's value can't be put into the attribute `onclick` of <p>"),
        ("<p style='color: {{ geo.city }}'>", "a visitor's value can't be put into the attribute `style` of <p>"),
        ("<iframe srcdoc='{{ geo.city }}'>", "a visitor's value can't be put into the attribute `srcdoc` of <iframe>"),
        ("<!-- {{ geo.city }} -->", "a visitor's value can't be put into a comment"),
    ],
)  # fmt: skip
def test_what_could_run_away_or_break_out_is_refused_at_load(source: str, why: str) -> None:
    assert refusal(source) == why


def test_a_text_that_can_never_be_said_is_refused_at_load() -> None:
    assert refusal("{{ 1 < 'a' }}").endswith("has no value, so this can never be shown")
