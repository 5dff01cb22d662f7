from __future__ import annotations

import pytest

from proxy.cache.messages import Request, Response
from proxy.cache.storability import NotStored, why_not_stored
from proxy.cache.validation import conditional_headers, confirmed, freshened, is_not_modified
from proxy.wire import Headers
from tests.proxy.cache.table import START, Case, cases


def response(headers: Headers, status: int = 200, at: float = START) -> Response:
    return Response(status, headers, requested_at=at, received_at=at)


@pytest.mark.parametrize("case", cases("conditional"))
def test_the_origin_is_asked_under_the_conditions_that_the_table_says(case: Case) -> None:
    asked = conditional_headers(case.headers("request"), case.listed_headers("stored"))
    assert asked == case.headers("result")


@pytest.mark.parametrize("case", cases("confirmed"))
def test_a_304_confirms_the_responses_that_the_table_says(case: Case) -> None:
    numbers = confirmed(case.listed_headers("stored"), case.headers("not_modified"))
    assert list(numbers) == list(map(int, case.texts("result")))


@pytest.mark.parametrize("case", cases("freshened"))
def test_a_304_updates_the_fields_that_the_table_says(case: Case) -> None:
    fresh = freshened(response(case.headers("stored")), response(case.headers("not_modified"), 304))
    assert fresh.headers == case.headers("result")


@pytest.mark.parametrize("case", cases("not_modified"))
def test_a_browser_gets_a_304_where_the_table_says(case: Case) -> None:
    stored = response(case.headers("stored"), int(case.text("status", "200")))
    assert is_not_modified(case.headers("request"), stored) == (case.text("result") == "true")


def test_a_response_is_as_young_as_the_304_that_confirmed_it() -> None:
    fresh = freshened(response(()), response((), 304, START + 60))
    assert (fresh.status, fresh.requested_at, fresh.received_at) == (200, START + 60, START + 60)


@pytest.mark.parametrize(
    ("field", "why"),
    [
        ((b"cache-control", b"private"), NotStored.PRIVATE),
        ((b"set-cookie", b"a=b"), NotStored.SET_COOKIE),
        ((b"vary", b"*"), NotStored.VARY),
        ((b"content-security-policy", b"script-src 'nonce-1'"), NotStored.NONCE),
    ],
)
def test_a_304_can_end_that_a_response_is_shared(field: tuple[bytes, bytes], why: NotStored) -> None:
    stored = response(((b"cache-control", b"max-age=60"), (b"etag", b'"a"')))
    assert why_not_stored(Request("GET", ()), stored) is None
    assert why_not_stored(Request("GET", ()), freshened(stored, response((field,), 304))) is why
