from __future__ import annotations

from dataclasses import astuple, fields

import pytest

from proxy.rights.words import LANGUAGES, MEDIUMS, Words, choose_language
from rules import signals


def test_every_language_says_everything_in_its_own_words() -> None:
    assert tuple(LANGUAGES) == ("en", "de", "fr", "es")
    for field in fields(Words):
        said = [getattr(words, field.name) for words in LANGUAGES.values()]
        assert all(said), field.name
    for code, words in LANGUAGES.items():
        same = [each for each in astuple(words) if code != "en" and each in astuple(LANGUAGES["en"])]
        assert same == [], code


def test_every_medium_has_its_words() -> None:
    assert MEDIUMS == signals.MEDIUMS
    assert {len(words.mediums) for words in LANGUAGES.values()} == {len(MEDIUMS)}


@pytest.mark.parametrize(
    ("asked", "accepted", "spoken"),
    [
        ("", "", "en"),
        ("", "de", "de"),
        ("", "de-AT,de;q=0.9,en;q=0.8", "de"),
        ("", "nb,no;q=0.9,fr;q=0.5,es;q=0.7", "es"),
        ("", "en;q=0.1, FR-ch;q=0.2", "fr"),
        ("", "es;q=0, de;q=x", "en"),
        ("", ",;=,;q=", "en"),
        ("fr", "de", "fr"),
        ("xx", "de", "de"),
        ("", "x," * 100_000 + "de", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_or_the_browsers(asked: str, accepted: str, spoken: str) -> None:
    assert choose_language(asked, accepted) == spoken
