from __future__ import annotations

from pathlib import Path

import pytest

from rules.linting.forged_links import forged_links
from tests.rules.reading import rulebook


@pytest.mark.parametrize(
    ("who", "text", "is_told"),
    [
        ('{page.query.for: "*"}', "For {{ page.query.for }}", True),
        ('{source.term: "tent*"}', "{{ source.term }}", True),
        ("{source.term: {contains: tent}}", "{{ source.term }}", True),
        ("{geo.eu: true}", "{{ source.term | title }}", True),
        ("{geo.eu: true}", "{% set term = source.term %}{{ term }}", True),
        ("{any: [{source.term: tent}, {geo.eu: true}]}", "{{ source.term }}", True),
        ("{source.term: [tent, backpack]}", "{{ source.term }}", False),
        ("{all: [{source.term: tent}, {geo.eu: true}]}", "{{ source.term }}", False),
        ('{source.term: {matches: "^[a-z]{1,9}$"}}', "{{ source.term }}", False),
        ('{source.term: {matches: "tent"}}', "{{ source.term }}", True),
        ('{page.query.for: "*"}', "{% if page.query.for == 'tents' %}Tents{% endif %}", False),
        ('{page.query.for: "*"}', "Hello", False),
        ("{geo.eu: true}", "{{ source.medium }}", False),
        ("{geo.eu: true}", "{{ geo.city }}", False),
    ],
)
def test_what_any_link_could_say_is_told_where_it_is_printed(
    tmp_path: Path, who: str, text: str, *, is_told: bool
) -> None:
    change = f'change: [{{select: h1, text: "{text}"}}]'
    found = list(forged_links(rulebook(tmp_path, f"experiences:\n  a:\n    pages: /\n    who: {who}\n    {change}\n")))
    assert bool(found) is is_told


def test_a_value_in_an_address_is_nothing_that_people_read(tmp_path: Path) -> None:
    text = "experiences: {a: {pages: /, change: {select: a, link: {href: '/search?q={{ source.term }}'}}}}"
    assert list(forged_links(rulebook(tmp_path, text))) == []


def test_a_template_that_is_included_may_print_it(tmp_path: Path) -> None:
    text = "experiences: {a: {pages: /, change: {select: h1, template: a.html}}}"
    templates = {"a.html": "{% include 'b.html' %}", "b.html": "<b>{{ source.term }}</b>"}
    (problem,) = forged_links(rulebook(tmp_path, text, templates))
    assert "`source.term`" in problem.message
