"""The page on caching: its lists are those of the code."""

from __future__ import annotations

from proxy.cache.keys import TRACKING_PARAMETERS
from proxy.cache.sessions import SESSION_COOKIES
from proxy.cache.storability import NotStored
from proxy.cache.validation import NOT_UPDATED
from proxy.cache.vary import CODINGS
from tests.docs.fences import code_words, prose, rows

GUIDE = "docs/caching.md"


def test_every_reason_not_to_store_has_its_row() -> None:
    told = [cells[3] for cells in rows(GUIDE) if len(cells) == 4]
    assert {word for cell in told for word in code_words(cell)} == {*NotStored, "detail"}


def test_every_preset_has_its_row_with_its_cookies() -> None:
    told = {words[0]: code_words(cells[1]) for cells in rows(GUIDE) if (words := code_words(cells[0]))}
    assert {preset: told.get(preset) for preset in SESSION_COOKIES} == dict(SESSION_COOKIES)


def test_every_tracking_parameter_is_named() -> None:
    assert code_words(prose(GUIDE).partition("## Tracking parameters")[2]) == TRACKING_PARAMETERS


def test_the_codings_and_the_fields_that_a_304_leaves_are_named() -> None:
    named = {word.lower().encode() for word in code_words(prose(GUIDE))}
    assert named >= {*CODINGS, *NOT_UPDATED}
