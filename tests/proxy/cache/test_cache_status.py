from __future__ import annotations

import http_sf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.cache.cache_status import CacheStatus, Forward, with_cache_status
from proxy.cache.storability import NotStored

STATUSES = st.builds(
    CacheStatus,
    forward=st.none() | st.sampled_from(Forward),
    ttl=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    forward_status=st.none() | st.integers(100, 599),
    stored=st.booleans(),
    collapsed=st.none() | st.booleans(),
    detail=st.text(),
)


@pytest.mark.parametrize(
    ("status", "written"),
    [
        (CacheStatus(), b"tailor; hit"),
        (CacheStatus(ttl=376.2), b"tailor; hit; ttl=376"),
        (CacheStatus(ttl=-0.5), b"tailor; hit; ttl=-1"),
        (CacheStatus(Forward.URI_MISS), b"tailor; fwd=uri-miss"),
        (CacheStatus(Forward.URI_MISS, stored=True, ttl=60), b"tailor; fwd=uri-miss; stored; ttl=60"),
        (CacheStatus(Forward.STALE, forward_status=304), b"tailor; fwd=stale; fwd-status=304"),
        (CacheStatus(Forward.VARY_MISS, collapsed=True), b"tailor; fwd=vary-miss; collapsed"),
        (CacheStatus(Forward.MISS, collapsed=False), b"tailor; fwd=miss; collapsed=?0"),
        (CacheStatus(Forward.BYPASS, detail="session"), b"tailor; fwd=bypass; detail=session"),
        (CacheStatus(Forward.REQUEST, detail='a "b"'), rb'tailor; fwd=request; detail="a \"b\""'),
        (CacheStatus(stored=True, collapsed=True, forward_status=200), b"tailor; hit"),
    ],
)
def test_a_status_is_written_as_the_rfc_has_it(status: CacheStatus, written: bytes) -> None:
    assert status.encode() == written


@given(STATUSES)
def test_every_status_is_a_structured_field(status: CacheStatus) -> None:
    parsed = http_sf.parse(status.encode(), tltype="list")
    assert isinstance(parsed, list)
    (member,) = parsed
    assert isinstance(member, tuple)
    name, parameters = member
    assert isinstance(parameters, dict)
    assert str(name) == "tailor"
    assert ("hit" in parameters) != ("fwd" in parameters)


@pytest.mark.parametrize("why", NotStored)
def test_every_reason_not_to_store_is_told_as_a_token(why: NotStored) -> None:
    assert CacheStatus(Forward.MISS, detail=why).encode() == f"tailor; fwd=miss; detail={why}".encode()


def test_the_member_stands_behind_those_of_caches_closer_to_the_origin() -> None:
    told = with_cache_status(((b"cache-status", b"OriginCache; hit"),), CacheStatus())
    assert told == ((b"cache-status", b"OriginCache; hit"), (b"cache-status", b"tailor; hit"))
