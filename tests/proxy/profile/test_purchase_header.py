from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.profile.model import Purchase
from proxy.profile.purchase_header import parse_purchase


@pytest.mark.parametrize(
    ("said", "purchase"),
    [
        (b"total=59.90", Purchase(59.9)),
        (b'products=("tent" "stove"), total=100', Purchase(100.0, ("tent", "stove"))),
        (b"total=0, products=tent", Purchase(0.0, ("tent",))),
        (b'total=5;currency=nok, products=("a";size=2), order="9"', Purchase(5.0, ("a",))),
        (b"total=5, products=()", Purchase(5.0)),
    ],
)
def test_a_purchase_is_read(said: bytes, purchase: Purchase) -> None:
    assert parse_purchase(said) == purchase


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"", "it has no total"),
        (b"total=-5", "it has no total"),
        (b'total="59.90"', "it has no total"),
        (b"total", "it has no total"),
        (b"total=59,90", "it is no dictionary"),
        (b"total=5, products=(1 2)", "its products are not texts"),
        (b"59.90 EUR", "it is no dictionary"),
        (b"total=5, x=" + b"1" * 2048, "it has more than 2048 bytes"),
    ],
)
def test_anything_else_is_told(said: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_purchase(said)


@given(st.binary(max_size=60) | st.text('total=0159.,products() "x;', max_size=40).map(str.encode))
def test_any_bytes_are_a_purchase_or_told(said: bytes) -> None:
    with suppress(ValueError):
        assert parse_purchase(said).total >= 0
