"""The page on sources and devices: what it says of each medium is what the tables say."""

from __future__ import annotations

import pytest

from proxy.visitor.referrers import CLICK_IDS, MEDIUM_SPELLINGS, SENDERS, Medium
from proxy.visitor.source import MAX_VALUE_LENGTH, SourceReader
from rules.signals import DEVICES, MEDIUMS
from tests.docs.fences import code_words, prose, rows

GUIDE = "docs/sources-and-devices.md"

ROWS = {code_words(cells[0])[0]: cells for cells in rows(GUIDE) if code_words(cells[0])}


def test_every_medium_and_every_type_of_device_has_its_row() -> None:
    assert set(MEDIUMS) | set(DEVICES) <= set(ROWS)
    assert set(MEDIUMS) == set(Medium)


@pytest.mark.parametrize("medium", Medium)
def test_what_stands_in_the_row_of_a_medium_means_that_medium(medium: Medium) -> None:
    _, spellings, parameters, senders = ROWS[medium]
    reader = SourceReader()
    told = {word: reader.read({"utm_medium": word}, "", ()).medium for word in code_words(spellings)}
    told |= {word: CLICK_IDS[word][1] for word in code_words(parameters)}
    told |= {word: sender.medium for word in code_words(senders) for sender in SENDERS if sender.name == word}
    assert told.keys() == {*code_words(spellings), *code_words(parameters), *code_words(senders)}
    assert set(told.values()) == {medium}
    assert MEDIUM_SPELLINGS[medium]


def test_every_parameter_of_advertisers_is_named() -> None:
    paid = {id_ for id_, (_, medium) in CLICK_IDS.items() if medium is Medium.PAID}
    assert paid == set(code_words(ROWS["paid"][2]))


def test_the_bound_of_a_value_is_that_of_the_code() -> None:
    assert f"more than\n  {MAX_VALUE_LENGTH} characters" in prose(GUIDE)
