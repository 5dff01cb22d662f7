"""Runs the golden pages: what comes of a page is, byte for byte, what was written and looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.golden_pages import cases, made_of


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_page_becomes_what_is_expected(case: Path) -> None:
    assert made_of(case).decode() == (case / "expected.html").read_text(encoding="utf-8")
