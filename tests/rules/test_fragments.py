from __future__ import annotations

import pytest

from rules.errors import MissingValueError, UnsafeValueError
from rules.fragments import Rendering
from tests.rules.reading import context
from tests.rules.saying import compiler, html, said, text


def test_the_shape_is_the_authors_and_the_values_are_the_visitors() -> None:
    fragment = text("Hi {{ visitor.a }}{% if visitor.b %}, {{ visitor.b }}{% endif %}!")
    assert fragment.render(context({"visitor.a": "x"})) == Rendering(("Hi ", "!"), ("x",))
    assert fragment.render(context({"visitor.a": "x", "visitor.b": "y"})) == Rendering(("Hi ", ", ", "!"), ("x", "y"))
    assert fragment.signals == {"visitor.a", "visitor.b"}
    assert fragment.static is None


def test_a_test_changes_the_shape_without_printing_a_value() -> None:
    fragment = text("{% if visitor.a == 'secret' %}yes{% else %}no{% endif %}")
    assert fragment.render(context({"visitor.a": "secret"})) == Rendering(("yes",))
    assert fragment.render(context({"visitor.a": "x"})) == Rendering(("no",))


def test_a_text_without_signals_is_one_shape() -> None:
    fragment = html("a{{ '<b>' }}{% set x = 'c' %}{{ x }}")
    assert fragment.static == Rendering(("a&lt;b&gt;c",))


def test_an_output_beyond_all_bounds_is_not_said() -> None:
    fragment = text("{% for c in visitor.a %}" + "x" * 1000 + "{% endfor %}")
    assert len(said(fragment, a="y" * 100)) == 100_000
    with pytest.raises(MissingValueError, match="more than 262144 characters"):
        said(fragment, a="y" * 100_000)


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        ("{{ visitor.a }}", "/x?y=1&z=2", "/x?y=1&z=2"),
        ("{{ visitor.a }}", "https://shop.example/x", "https://shop.example/x"),
        ("{{ visitor.a }}", "//cdn.example/x", "//cdn.example/x"),
        ("/go/{{ visitor.a }}", "a b/c?d#e&f", "/go/a%20b/c%3Fd%23e%26f"),
        ("/go?to={{ visitor.a }}", "å+%41%", "/go?to=%C3%A5%2B%41%25"),
        ("/go?to={{ visitor.a|urlencode }}", "a b", "/go?to=a%20b"),
        ("{{ visitor.a }}?b={{ visitor.a }}", "/x&", "/x&?b=/x%26"),
        ("/{{ visitor.a }}.jpg 1x, /{{ visitor.a }}-2.jpg 2x", "a,b c", "/a,b%20c.jpg 1x, /a,b%20c-2.jpg 2x"),
    ],
)
def test_a_url_takes_a_value_into_the_part_where_it_stands(source: str, value: str, expected: str) -> None:
    assert said(compiler({}, "CDN.example").url(source), a=value) == expected


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{{ visitor.a }}", "javascript:alert(1)"),
        ("{{ visitor.a }}", "java\tscript:alert(1)"),
        ("{{ visitor.a }}", " JAVASCRIPT:alert(1)"),
        ("{{ visitor.a }}", "data:text/html,x"),
        ("{{ visitor.a }}", "//evil.example"),
        ("{{ visitor.a }}", "\\\\evil.example"),
        ("{{ visitor.a }}", "/\\evil.example"),
        ("{{ visitor.a }}", "/\t/evil.example"),
        ("{{ visitor.a }}", "https://evil.example/"),
        ("{{ visitor.a }}", "https://shop.example@evil.example/"),
        ("{{ visitor.a }}", "/a 1x,//evil.example/b"),
        ("{{ visitor.a }}", ",//evil.example/b"),
        ("/{{ visitor.a }}", "/evil.example"),
        ("//{{ visitor.a }}", "evil.example"),
        ("https://{{ visitor.a }}/", "evil.example"),
        ("https://shop.example{{ visitor.a }}/", ".evil.example"),
        ("https://shop.example{{ visitor.a }}/", "@evil.example"),
        ("https:{{ visitor.a }}", "//evil.example"),
        ("{{ visitor.a }}:alert(1)", "javascript"),
        ("{{ visitor.a }}{{ visitor.a }}", "/"),
        ("/a 1x, {{ visitor.a }} 2x", "//evil.example"),
    ],
)
def test_a_url_that_a_value_leads_elsewhere_is_not_said(source: str, value: str) -> None:
    with pytest.raises(UnsafeValueError):
        said(compiler().url(source), a=value)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('<a href="{{ visitor.a }}">x</a>', "javascript:alert(1)"),
        ('<a class="x"" href="{{ visitor.a }}">x</a>', "javascript:alert(1)"),
        ('<img src="/a" srcset="{{ visitor.a }} 2x">', "//evil.example"),
        ('<img src="/a" srcset="{{ visitor.a }}">', "/a 1x,//evil.example"),
        ("<form action='{{ visitor.a }}'>", "/\\evil.example"),
        ('<a href="&#106;avascript:{{ visitor.a }}">x</a>', "alert(1)"),
    ],
)
def test_a_url_in_markup_is_watched_as_well(source: str, value: str) -> None:
    with pytest.raises(UnsafeValueError):
        said(html(source), a=value)


def test_a_url_in_markup_is_encoded_as_a_url_and_escaped_as_markup() -> None:
    fragment = html('<a href="/go?to={{ visitor.a }}&amp;b=1" title="{{ visitor.a }}">{{ visitor.a }}</a>')
    assert said(fragment, a='a"&b') == '<a href="/go?to=a%22%26b&amp;b=1" title="a&#34;&amp;b">a&#34;&amp;b</a>'


def test_an_unsafe_place_that_only_a_branch_makes_is_found_when_it_is_said() -> None:
    fragment = html("<p {% if visitor.b %}title='{% endif %}x'>{{ visitor.a }}</p>")
    assert said(fragment, a="y", b="1") == "<p title='x'>y</p>"
    script = html("{% if visitor.b %}<script>{% else %}</script>{% endif %}<script></script>{{ visitor.a }}")
    assert said(script, a="y") == "</script><script></script>y"


def test_a_filter_that_fails_on_a_value_costs_its_own_text_alone() -> None:
    with pytest.raises(MissingValueError):
        said(text("{{ visitor.plan|truncate(1) }}"), plan="enterprise")
