import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.visitor.attributes import LEEWAY
from proxy.visitor.vouched_cookie import MAX_COOKIE_BYTES, SignedCookieReader, _sign
from tests.proxy.visitor.signing import SECRET, START, signed_cookie

PRO = {"plan": "pro", "seats": 5, "lists": ["a", "b"]}
SOON = START.timestamp() + 3600


def reader(*secrets: bytes, now: datetime = START) -> SignedCookieReader:
    return SignedCookieReader("shop_visitor", lambda: secrets or (SECRET,), now=lambda: now)


def read(reader: SignedCookieReader, *values: bytes) -> dict[str, Any]:
    cookies = b"; ".join([b"a=b", *(b"shop_visitor=" + value for value in values)])
    return dict(reader.read(((b"cookie", cookies),)))


def test_a_signed_cookie_vouches_for_what_it_says() -> None:
    site = reader()
    assert read(site, signed_cookie(PRO)) == {"plan": "pro", "seats": 5, "lists": ("a", "b")}
    assert site.refusals.counts == {}


def test_any_of_the_secrets_verifies() -> None:
    assert read(reader(b"n" * 32, SECRET), signed_cookie(PRO))
    assert not read(reader(b"n" * 32), signed_cookie(PRO))


BAD: dict[str, Sequence[bytes]] = {
    "another secret": [signed_cookie(PRO, b"f" * 32)],
    "no signature": [signed_cookie(PRO).partition(b".")[0]],
    "an empty signature": [signed_cookie(PRO).partition(b".")[0] + b"."],
    "no payload": [b"." + b"0" * 64],
    "a tampered payload": [b"x" + signed_cookie(PRO)],
    "a plain value": [b"plan=pro"],
    "no JSON": [b"bm8." + _sign(b"bm8", SECRET)],
    "no base64": [b"!." + _sign(b"!", SECRET)],
    "deep nesting": [b"W1tb" * 900 + b"." + _sign(b"W1tb" * 900, SECRET)],
    "no object": [signed_cookie(["pro"])],
    "too long": [signed_cookie({"plan": "x" * MAX_COOKIE_BYTES})],
    "twice": [signed_cookie(PRO), signed_cookie(PRO)],
    "an exp that is no number": [signed_cookie({**PRO, "exp": "soon"})],
    "an exp that is not a number": [signed_cookie({**PRO, "exp": math.nan})],
    "bytes beyond ASCII": [b"\xff.\xff"],
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_any_other_cookie_vouches_for_nothing(bad: Sequence[bytes]) -> None:
    site = reader()
    assert read(site, *bad) == {}
    assert [*site.refusals.counts.values()] == [1]


@pytest.mark.parametrize(
    ("after", "counts"),
    [
        (timedelta(hours=1), True),
        (timedelta(hours=1) + LEEWAY - timedelta(seconds=1), True),
        (timedelta(hours=1) + LEEWAY, False),
    ],
)
def test_a_cookie_with_an_exp_ends(after: timedelta, counts: bool) -> None:
    site = reader(now=START + after)
    assert bool(read(site, signed_cookie({**PRO, "exp": SOON}))) is counts


def test_its_end_is_no_attribute() -> None:
    assert read(reader(), signed_cookie({"plan": "pro", "exp": SOON})) == {"plan": "pro"}


def test_who_sends_none_is_not_vouched_for_and_nothing_is_refused() -> None:
    site = reader()
    assert read(site) == {}
    assert read(site, b"") == {}
    assert site.refusals.counts == {}


def test_what_is_nested_is_left_out_alone() -> None:
    site = reader()
    assert read(site, signed_cookie({"plan": "pro", "address": {"city": "Oslo"}})) == {"plan": "pro"}
    assert sum(site.refusals.counts.values()) == 1


@given(st.binary(max_size=100), st.booleans())
def test_no_bytes_at_all_break_the_reader(content: bytes, is_signed: bool) -> None:
    payload = content.replace(b";", b"")
    read(reader(), payload + b"." + (_sign(payload, SECRET) if is_signed else b""))
