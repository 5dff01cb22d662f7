from __future__ import annotations

import pytest

from proxy.cache.patterns import NamePatterns

LISTED = NamePatterns.of(["gclid", "UTM_*", "*_id", "a*z"])


@pytest.mark.parametrize("name", ["gclid", "GCLID", "utm_", "utm_source", "UTM_Source", "ad_id", "az", "abcz"])
def test_a_name_is_listed_in_any_case(name: str) -> None:
    assert LISTED.has(name)


@pytest.mark.parametrize("name", ["", "gclid2", "xgclid", "utm", "id", "abc"])
def test_other_names_are_not(name: str) -> None:
    assert not LISTED.has(name)


def test_an_empty_list_has_no_name() -> None:
    assert not NamePatterns.of([]).has("")
