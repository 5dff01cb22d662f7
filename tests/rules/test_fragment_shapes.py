from __future__ import annotations

import pytest

from tests.rules.saying import compiler, html, text


@pytest.mark.parametrize(
    ("source", "shapes"),
    [
        ("Hello", 1),
        ("Hello {{ geo.city }}", 1),
        ("Hello {{ geo.city or 'you' }}", 1),
        ("{{ 'a' if geo.eu else 'b' }}", 1),
        ("{% if geo.eu %}a{% endif %}", 2),
        ("{% if geo.eu %}a{% elif geo.city %}b{% else %}c{% endif %}", 3),
        ("{% if geo.eu %}a{% endif %}{% if geo.city %}b{% endif %}", 4),
        ("{% if geo.eu %}{% if geo.city %}b{% endif %}{% else %}c{% endif %}", 3),
        ("{% set city = geo.city or 'you' %}{{ city }}", 1),
        ("{% for tag in geo.city %}{{ tag }}{% endfor %}", 11),
        ("{% if geo.eu %}a{% endif %}" * 40, 2),
        ("{% if geo.eu %}a{% endif %}{% if not geo.eu %}b{% endif %}", 4),
        ("".join(f"{{% if time.hour == {n} %}}a{{% endif %}}" for n in range(24)), 1_000_000),
    ],
)
def test_each_way_through_the_branches_is_a_shape(source: str, shapes: int) -> None:
    assert text(source).shapes == shapes
    assert html(source).shapes == shapes


def test_the_files_that_are_included_count_too() -> None:
    templates = {"price.html": "{% if geo.eu %}€{% else %}${% endif %}"}
    assert compiler(templates).html("{% if geo.city %}{% include 'price.html' %}{% endif %}").shapes == 4
