from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.cache.messages import combined, lines, members


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (b"", []),
        (b" , ,", []),
        (b"a", [b"a"]),
        (b"a,b", [b"a", b"b"]),
        (b" a ,\tb ", [b"a", b"b"]),
        (b'a;b="c,d", e', [b'a;b="c,d"', b"e"]),
        (rb'a="b\",c", d', [rb'a="b\",c"', b"d"]),
        (b'a="b, c', [b'a="b, c']),
    ],
)
def test_a_list_has_members(value: bytes, parts: list[bytes]) -> None:
    assert members(value) == parts


@given(st.lists(st.text("ab= ;", min_size=1).map(str.encode)))
def test_a_list_is_read_as_it_was_written(parts: list[bytes]) -> None:
    assert members(b" , ".join(parts)) == [part.strip() for part in parts if part.strip()]


def test_lines_of_a_field_are_combined_in_their_order() -> None:
    headers = ((b"a", b" 1 "), (b"b", b"2"), (b"a", b"3"))
    assert lines(headers, b"a") == [b"1", b"3"]
    assert combined(headers, b"a") == b"1, 3"
    assert combined(headers, b"c") is None
