from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.cache.directives import (
    MAX_SECONDS,
    RequestDirectives,
    ResponseDirectives,
    UnreadableDirectivesError,
    parse_directives,
    parse_seconds,
)

TOKENS = st.text("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz", min_size=1).map(str.encode)
QUOTED = st.binary().map(lambda text: text.translate(None, b"\x00\r\n"))
DIRECTIVES = st.lists(st.tuples(TOKENS, st.none() | TOKENS | QUOTED))


def written(name: bytes, argument: bytes | None) -> bytes:
    if argument is None:
        return name
    return name + b'="' + argument.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


@given(DIRECTIVES)
def test_directives_are_read_as_they_were_written(directives: list[tuple[bytes, bytes | None]]) -> None:
    expected: dict[bytes, list[bytes | None]] = {}
    for name, argument in directives:
        expected.setdefault(name, []).append(argument)
    assert parse_directives(b", ".join(written(*each) for each in directives)) == expected


@given(st.binary())
def test_no_bytes_are_too_strange_for_a_cache(value: bytes) -> None:
    headers = ((b"cache-control", value),)
    RequestDirectives.of(headers)
    try:
        ResponseDirectives.of(headers)
    except UnreadableDirectivesError:
        assert RequestDirectives.of(headers) == RequestDirectives(no_cache=True, no_store=True)


@given(st.integers(min_value=0))
def test_seconds_are_read_up_to_the_greatest(seconds: int) -> None:
    assert parse_seconds(b"%d" % seconds) == min(seconds, MAX_SECONDS)


@pytest.mark.parametrize("name", ["stale-while-revalidate", "stale-if-error"])
def test_of_two_windows_for_stale_responses_the_shorter_counts(name: str) -> None:
    directives = ResponseDirectives.of(((b"cache-control", f"{name}=60, {name}=30".encode()),))
    assert max(directives.stale_while_revalidate, directives.stale_if_error) == 30


def test_of_two_wishes_for_freshness_the_longer_counts() -> None:
    assert RequestDirectives.of(((b"cache-control", b"min-fresh=5, min-fresh=50"),)).min_fresh == 50


def test_a_long_quote_that_never_closes_is_refused_at_once() -> None:
    with pytest.raises(UnreadableDirectivesError):
        parse_directives(b'x="' + b"\\a" * 30_000)
