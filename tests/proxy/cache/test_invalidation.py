from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.cache.invalidation import invalidated
from proxy.names import SiteName
from tests.proxy.cache.table import Case, cases

SITE = SiteName.of(b"https", b"shop.example")


@pytest.mark.parametrize("case", cases("invalidated"))
def test_a_request_invalidates_the_targets_that_the_table_says(case: Case) -> None:
    found = invalidated(
        case.text("method"), int(case.text("status")), SITE, case.text("target").encode(), case.headers("response")
    )
    assert [target.decode() for target in found] == case.texts("result")


@given(st.binary())
def test_no_location_is_too_strange(location: bytes) -> None:
    found = invalidated("POST", 201, SITE, b"/a", ((b"location", location),))
    assert found[0] == b"/a"
    assert all(target.startswith(b"/") for target in found)
