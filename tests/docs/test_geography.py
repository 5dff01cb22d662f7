"""The page on geography: its headers, its layouts and its figures are those of the code."""

from __future__ import annotations

import inspect
from dataclasses import astuple

import pytest

from proxy.origin import headers
from proxy.settings.values import GeoPreset
from proxy.visitor import geo, geo_database, geo_record
from tests.docs.fences import code_words, prose, rows

GUIDE = "docs/geography.md"


def test_the_table_of_location_headers_is_that_of_the_code() -> None:
    told = {cells[0].strip("`"): cells[1:] for cells in rows(GUIDE) if cells[0].strip("`") in tuple(GeoPreset)}
    expected = {
        preset.value: tuple(f"`{name.decode()}`" for name in astuple(geo.PRESETS[preset])) for preset in geo.PRESETS
    }
    edgescape = f"`{geo.EDGESCAPE.decode()}`, which holds all of them"
    assert told == expected | {GeoPreset.AKAMAI.value: (edgescape, "", "", "", "", "", "")}


def test_every_field_of_a_database_that_it_names_is_read() -> None:
    # A position counts only in a town.
    town = {"zip": "0150"}
    unread = [
        word
        for signal, *layouts in rows(GUIDE)
        if signal.startswith("`geo.")
        for word in code_words(" ".join(layouts))
        if geo_record.facts_of({**town, **record_of(word)}) == geo_record.facts_of(town)
    ]
    assert unread == []


def record_of(path: str) -> dict[str, object]:
    """The record that has a value at `subdivisions[0].iso_code`, and no other."""
    first, *rest = path.split(".", 1)
    value = record_of(rest[0]) if rest else "1"
    return {first.removesuffix("[0]"): [value] if first.endswith("[0]") else value}


@pytest.mark.parametrize(
    "told",
    [
        f"the last {geo_database._REMEMBERED:,} of them",
        f"Every {inspect.signature(geo_database.GeoDatabases.watch).parameters['look_seconds'].default:.0f} seconds",
        f"at most {geo_record._MAX_RADIUS_KM} km",
    ],
)
def test_a_figure_in_the_text_is_that_of_the_code(told: str) -> None:
    assert told in " ".join(prose(GUIDE).split())


def test_every_claim_that_does_not_pass_from_strangers_is_told() -> None:
    told = set(code_words(prose("docs/transparency.md").partition("## Claims of strangers")[2]))
    dropped = {name.decode() for name in headers.TELLING_OF_HOPS}
    dropped |= {f"{prefix.decode()}*" for prefix in headers.TELLING_OF_HOPS_PREFIXES}
    assert {word.lower() for word in told} >= dropped
