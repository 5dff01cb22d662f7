from __future__ import annotations

from datetime import date

import pytest

from rules.context import Value
from rules.errors import MissingValueError
from tests.rules.saying import html, said, text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ visitor.name }}", "Ada"),
        ("{{ visitor.name|upper }} {{ visitor.name|lower|title }}", "ADA Ada"),
        ("{{ visitor.no or visitor.name }}", "Ada"),
        ("{{ visitor.no|default('you') }}{{ visitor.no|d('!') }}", "you!"),
        ("{% if visitor.no %}a{% elif visitor.name == 'Ada' %}b{% else %}c{% endif %}", "b"),
        ("{{ 'a' if visitor.no is defined else 'b' }}{{ visitor.name is undefined }}", "bFalse"),
        ("{% if visitor.name in ['Ada', 'Bo'] %}a{% endif %}", "a"),
        ("{% for t in visitor.tags %}{{ loop.index }}{{ t }}{% if not loop.last %},{% endif %}{% endfor %}", "1x,2y"),
        ("{% for t in visitor.tags if t != 'x' %}{{ t }}{% endfor %}", "y"),
        ("{{ visitor.tags|join('+') }} {{ visitor.tags|first }} {{ visitor.tags|length }}", "x+y x 2"),
        ("{% set n = visitor.name %}{{ n }}{{ n|truncate(2, true, '', 0) }}", "AdaAd"),
        ("{{ visitor.price|round(1) }} {{ visitor.price|int }} {{ visitor.count }}", "2.6 2 7"),
        ("{{ visitor.day }}", "2026-12-24"),
        ("{# nothing #}a{{ '{{' }}", "a{{"),
    ],
)
def test_what_there_is_can_be_used(source: str, expected: str) -> None:
    visitor: dict[str, Value] = {
        "name": "Ada",
        "tags": ("x", "y"),
        "price": 2.56,
        "count": 7,
        "day": date(2026, 12, 24),
    }
    assert said(text(source), **visitor) == expected


@pytest.mark.parametrize(
    "source",
    [
        "{{ visitor.no }}", "{{ visitor.no|upper }}", "{{ visitor.no|length }}", "{{ visitor.no|join(',') }}",
        "{{ visitor.no|int }}", "{{ visitor.no|urlencode }}", "{% for a in visitor.no %}{% endfor %}",
        "{{ 'a' if visitor.no < 3 else 'b' }}", "{% if 'a' in visitor.no %}{% endif %}", "{{ visitor.empty }}",
        "{{ visitor.tags }}", "{{ 'a' if visitor.no }}", "{{ visitor.name < 3 }}", "{{ visitor.name|round }}",
        "{{ visitor.tags|first }}",
    ],
)  # fmt: skip
def test_a_text_with_a_hole_in_it_is_not_said(source: str) -> None:
    with pytest.raises(MissingValueError):
        said(text(source), name="Ada", empty="", tags=())


def test_markup_in_a_value_is_text() -> None:
    fragment = html('<p title="{{ visitor.a }}">{{ visitor.a }}{{ visitor.a|upper|trim }}</p>')
    assert said(fragment, a="<i>\"'&") == (
        '<p title="&lt;i&gt;&#34;&#39;&amp;">&lt;i&gt;&#34;&#39;&amp;&lt;I&gt;&#34;&#39;&amp;</p>'
    )
    assert said(text("{{ visitor.a }}"), a="<i>\"'&") == "<i>\"'&"


def test_filters_that_make_markup_make_text_here() -> None:
    fragment = html("{{ visitor.tags|join('<br>') }}{{ '<b>' }}{{ visitor.no|default('<u>') }}")
    assert said(fragment, tags=("<i>", "x")) == "&lt;i&gt;&lt;br&gt;x&lt;b&gt;&lt;u&gt;"


def test_characters_that_no_page_may_hold_are_dropped_from_values() -> None:
    assert said(text("[{{ visitor.a }}]"), a="a\0\x1b\x7f\ud800\ufdd0\ufdd1b\tc") == "[ab\tc]"
    assert said(text("[{{ visitor.a }}]"), a="a\r\nb\rc") == "[a\nb\nc]"
    assert said(html("[{{ visitor.a }}]"), a="a&#0;<\0b") == "[a&amp;#0;&lt;b]"
