from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.cache.vary import CODINGS, Candidate, Selector, choose, normalized, selector_of
from proxy.wire import Headers
from tests.proxy.cache.table import Case, cases

NAMES = st.sampled_from([b"accept", b"accept-encoding", b"accept-language", b"cookie", b"x-a"])


@pytest.mark.parametrize("case", cases("vary"))
def test_a_stored_response_fits_the_requests_that_the_table_says(case: Case) -> None:
    values = case.texts("vary") or [case.text("vary")]
    response: Headers = tuple((b"vary", value.encode()) for value in values)
    selector = selector_of(response, case.headers("stored"))
    assert selector is not None
    assert selector.selects(case.headers("request")) == (case.text("result") == "true")


@pytest.mark.parametrize("vary", [b"*", b"cookie, *", b"a b", b'"cookie"', b"caf\xe9"])
def test_nothing_selects_a_response_that_varies_by_what_no_request_tells(vary: bytes) -> None:
    assert selector_of(((b"vary", vary),), ()) is None


def test_the_latest_of_the_responses_that_fit_is_chosen() -> None:
    older, latest = Candidate(Selector(), 10, 30), Candidate(Selector(), 20, 25)
    other = Candidate(Selector((b"cookie",), (b"a=1",)), 90, 90)
    assert choose([older, latest, other], ()) == latest


def test_of_two_responses_of_one_date_the_one_received_last_is_chosen() -> None:
    first, last = Candidate(Selector(), 10, 30), Candidate(Selector(), 10, 31)
    assert choose([last, first], ()) == last


def test_a_response_that_varies_goes_before_one_that_does_not() -> None:
    by_default = Candidate(Selector(), 90, 90)
    varied = Candidate(Selector((b"accept-language",), (b"de",)), 10, 10)
    assert choose([by_default, varied], ((b"accept-language", b"DE"),)) == varied
    assert choose([by_default, varied], ((b"accept-language", b"en"),)) == by_default


def test_no_response_is_chosen_where_none_fits() -> None:
    assert choose([Candidate(Selector((b"cookie",), (b"a=1",)), 0, 0)], ()) is None


@given(NAMES, st.binary(max_size=60))
def test_what_is_normalized_stays_so(name: bytes, value: bytes) -> None:
    once = normalized(name, ((name, value),))
    assert once is not None
    assert normalized(name, ((name, once),)) == once


@given(st.lists(st.sampled_from([*CODINGS, b"compress", b"br;q=0.5", b"*;q=0"])), st.randoms())
def test_codings_are_told_apart_by_nothing_but_which_there_are(offered: list[bytes], chance: Random) -> None:
    shuffled = offered.copy()
    chance.shuffle(shuffled)
    one, other = (normalized(b"accept-encoding", ((b"accept-encoding", b",".join(x)),)) for x in (offered, shuffled))
    assert one == other


def test_a_member_with_much_space_in_it_is_gone_through_once() -> None:
    space = b" " * 60_000
    for name in (b"accept", b"accept-encoding"):
        normalized(name, ((name, b"a" + space + b"b" + space + b";q=1"),))
    assert normalized(b"accept", ((b"accept", b"a" + space + b";" + space + b"q=1"),)) == b"a;q=1"
