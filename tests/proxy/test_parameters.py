from __future__ import annotations

import pytest

from proxy.parameters import COMPANY, OWN, split_own, with_own


@pytest.mark.parametrize("query", [b"", b"a=1&b", b"&&a==b&", b"x=tailor_company", b"tailor_x=1", b"tailor_companyx=1"])
def test_a_query_without_ours_stays_byte_for_byte(query: bytes) -> None:
    assert split_own(query) == (query, {})


@pytest.mark.parametrize(
    ("query", "kept", "value"),
    [
        (b"tailor_company=abc", b"", "abc"),
        (b"a=1&tailor_company=abc&b=%20", b"a=1&b=%20", "abc"),
        (b"tailor_company=abc&tailor_company=def&x", b"x", "abc"),
        (b"tailor_company&&", b"&", ""),
        (b"tailor_company=a=b", b"", "a=b"),
    ],
)
def test_ours_are_taken_off_and_the_first_counts(query: bytes, kept: bytes, value: str) -> None:
    assert split_own(query) == (kept, {COMPANY: value})


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("https://shop.example", "https://shop.example?tailor_company=abc"),
        ("https://shop.example/?", "https://shop.example/?tailor_company=abc"),
        ("https://shop.example/a?x=%20&y#z", "https://shop.example/a?x=%20&y&tailor_company=abc#z"),
        ("https://shop.example/?tailor_company=old&x=1", "https://shop.example/?x=1&tailor_company=abc"),
    ],
)
def test_a_parameter_is_put_into_a_url(url: str, signed: str) -> None:
    assert with_own(url, COMPANY, "abc") == signed


def test_all_of_ours_begin_alike() -> None:
    assert all(name.startswith("tailor_") for name in OWN)
