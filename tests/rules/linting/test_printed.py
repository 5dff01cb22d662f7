from __future__ import annotations

from pathlib import Path

import pytest

from rules.linting.printed import prints
from tests.rules.reading import rulebook


@pytest.mark.parametrize(
    ("text", "is_printed"),
    [
        ("{{ geo.city }}", True),
        ("{% if geo.city %}Near{% endif %}", False),
        ("{% if geo.city %}{{ geo.city }}{% endif %}", True),
        ("{% set place = geo.city %}{{ place }}", True),
    ],
)
def test_what_is_only_asked_for_is_not_printed(tmp_path: Path, text: str, *, is_printed: bool) -> None:
    book = rulebook(tmp_path, f"experiences: {{a: {{pages: /, change: {{select: h1, text: '{text}'}}}}}}")
    (fragment,) = book.experiences[0].fragments
    assert prints(fragment, "geo.city") is is_printed
