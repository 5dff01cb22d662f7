from __future__ import annotations

import pytest

from proxy.cache.freshness import freshness_of
from proxy.cache.storability import NotStored, why_not_stored
from tests.proxy.cache.table import Case, cases, listed


@pytest.mark.parametrize("case", cases("stored"))
def test_a_response_is_stored_as_the_table_says(case: Case) -> None:
    why = why_not_stored(case.request, case.response, assigned=case.number("assigned"))
    assert (why or "stored") == case.text("result")


@pytest.mark.parametrize("case", cases("stored"))
def test_what_is_stored_has_a_freshness(case: Case) -> None:
    if case.text("result") == "stored":
        freshness_of(case.response, assigned=case.number("assigned"))


@pytest.mark.parametrize("why", NotStored)
def test_the_table_has_a_case_of_every_reason(why: NotStored) -> None:
    assert why in {case.text("result") for case in listed("stored")}
