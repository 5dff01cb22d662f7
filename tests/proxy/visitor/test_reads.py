from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.visitor.cookies import cookie_values, only_cookies, parse_cookies
from proxy.visitor.reads import NOTHING, Reads, reduced
from proxy.wire import Headers

NAMES = (b"plan", b"tailor_id", b"_ga", b"Plan", b"")
WANTED = frozenset({b"plan", b"tailor_id"})
NAME = st.sampled_from((b"cookie", b"user-agent", b"accept", b"cookie2"))
SPACE = st.sampled_from((b"", b" ", b"\t", b"  ", b"\x0b"))
VALUE = st.sampled_from((b"", b"x", b'"x"', b"a=b", b"plan=y", b"tailor_id")) | st.binary(max_size=5)


@st.composite
def cookie_headers(draw: st.DrawFn) -> bytes:
    pairs = []
    for _ in range(draw(st.integers(0, 5))):
        before, between, after = draw(SPACE), draw(SPACE), draw(SPACE)
        equals = draw(st.sampled_from((b"=", b"=", b"=", b"", b"==")))
        pairs.append(before + draw(st.sampled_from(NAMES)) + between + equals + after + draw(VALUE))
    return b";".join(pairs)


def cookies(headers: Headers) -> list[bytes]:
    return [value for name, value in headers if name == b"cookie"]


def test_what_two_look_at_is_what_either_does() -> None:
    agent, plan = Reads(frozenset({b"user-agent"})), Reads(cookies=frozenset({b"plan"}))
    assert agent | plan == Reads(frozenset({b"user-agent"}), frozenset({b"plan"}))
    assert (agent | Reads(client=True)).client is True
    assert agent | NOTHING == agent


def test_fields_stay_as_they_are_in_their_order() -> None:
    headers = ((b"user-agent", b"a"), (b"accept", b"*/*"), (b"referer", b"r"), (b"user-agent", b"b"))
    reads = Reads(frozenset({b"referer", b"user-agent"}))
    assert reduced(headers, reads) == ((b"user-agent", b"a"), (b"referer", b"r"), (b"user-agent", b"b"))


@pytest.mark.parametrize(
    ("header", "left"),
    [
        (b"plan=pro", b"plan=pro"),
        (b"_ga=1; plan=pro; _gid=2; plan=basic", b"plan=pro; plan=basic"),
        (b" plan = pro ;_ga=1", b"plan = pro"),
        (b"plan=a=b", b"plan=a=b"),
        (b"plan=", b"plan="),
        (b"_plan=1; Plan=2; planx=3; x=plan", b""),
        (b"", b""),
    ],
)
def test_of_a_cookie_field_the_named_cookies_are_left(header: bytes, left: bytes) -> None:
    assert only_cookies(header, WANTED) == left


def test_a_cookie_field_that_names_none_goes() -> None:
    headers = ((b"cookie", b"_ga=1"), (b"cookie", b"plan=pro"), (b"cookie", b""))
    assert reduced(headers, Reads(cookies=WANTED)) == ((b"cookie", b"plan=pro"),)
    assert reduced(headers, Reads(frozenset({b"accept"}))) == ()


def test_where_all_of_the_cookie_field_is_looked_at_it_stays_whole() -> None:
    headers = ((b"cookie", b"_ga=1; plan=pro"),)
    assert reduced(headers, Reads(frozenset({b"cookie"}), WANTED)) == headers


@given(st.lists(st.tuples(NAME, cookie_headers()), max_size=4).map(tuple))
def test_readers_find_in_what_is_left_what_they_found_before(headers: Headers) -> None:
    left = reduced(headers, Reads(cookies=WANTED))
    for name in WANTED:
        assert cookie_values(cookies(left), name) == cookie_values(cookies(headers), name)
        first = [parse_cookies(cookies(each), [name]) for each in (left, headers)]
        assert first[0] == first[1]
    assert {name for name, _ in left} <= {b"cookie"}
    assert reduced(left, Reads(cookies=WANTED)) == left
