from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from jinja2 import TemplateSyntaxError

from rules.context import Value
from rules.errors import MissingValueError, UnsafeValueError
from rules.fragment_prints import Prints, prints_of
from rules.fragments import Fragment, Kind, Rendering
from rules.sandbox import FragmentEnvironment, with_signals
from tests.rules.reading import context
from tests.rules.saying import compiler

PLAIN, MARKUP = FragmentEnvironment({}, markup=False), FragmentEnvironment({}, markup=True)


def prints(source: str, environment: FragmentEnvironment = PLAIN) -> Prints | None:
    return prints_of(with_signals(environment.parse_as_written(source)), environment)


def values(source: str, **visitor: Value) -> tuple[str, ...]:
    found = prints(source)
    assert found is not None
    return found.values({f"visitor.{name}": value for name, value in visitor.items()}.get)


def test_a_text_that_prints_has_one_shape_and_a_value_for_each_print() -> None:
    found = prints("Hi {{ visitor.a }}{{ visitor.b | default('x') }}!\n")
    assert found is not None
    assert found.shape == ("Hi ", "", "!")
    assert found.values({"visitor.a": "Ada"}.get) == ("Ada", "x")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ visitor.a or visitor.no or 'x' }}", "Ada"),
        ("{{ visitor.no or visitor.a }}", "Ada"),
        ("{{ visitor.no|default(visitor.a)|upper }}", "ADA"),
        ("{{ visitor.no|default('', true)|default('x', true) }}", "x"),
        ("{{ visitor.a|lower|title|trim('A') }}", "da"),
        ("{{ visitor.a|length }}", "3"),
        ("{{- visitor.a -}}  ", "Ada"),
        ("{# who #}{{ visitor.a }}{% raw %}{{ }}{% endraw %}", "Ada"),
    ],
)
def test_values_are_found_as_they_are_written(source: str, expected: str) -> None:
    assert values(source, a="Ada") == (expected,)


@pytest.mark.parametrize(
    "source",
    [
        "{% if visitor.a %}{{ visitor.a }}{% endif %}", "{% for a in visitor.a %}{{ a }}{% endfor %}",
        "{% set a = visitor.a %}{{ visitor.a }}", "{% include 'a.html' %}", "{{ visitor.a }}{{ 'x' }}",
        "{{ 'x' if visitor.a }}", "{{ visitor.a|join(',') }}", "{{ visitor.a|first }}", "{{ visitor.a|truncate(3) }}",
        "{{ visitor.a|default('x', boolean=true) }}", "{{ visitor.a or none }}", "{{ visitor.a and 'x' }}",
        "{{ not visitor.a }}", "{{ visitor.a < 3 }}", "{{ visitor.a in ['x'] }}", "{{ loop.index }}",
        "{{ " + " or ".join(["visitor.a"] * 30) + " }}",
    ],
)  # fmt: skip
def test_what_does_more_than_print_is_left_to_jinja(source: str) -> None:
    assert prints(source) is None


@pytest.mark.parametrize("a", ["x" * 262_142, "\0" * 300_000 + "x" * 262_142])
def test_an_output_may_come_to_the_bound(a: str) -> None:
    assert values("{{ visitor.a }}", a=a) == ("x" * 262_142,)


def test_an_output_beyond_all_bounds_is_not_said() -> None:
    with pytest.raises(MissingValueError, match="more than 262144 characters"):
        values("{{ visitor.a }}", a="x" * 262_143)
    with pytest.raises(MissingValueError, match="more than 262144 characters"):
        values("{{ visitor.a }}.", a="\r\n" * 131_071)


LITERALS = st.one_of(
    st.text("ab<&\"'\r\n \ufffd=/:?#å", max_size=6),
    st.sampled_from(
        ['<a href="', '<a href="/x?y=', "<p title='", '">', "'>", "</a>", "https://shop.example/", "/go?to="]
    ),
)
NAMES = st.sampled_from(["visitor.a", "visitor.b", "geo.city", "page.tags", "visits.count"])
CONSTANTS = st.sampled_from(["'x'", "''", "'<&>'", "'å\\n\\r'", "7", "0", "2.5", "true", "none"])
FILTERS = st.sampled_from(
    ["upper", "lower", "title", "trim", "capitalize", "int", "float", "round", "round(1)", "length", "urlencode",
     "trim('x')", "int(3)", "float('y')", "truncate(4)", "join('-')", "first"]
)  # fmt: skip


def _defaults(operands: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(operands, st.sampled_from(["", ", true"])).map(lambda each: f"default({each[0]}{each[1]})")


def _larger(expressions: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operands = st.one_of(NAMES, CONSTANTS, expressions.map("({})".format))
    return st.one_of(
        st.tuples(operands, st.one_of(FILTERS, _defaults(operands))).map(" | ".join),
        st.tuples(operands, operands).map(" or ".join),
    )


EXPRESSIONS = st.recursive(NAMES, _larger, max_leaves=4)
SOURCES = st.lists(st.one_of(LITERALS, EXPRESSIONS.map("{{{{ {} }}}}".format)), min_size=1, max_size=5).map("".join)
VALUES = st.one_of(
    st.text(max_size=8),
    st.text("<&>\"'\r\n\0\x7f\ud800\ufdd0\ufdd1 \xa0åİßx7.", max_size=8),
    st.sampled_from(
        ["//evil.example", "javascript:x", "/x", "https://shop.example/", "y" * 300_000, "&#0;", "12", "1e999"]
    ),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.lists(st.text(max_size=3), max_size=3).map(tuple),
)


def _outcome(fragment: Fragment, signals: dict[str, Value]) -> Rendering | tuple[str, str]:
    try:
        return fragment.render(context(signals))
    except (MissingValueError, UnsafeValueError) as error:
        return type(error).__name__, str(error)


@settings(max_examples=1000)
@given(SOURCES, st.dictionaries(NAMES, VALUES), st.sampled_from(Kind))
@example("{{ visitor.a }}\r\n{{ visitor.b | default('x') }}", {"visitor.a": "\r"}, Kind.HTML)
@example("{{ visitor.a }}", {"visitor.a": date(2026, 12, 24), "visitor.b": datetime(2026, 1, 1, tzinfo=UTC)}, Kind.TEXT)
@example("{{ page.tags | upper }}{{ visits.count }}", {"page.tags": ("a", "b"), "visits.count": True}, Kind.HTML)
def test_it_says_what_jinja_says(source: str, signals: dict[str, Value], kind: Kind) -> None:
    environment = MARKUP if kind is Kind.HTML else PLAIN
    try:
        found = prints(source, environment)
    except TemplateSyntaxError:
        found = None
    assume(found is not None)
    both = (
        Fragment(
            kind,
            source,
            frozenset({"visitor.a"}),
            None if each else environment.from_string(source),
            values={},
            link_hosts=frozenset(),
            prints=each,
        )
        for each in (found, None)
    )
    sooner, jinja = (_outcome(each, signals) for each in both)
    assert sooner == jinja


def test_a_value_is_escaped_in_markup_alone() -> None:
    known = context({"visitor.a": " <i> "})
    assert compiler().html("{{ visitor.a|trim }}").render(known).values == ("&lt;i&gt;",)
    assert compiler().text("{{ visitor.a|trim }}").render(known).values == ("<i>",)
