from __future__ import annotations

import pytest

from proxy.cache.directives import ResponseDirectives
from proxy.cache.freshness import freshness_of, lifetime_of
from tests.proxy.cache.table import START, Case, cases


@pytest.mark.parametrize("case", cases("lifetime"))
def test_a_lifetime_is_what_the_table_says(case: Case) -> None:
    directives = ResponseDirectives.of(case.response.headers)
    assert lifetime_of(case.response, directives, assigned=case.number("assigned")) == case.number("result")


@pytest.mark.parametrize("case", cases("age"))
def test_an_age_is_what_the_table_says(case: Case) -> None:
    assert freshness_of(case.response).age(case.now) == case.number("result")


@pytest.mark.parametrize("case", cases("lifetime"))
def test_what_nobody_gives_a_lifetime_is_always_validated(case: Case) -> None:
    freshness = freshness_of(case.response, assigned=case.number("assigned"))
    assert freshness.always_validate == (case.number("result") is None)


@pytest.mark.parametrize("case", cases("age"))
def test_what_remains_falls_as_the_age_rises(case: Case) -> None:
    freshness = freshness_of(case.response)
    assert freshness.remaining(START + 1_000) == freshness.lifetime - freshness.age(START + 1_000)


@pytest.mark.parametrize("case", cases("age"))
def test_it_ends_where_nothing_remains(case: Case) -> None:
    freshness = freshness_of(case.response)
    remaining = freshness.remaining(freshness.received_at)
    assert freshness.ends_at == (0 if freshness.always_validate else freshness.received_at + remaining)
