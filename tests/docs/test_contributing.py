"""CONTRIBUTING.md tells of every target of the Makefile."""

from __future__ import annotations

from tests.docs.fences import ROOT, code_words, rows


def test_every_target_has_its_row() -> None:
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    (phony,) = (line.removeprefix(".PHONY:").split() for line in lines if line.startswith(".PHONY:"))
    told = {word for first, *_ in rows("CONTRIBUTING.md") for word in code_words(first)}
    assert {f"make {target}" for target in phony} == told
