import pytest

from proxy.visitor.cookies import MAX_VALUE_LENGTH, parse_cookies, read_visitor


def visitor(header: bytes) -> dict[str, str]:
    return read_visitor(parse_cookies([header]), {"plan": "shop_plan"})


def test_cookies_are_pairs_in_any_spacing() -> None:
    assert parse_cookies([b"a=1; b=2;c=3 ;  d=x=y"]) == {"a": b"1", "b": b"2", "c": b"3", "d": b"x=y"}


def test_of_two_cookies_with_one_name_the_first_counts() -> None:
    assert parse_cookies([b"a=specific; a=general"]) == {"a": b"specific"}


def test_several_headers_are_one_list() -> None:
    assert parse_cookies([b"a=1", b"b=2; a=3"]) == {"a": b"1", "b": b"2"}


def test_what_is_no_pair_is_passed_over() -> None:
    assert parse_cookies([b"flag; ; =; a=1"]) == {"": b"", "a": b"1"}


def test_a_configured_cookie_becomes_a_signal() -> None:
    assert visitor(b"session=secret; shop_plan=gold") == {"visitor.plan": "gold"}


def test_other_cookies_become_none() -> None:
    assert visitor(b"session=secret") == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"gold%20member", "gold member"),
        (b'"gold"', "gold"),
        (b"%C3%A9t%C3%A9", "été"),
        ("été".encode(), "été"),
        (b"x" * MAX_VALUE_LENGTH, "x" * MAX_VALUE_LENGTH),
        (b"100%", "100%"),
    ],
)
def test_a_value_is_decoded(value: bytes, text: str) -> None:
    assert visitor(b"shop_plan=" + value) == {"visitor.plan": text}


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b'""',
        b"x" * (MAX_VALUE_LENGTH + 1),
        b"%78" * 5000,
        b"a%00b",
        b"a%0D%0Ab",
        b"a\tb",
        b"\xff\xfe",
        b"%E2%80%8B",
    ],
)
def test_a_value_that_is_no_short_line_of_text_is_missing(value: bytes) -> None:
    assert visitor(b"shop_plan=" + value) == {}
