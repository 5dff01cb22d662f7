"""The threat model: the modules and tests that it names are there, and no threat is told without its answer."""

from __future__ import annotations

import re

import pytest

from proxy.cli.preview import preview
from proxy.settings.model import Settings
from tests.docs.fences import ROOT, code_words, prose, rows

PAGE = "docs/security.md"
THREATS = [cells for cells in rows(PAGE) if len(cells) == 4 and cells[0] != "could"]


def is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or path.is_dir()


def test_every_module_that_it_names_exists() -> None:
    named = {word for word in code_words(prose(PAGE)) if re.fullmatch(r"(rules|proxy)(\.\w+)+", word)}
    assert len(named) > 30
    assert sorted(name for name in named if not is_module(name)) == []


def test_every_test_that_it_names_exists() -> None:
    named = {word for word in code_words(prose(PAGE)) if word.startswith("tests/")}
    assert len(named) > 30
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []


@pytest.mark.parametrize("cells", THREATS, ids=lambda cells: cells[0][:40])
def test_what_is_done_has_a_module_and_a_test_and_what_is_not_says_so(cells: tuple[str, ...]) -> None:
    _, done, shown, left = cells
    words = code_words(shown)
    if "**nothing**" in done:
        assert left or words
    else:
        assert any(is_module(word) for word in words), "no module does it"
        assert any(word.startswith("tests/") for word in words), "no test shows it"


def test_every_setting_that_it_names_is_one() -> None:
    others = {"profiles.db", "link_hosts", "secret"}
    named = {word for word in code_words(prose(PAGE)) if re.fullmatch(r"[a-z]+(_[a-z]+)+", word)} - others
    assert named
    assert sorted(named - Settings.model_fields.keys()) == []


def test_the_short_policy_and_the_model_lead_to_each_other() -> None:
    assert "](../SECURITY.md" in prose(PAGE)
    assert "](docs/security.md" in prose("SECURITY.md")


def test_the_preview_has_no_flag_for_where_it_listens() -> None:
    assert "host" not in {parameter.name for parameter in preview.params}
