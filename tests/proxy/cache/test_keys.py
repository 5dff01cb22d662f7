from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.cache.keys import TRACKING_PARAMETERS, only_parameters, primary_key, shared_target, without_parameters
from proxy.cache.patterns import NamePatterns
from proxy.names import SiteName
from proxy.visitor.referrers import CLICK_IDS

TRACKING = NamePatterns.of(TRACKING_PARAMETERS)
QUERIES = st.lists(
    st.sampled_from([b"a=1", b"b", b"", b"utm_source=x", b"gclid=y", b"%75tm_term", b"a=utm_source", b"c=%26"])
).map(b"&".join)


@pytest.mark.parametrize(
    ("target", "shared"),
    [
        (b"/", b"/"),
        (b"/?", b"/"),
        (b"/?a=1&b=2", b"/?a=1&b=2"),
        (b"/?b=2&a=1", b"/?b=2&a=1"),
        (b"/?utm_source=news", b"/"),
        (b"/?utm_source=news&a=1&utm_medium=email", b"/?a=1"),
        (b"/?a=1&GCLID=x", b"/?a=1"),
        (b"/?utm%5Fsource=news&a=1", b"/?a=1"),
        (b"/?a=utm_source&b=gclid", b"/?a=utm_source&b=gclid"),
        (b"/?utm=1&xgclid=2", b"/?utm=1&xgclid=2"),
        (b"/?a=1&&b=2&gclid=x&", b"/?a=1&&b=2&"),
        (b"/?a=%2f&a=%2F", b"/?a=%2f&a=%2F"),
    ],
)
def test_a_target_is_shared_without_tracking_and_else_as_it_is_written(target: bytes, shared: bytes) -> None:
    assert shared_target(target, TRACKING) == shared


@given(QUERIES)
def test_what_is_taken_off_and_what_stays_are_the_whole(query: bytes) -> None:
    kept, taken = without_parameters(query, TRACKING), only_parameters(query, TRACKING)
    assert without_parameters(kept, TRACKING) == kept
    assert only_parameters(taken, TRACKING) == taken
    parts = [pair for part in (kept, taken) if part for pair in part.split(b"&") if pair]
    assert sorted(parts) == sorted(pair for pair in query.split(b"&") if pair)


def test_an_operator_names_other_parameters() -> None:
    assert without_parameters(b"REF=1&x-a=2&utm_source=3", NamePatterns.of(["ref", "x-*"])) == b"utm_source=3"


@pytest.mark.parametrize("click_id", CLICK_IDS)
def test_no_click_id_that_counts_as_a_source_tells_pages_apart(click_id: str) -> None:
    assert without_parameters(click_id.encode() + b"=x", TRACKING) == b""


@pytest.mark.parametrize(
    ("scheme", "authority", "key"),
    [
        (b"https", b"Shop.example", b"https://shop.example/a"),
        (b"https", b"shop.example:443", b"https://shop.example/a"),
        (b"http", b"shop.example", b"http://shop.example/a"),
        (b"http", b"shop.example:8080", b"http://shop.example:8080/a"),
    ],
)
def test_one_site_has_one_key(scheme: bytes, authority: bytes, key: bytes) -> None:
    assert primary_key(SiteName.of(scheme, authority), b"/a") == key
