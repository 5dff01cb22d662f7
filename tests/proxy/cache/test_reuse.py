from __future__ import annotations

import pytest

from proxy.cache.cache_status import Forward
from proxy.cache.directives import RequestDirectives
from proxy.cache.freshness import Freshness, freshness_of
from proxy.cache.reuse import Reuse, Use, decide_reuse, outlasts_error
from tests.proxy.cache.table import Case, cases, listed


def stored(case: Case) -> Freshness:
    return freshness_of(case.response, assigned=case.number("assigned"))


@pytest.mark.parametrize("case", cases("reuse"))
def test_a_stored_response_is_used_as_the_table_says(case: Case) -> None:
    reuse = decide_reuse(RequestDirectives.of(case.request.headers), stored(case), case.now)
    assert (reuse.use, reuse.forward or "") == (case.text("result"), case.text("forward"))


@pytest.mark.parametrize("case", cases("outlasts_error"))
def test_a_stored_response_outlasts_an_error_as_the_table_says(case: Case) -> None:
    outlasts = outlasts_error(RequestDirectives.of(case.request.headers), stored(case), case.now)
    assert outlasts == (case.text("result") == "true")


def test_the_table_has_every_use_but_a_miss() -> None:
    assert {case.text("result") for case in listed("reuse")} == set(Use) - {Use.MISS}


def test_nothing_stored_is_a_miss() -> None:
    assert decide_reuse(RequestDirectives(), None, 0) == Reuse(Use.MISS, Forward.MISS)


def test_nothing_stored_is_unavailable_where_only_a_stored_response_is_wanted() -> None:
    assert decide_reuse(RequestDirectives(only_if_cached=True), None, 0) == Reuse(Use.UNAVAILABLE)
