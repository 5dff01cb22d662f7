from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.reading import load_problems, rulebook

SITE = "site: {link_hosts: [shop.example]}\n"


def book(shown: str) -> str:
    return f"{SITE}experiences:\n  a: {{pages: /, {shown}}}\n"


def test_an_experience_shows_changes_or_a_page_or_leads_away(tmp_path: Path) -> None:
    text = f"""{SITE}
experiences:
  change: {{pages: /, change: {{select: h1, text: Hi}}}}
  redirect: {{pages: /, redirect: "https://shop.example/{{{{ geo.country }}}}"}}
  serve: {{pages: /, serve: "/pris-blå?b=1", change: {{select: h1, text: Hi}}}}
"""
    change, redirect, serve = (each.variants[0] for each in rulebook(tmp_path, text).experiences)
    assert [each.leads_away for each in (change, redirect, serve)] == [False, True, True]
    assert redirect.redirect is not None
    assert redirect.redirect.signals == {"geo.country"}
    assert redirect.fragments == (redirect.redirect,)
    assert (serve.serve, len(serve.changes)) == ("/pris-bl%C3%A5?b=1", 1)


def test_the_variants_of_an_experiment_have_names_and_digests(tmp_path: Path) -> None:
    text = book(
        "experiment: {split: {original: 40, b: 30, c: 30}}, "
        "variants: {b: {redirect: /b}, c: {change: {select: h1, text: Hi}}}"
    )
    (experience,) = rulebook(tmp_path, text).experiences
    assert [variant.id for variant in experience.variants] == ["b", "c"]
    assert len({variant.digest for variant in experience.variants}) == 2


@pytest.mark.parametrize(
    ("shown", "problem"),
    [
        ("title: x", "3:3: experience `a` has no `change` (say what it shows: change, redirect, serve)"),
        ("redirect: ''", "3:27: `redirect` leads nowhere"),
        ("redirect: www.shop.example/x", "3:27: `www.shop.example/x` is neither a path nor a URL (begin a page of"),
        ("redirect: https://evil.example/", "3:27: `https://evil.example/` leads to another site (on this site write"),
        ("redirect: //evil.example/", "3:27: `//evil.example/` leads to another site"),
        (r"redirect: \\evil.example", r"3:27: `\\evil.example` leads to another site"),
        ("redirect: javascript:alert(1)", "3:27: this URL would run a script"),
        ("redirect: /x, change: {select: h1, text: Hi}", "3:39: `change` beside `redirect` is never seen"),
        ("redirect: /x, serve: /y", "3:38: `serve` beside `redirect` is never seen"),
        ("serve: pricing", "3:24: `pricing` is no path (a page of this site, such as /pricing-b)"),
        ("serve: //evil.example/", "3:24: `//evil.example/` is no path"),
        ("serve: /a/../b", "3:24: `/a/../b` has `.` or `..` in it"),
        *[
            (f"serve: '{path}'", f"3:24: `{path}` has an escape that not every site reads alike")
            for path in ("/%2e%2e/x", "/a%2Fb", "/a%5cb", "/%00", "/%zz", "/..;/x")
        ],
        ("serve: /products/*", "3:24: `/products/*` is many pages"),
        ("serve: '/a#b'", "3:24: `/a#b` has a fragment, which is never sent"),
        ("serve: '/{{ geo.country }}'", "3:24: `serve` can't hold a signal (make an experience for each page)"),
        ("variants: {b: {change: {select: h1, text: Hi}}}", "3:27: `variants` without `experiment`"),
        ("experiment: {split: {b: 100}}", "3:29: an experiment without `variants`"),
        ("experiment: {split: {b: 100}}, variants: {}", "3:58: `variants` is empty (name what there is to see"),
        (
            "change: {select: h1, text: Hi}, experiment: {split: {b: 100}}, variants: {b: {redirect: /b}}",
            "3:90: `variants` beside a `change` of the experience itself (move it into the variant that shows it)",
        ),
        ("experiment: {split: {b: 100}}, variants: {b: {}}", "3:59: variant `b` shows nothing (for the page as it is"),
        ("experiment: {split: {b: 100}}, variants: {b: {chnge: x}}", "3:63: unknown key `chnge` in a variant"),
        (
            "experiment: {split: {original: 100}}, variants: {original: {redirect: /}}",
            "3:66: `original` can't be",
        ),
        ("experiment: {split: {B b: 100}}, variants: {B b: {redirect: /}}", "3:61: `B b` can't be the id of a variant"),
    ],
)
def test_a_mistake_is_told_at_its_place(shown: str, problem: str, tmp_path: Path) -> None:
    told = load_problems(tmp_path, book(shown))
    assert told[0].startswith(problem), told
