"""What docs/memory.md says of bounds, names and examples is what the code has."""

from __future__ import annotations

import re
from inspect import signature
from pathlib import Path

import pytest

from proxy.profile import observe
from proxy.profile.database import PARTITIONS
from proxy.profile.model import VISIT_ENDS_AFTER
from proxy.profile.sqlite import REOPEN_AFTER, SqliteProfileStore
from proxy.remember import SEARCH_PARAMETERS
from proxy.rights.answers import MAX_ANSWER_LENGTH, MAX_FORM_BYTES
from proxy.rights.page import View
from proxy.rights.tokens import LIFETIME
from proxy.settings.model import PROFILE_FILE, Settings
from rules.preferences import Preference, preferences_of
from tests.docs.fences import blocks, code_words, prose, rows
from tests.rules.reading import rulebook

GUIDE = "docs/memory.md"
TOLD = " ".join(prose(GUIDE).split())
DEFAULTS = {name: each.default for name, each in signature(SqliteProfileStore).parameters.items()}


@pytest.mark.parametrize(
    "told",
    [
        f"ends after {VISIT_ENDS_AFTER.total_seconds() / 60:.0f} minutes",
        f"{observe.MAX_RECENT_VISITS} starts",
        f"{observe.MAX_PRODUCTS} products",
        f"told you | {observe.MAX_PREFERENCES} |",
        f"paths and sources up to {observe.MAX_TEXT_LENGTH} characters",
        f"within {DEFAULTS['batch_seconds']} seconds",
        f"up to {DEFAULTS['queue_size']:,} events",
        f"every {REOPEN_AFTER.total_seconds():.0f} seconds",
        f"lie in {PARTITIONS} tables",
        f"`profile_days` ({Settings.model_fields['profile_days'].default})",
        f"`profile_bytes` ({Settings.model_fields['profile_bytes'].default >> 30} GiB)",
        f"`{PROFILE_FILE}` in the data folder",
        f"up to {MAX_ANSWER_LENGTH} characters",
        f"Forms are up to {MAX_FORM_BYTES >> 10} KB",
        f"good for {('no', 'one', 'two')[LIFETIME.seconds // 3600]} hours",
    ],
)
def test_a_figure_is_that_of_the_code(told: str) -> None:
    assert told in TOLD


def test_the_stores_defaults_are_those_of_the_settings() -> None:
    assert DEFAULTS["days"] == Settings.model_fields["profile_days"].default
    assert DEFAULTS["max_bytes"] == Settings.model_fields["profile_bytes"].default


def test_every_name_that_a_template_is_given_is_told() -> None:
    told = {word for cells in rows(GUIDE) if len(cells) == 2 for word in code_words(cells[0])}
    assert told == set(View.__slots__)


def test_every_parameter_of_a_search_is_told() -> None:
    (sentence,) = re.findall(r"has a parameter ([^.]*)\.", TOLD)
    assert set(code_words(sentence)) == SEARCH_PARAMETERS


def test_the_example_asks_what_the_page_says(tmp_path: Path) -> None:
    (example,) = blocks(GUIDE, "yaml")
    assert preferences_of(rulebook(tmp_path, example.text)) == (Preference("diet", ("vegan", "vegetarian")),)
