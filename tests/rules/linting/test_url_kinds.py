from __future__ import annotations

from pathlib import Path

import pytest

from rules.linting.url_kinds import url_kinds
from tests.rules.reading import rulebook


def kinds(folder: Path, *pages: str) -> dict[str, list[str]]:
    lines = [f"  e{n}: {{{each}, change: {{select: h1, text: Hi}}}}\n" for n, each in enumerate(pages)]
    book = rulebook(folder, "experiences:\n" + "".join(lines))
    return {kind.written: [each.id for each in kind.experiences] for kind in url_kinds(book.live)}


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        (["pages: /a", "pages: /b"], {"/a": ["e0"], "/b": ["e1"]}),
        (["pages: /a", "pages: /**"], {"/a": ["e0", "e1"], "/**": ["e1"]}),
        (["pages: /a", "pages: /**, except: /a"], {"/a": ["e0"], "/**": ["e1"]}),
        (
            ["pages: /a/*", "pages: '/**/sale'"],
            {"/a/*": ["e0"], "/**/sale": ["e1"], "/a/* and /**/sale": ["e0", "e1"]},
        ),
        (
            ["pages: /", "pages: {path: /, query: {ref: news}}"],
            {"/": ["e0"], "/?ref=news": ["e0", "e1"]},
        ),
        (
            ["pages: {path: /, host: a.example}", "pages: {path: /, host: b.example}", "pages: /"],
            {"a.example/": ["e0", "e2"], "b.example/": ["e1", "e2"]},
        ),
        (["pages: /a", "pages: [/a, /b], priority: 5"], {"/a": ["e1", "e0"], "/b": ["e1"]}),
        (["pages: [/a, /b]"], {"/a": ["e0"]}),
    ],
)
def test_there_is_a_kind_for_each_set_of_experiences(
    tmp_path: Path, pages: list[str], expected: dict[str, list[str]]
) -> None:
    found = kinds(tmp_path, *pages)
    assert {written: ids for written, ids in found.items() if written in expected} == expected
    assert len({tuple(ids) for ids in found.values()}) == len(found)
