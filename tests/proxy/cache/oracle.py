"""What hishel makes of the golden table's cases: a state machine of RFC 9111 by other people, as a shared cache.

It reads the clock itself, so time is set for it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import time_machine
from hishel import (
    CacheMiss,
    CacheOptions,
    Entry,
    FromCache,
    IdleClient,
    InvalidateEntries,
    NeedRevalidation,
    NeedToBeUpdated,
    State,
    StoreAndUse,
)
from hishel import Headers as HishelHeaders
from hishel import Request as HishelRequest
from hishel import Response as HishelResponse
from hishel._core._spec import get_age, get_freshness_lifetime, vary_headers_match
from hishel._utils import parse_date

from proxy.wire import Headers
from tests.proxy.cache.table import DATE, START, Case

SHARED = CacheOptions(shared=True, supported_methods=["GET"], allow_stale=False)
URL = "https://shop.example"


def is_stored(case: Case) -> bool:
    state = CacheMiss(SHARED, request=_request(case.request.headers, case.request.method))
    return isinstance(state.next(_response(case.response.headers, case.response.status)), StoreAndUse)


def lifetime(case: Case) -> int | None:
    with time_machine.travel(case.response.received_at, tick=False):
        return get_freshness_lifetime(_response(case.response.headers), True)


def age(case: Case) -> int:
    with time_machine.travel(case.now, tick=False):
        return get_age(_response(case.response.headers))


def date(case: Case) -> int | None:
    return parse_date(case.text("date"))


def answers_from_store(case: Case) -> bool:
    stored = _entry((), case.response.headers)
    with time_machine.travel(case.now, tick=False):
        return isinstance(IdleClient(SHARED).next(_request(case.request.headers), [stored]), FromCache)


def fits(case: Case, vary: Headers) -> bool:
    return vary_headers_match(_request(case.headers("request")), _entry(case.headers("stored"), vary))


def conditions(case: Case) -> Mapping[str, list[str]]:
    stored = [_entry((), (*headers, (b"date", DATE))) for headers in case.listed_headers("stored")]
    with time_machine.travel(START + 10**9, tick=False):
        state = IdleClient(SHARED).next(_request(case.headers("request")), stored)
    return told(state.request.headers) if isinstance(state, NeedRevalidation) else {}


def confirmed(case: Case) -> list[int]:
    stored = [_entry((), headers) for headers in case.listed_headers("stored")]
    numbers = {entry.id: number for number, entry in enumerate(stored)}
    return sorted(numbers[entry.id] for entry in _updated(stored, case.headers("not_modified")))


def freshened(case: Case) -> Mapping[str, list[str]]:
    (entry,) = _updated([_entry((), case.headers("stored"))], case.headers("not_modified"))
    return told(entry.response.headers)


def drops_target(case: Case) -> bool:
    target = URL + case.text("target")
    state: State | None = IdleClient(SHARED).next(_request((), case.text("method"), target), [_entry((), (), target)])
    if isinstance(state, CacheMiss):
        state = state.next(_response(case.headers("response"), int(case.text("status"))))
    return isinstance(state, InvalidateEntries)


def told(headers: HishelHeaders) -> Mapping[str, list[str]]:
    return {name: headers.get_list(name) or [] for name in headers}


def _updated(stored: list[Entry], not_modified: Headers) -> list[Entry]:
    state: State | None = NeedRevalidation(
        SHARED, request=_request(()), original_request=_request(()), revalidating_entries=stored
    ).next(_response(not_modified, 304))
    if isinstance(state, InvalidateEntries):
        state = state.next()
    return state.updating_entries if isinstance(state, NeedToBeUpdated) else []


def _entry(request: Headers, response: Headers, url: str = URL + "/") -> Entry:
    return Entry(uuid.uuid4(), _request(request, url=url), _response(response))


def _request(headers: Headers, method: str = "GET", url: str = URL + "/") -> HishelRequest:
    return HishelRequest(method, url, _headers(headers))


def _response(headers: Headers, status: int = 200) -> HishelResponse:
    return HishelResponse(status, _headers(headers))


def _headers(headers: Headers) -> HishelHeaders:
    lines: dict[str, str | list[str]] = {}
    for name, value in headers:
        found = lines.setdefault(name.decode("latin-1"), [])
        assert isinstance(found, list)
        found.append(value.decode("latin-1"))
    return HishelHeaders(lines)
