import pytest

from proxy.visitor.cookies import MAX_VALUE_LENGTH, cookie_values, parse_cookies, read_visitor, told_by, without_cookies

ABCD = (b"a", b"b", b"c", b"d")


def visitor(header: bytes) -> dict[str, str]:
    return read_visitor([header], told_by({"plan": "shop_plan"}))


def test_cookies_are_pairs_in_any_spacing() -> None:
    assert parse_cookies([b"a=1; b=2;c=3 ;  d=x=y"], ABCD) == {b"a": b"1", b"b": b"2", b"c": b"3", b"d": b"x=y"}


def test_of_two_cookies_with_one_name_the_first_counts() -> None:
    assert parse_cookies([b"a=specific; a=general"], ABCD) == {b"a": b"specific"}


def test_several_headers_are_one_list() -> None:
    assert parse_cookies([b"a=1", b"b=2; a=3"], ABCD) == {b"a": b"1", b"b": b"2"}


def test_what_is_no_pair_is_passed_over() -> None:
    assert parse_cookies([b"b; ; =; a=1"], ABCD) == {b"a": b"1"}


def test_a_configured_cookie_becomes_a_signal() -> None:
    assert visitor(b"session=secret; shop_plan=gold") == {"visitor.plan": "gold"}


def test_one_cookie_may_become_two_signals() -> None:
    told = told_by({"plan": "shop_plan", "tier": "shop_plan"})
    assert read_visitor([b"shop_plan=gold"], told) == {"visitor.plan": "gold", "visitor.tier": "gold"}


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


def test_every_value_of_a_name_is_found_and_no_other_name_is() -> None:
    headers = [b"a=1; b=2; A=3; xa=4; a", b'a = "5" ;=6', b""]
    assert cookie_values(headers, b"a") == [b"1", b"5"]
    assert cookie_values(headers, b"c") == []


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        ([b"a=1; own=2; b=3"], [b"a=1; b=3"]),
        ([b"own=2; a=1"], [b"a=1"]),
        ([b"a=1;own=2"], [b"a=1"]),
        ([b"own=2"], []),
        ([b"own", b" own = 3 ; "], []),
        ([b"own=2", b"a=1;  b=2;"], [b"a=1;  b=2;"]),
        ([b"other=own; xown=1; ownx=2"], [b"other=own; xown=1; ownx=2"]),
        ([b"a=1;; b ;own=2"], [b"a=1;; b "]),
    ],
)
def test_cookies_are_taken_off_and_the_others_keep_their_bytes(headers: list[bytes], left: list[bytes]) -> None:
    def request(lines: list[bytes]) -> tuple[tuple[bytes, bytes], ...]:
        return ((b"host", b"own=1"), *((b"cookie", line) for line in lines), (b"x-own", b"own=1"))

    assert without_cookies(request(headers), (b"own",)) == request(left)
