from __future__ import annotations

from pathlib import Path

import pytest

from rules.linting.redirect_loops import redirect_loops
from tests.rules.reading import NOON, rulebook


def told(folder: Path, *experiences: str) -> list[str]:
    lines = [f"  {name}: {{{each}}}\n" for name, each in zip("abcdefghijklmnop", experiences, strict=False)]
    return [each.message for each in redirect_loops(rulebook(folder, "experiences:\n" + "".join(lines)), NOON)]


CIRCLE = ["redirects in a circle: `a` → `b` → `a`"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("pages: /a, redirect: /b", "pages: /b, redirect: /a", CIRCLE),
        ("pages: /a/**, redirect: /b/", "pages: /b/**, redirect: /a/x", CIRCLE),
        ("pages: /a/**, except: /a/x, redirect: /b/", "pages: /b/**, redirect: /a/x", []),
        ("pages: /a, redirect: /b", "pages: {path: /b, query: {q: '1'}}, redirect: /a", []),
        ("pages: /a, redirect: '/b?q=1'", "pages: {path: /b, query: {q: '1'}}, redirect: /a", CIRCLE),
        ("pages: /a, redirect: /b", "pages: /b, redirect: /c", []),
        ("pages: /a, who: {geo.country: NO}, redirect: /b", "pages: /b, who: {geo.country: SE}, redirect: /a", []),
        ("pages: /a, who: {geo.country: NO}, redirect: /b", "pages: /b, who: {geo.eu: false}, redirect: /a", CIRCLE),
        ("pages: /a, redirect: '/b?c={{ geo.city }}'", "pages: /b, redirect: /a", []),
        ("pages: /a, enabled: false, redirect: /b", "pages: /b, redirect: /a", []),
    ],
)
def test_redirects_that_come_back_are_told(tmp_path: Path, one: str, other: str, expected: list[str]) -> None:
    assert told(tmp_path, one, other) == expected


def test_a_redirect_to_a_page_of_its_own_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, "pages: /old/**, redirect: /old/home") == ["`a` redirects `/old/home` to itself"]
    assert told(tmp_path, "pages: /old/**, except: /old/home, redirect: /old/home") == []


def test_a_long_circle_is_told_once(tmp_path: Path) -> None:
    steps = [f"pages: /{n}, redirect: /{(n + 1) % 4}" for n in range(4)]
    assert told(tmp_path, *steps) == ["redirects in a circle: `a` → `b` → `c` → `d` → `a`"]


def test_a_variant_that_redirects_is_followed_too(tmp_path: Path) -> None:
    experiment = "pages: /a, experiment: {split: {original: 50, x: 50}}, variants: {x: {redirect: /b}}"
    assert told(tmp_path, experiment, "pages: /b, redirect: /a") == CIRCLE


def test_a_page_that_serves_itself_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, "pages: /a, serve: /a") == ["`serve: /a` of `a` is the page that was asked for"]
    assert told(tmp_path, "pages: [/a, /b], serve: /a") == []
    assert told(tmp_path, "pages: /a, serve: '/a?b=1'") == []
