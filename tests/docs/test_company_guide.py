"""The page on companies: its columns, ways and figures are those of the code, and its examples work."""

from __future__ import annotations

import re
from inspect import signature
from pathlib import Path

import pytest

from proxy.company import cells, resolver_http, table
from proxy.company.accounts_file import load_accounts
from proxy.company.columns import ALIASES, TAKEN
from proxy.company.finder import CONFIDENCE
from proxy.company.resolver import SparingResolver
from proxy.settings.layers import CONFIG_FILE, read_settings
from proxy.settings.model import Settings
from rules.signals import lookup
from rules.source import MAX_FILE_BYTES
from tests.docs.fences import blocks, code_words, prose, rows

GUIDE = "docs/company.md"


def default_of(parameter: str) -> float:
    return float(signature(SparingResolver).parameters[parameter].default)


def test_the_table_of_columns_is_that_of_the_code() -> None:
    told = {cells[0].strip("`"): cells[1] for cells in rows(GUIDE) if cells[0].strip("`") in ALIASES}
    assert told == {column: ", ".join(f"`{name}`" for name in names) for column, names in ALIASES.items()}


def test_the_table_of_ways_is_that_of_the_code() -> None:
    told = {
        cells[0].strip("`"): cells[2].partition(",")[0] for cells in rows(GUIDE) if cells[0].strip("`") in CONFIDENCE
    }
    assert told == {way: f"{sure:g}" for way, sure in CONFIDENCE.items()}
    assert list(told) == list(CONFIDENCE)


def test_every_signal_that_it_names_exists() -> None:
    named = {word for word in code_words(prose(GUIDE)) if re.fullmatch(r"company[.]\w+", word)}
    assert {"company.name", "company.account_owner"} <= named
    assert [name for name in named if lookup(name) is None] == []


@pytest.mark.parametrize("language", ["csv", "yaml"])
def test_an_example_of_a_file_is_one_that_can_be_read(language: str, tmp_path: Path) -> None:
    (example,) = (block for block in blocks(GUIDE, language) if block.note == "accounts")
    path = tmp_path / f"accounts.{language}"
    path.write_text(example.text, encoding="utf-8")
    assert load_accounts(path).all


def test_the_example_of_settings_is_one_that_can_be_read(tmp_path: Path) -> None:
    (example,) = blocks(GUIDE, "toml")
    (tmp_path / CONFIG_FILE).write_text('origin = "http://127.0.0.1:9000"\n' + example.text, encoding="utf-8")
    settings, warnings = read_settings({}, {}, directory=tmp_path)
    assert warnings == ()
    assert set(settings.company_resolver_fields) == {"name", "domain", "employees"}


@pytest.mark.parametrize(
    "told",
    [
        f"At most {table.MAX_ROWS:,} accounts, {table.MAX_COLUMNS} columns and {table.MAX_FILE_BYTES:,} bytes",
        f"of YAML {MAX_FILE_BYTES:,} bytes",
        f"A text has up to {cells.MAX_TEXT_LENGTH} characters",
        f"`company_resolver_seconds`**, {Settings.model_fields['company_resolver_seconds'].default} if left out",
        f"answers over {resolver_http.MAX_ANSWER_BYTES:,} bytes",
        f"{default_of('most_at_once'):.0f} questions at most",
        f"{default_of('most_kept'):,.0f} of each at most",
        f"left alone for {default_of('rest_seconds'):.0f} seconds",
        f"failures for {default_of('failed_seconds'):.0f} seconds",
        "No column can be called " + " or ".join(f"`{name}`" for name in TAKEN),
    ],
)
def test_a_figure_in_the_text_is_that_of_the_code(told: str) -> None:
    assert told in " ".join(prose(GUIDE).split())


def test_answers_are_kept_as_long_as_it_says() -> None:
    assert (default_of("known_seconds"), default_of("unknown_seconds")) == (24 * 3600, 3600)
    assert default_of("failures_until_rest") == 5
