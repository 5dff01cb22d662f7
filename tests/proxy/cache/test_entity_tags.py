from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.cache.entity_tags import EntityTag, entity_tag_of, none_match, parse_entity_tag, parse_entity_tags

OPAQUE = st.binary().map(lambda text: bytes(byte for byte in text if byte > 0x20 and byte not in b'"\x7f'))
TAGS = st.builds(EntityTag, OPAQUE, st.booleans())


@given(TAGS)
def test_a_tag_is_read_as_it_was_written(tag: EntityTag) -> None:
    assert parse_entity_tag(tag.encode()) == tag


@given(st.lists(TAGS))
def test_a_list_of_tags_is_read_as_it_was_written(tags: list[EntityTag]) -> None:
    assert parse_entity_tags(b" , ".join(tag.encode() for tag in tags)) == tuple(tags)


@given(st.binary(), TAGS)
def test_no_bytes_are_too_strange_for_a_condition(value: bytes, tag: EntityTag) -> None:
    parse_entity_tag(value)
    none_match(((b"if-none-match", value),), tag)


# RFC 9110 §8.8.3.2, table 3.
@pytest.mark.parametrize(
    ("one", "other", "strongly", "weakly"),
    [
        ('W/"1"', 'W/"1"', False, True),
        ('W/"1"', 'W/"2"', False, False),
        ('W/"1"', '"1"', False, True),
        ('"1"', '"1"', True, True),
    ],
)
def test_tags_are_compared_as_the_rfc_says(one: str, other: str, *, strongly: bool, weakly: bool) -> None:
    left, right = parse_entity_tag(one.encode()), parse_entity_tag(other.encode())
    assert left is not None
    assert right is not None
    assert (left.matches_strongly(right), right.matches_strongly(left)) == (strongly, strongly)
    assert (left.matches_weakly(right), right.matches_weakly(left)) == (weakly, weakly)


def test_two_tags_are_none() -> None:
    assert entity_tag_of(((b"etag", b'"a"'), (b"etag", b'"b"'))) is None


def test_a_list_that_can_not_be_read_holds_no_tag() -> None:
    assert parse_entity_tags(b'"a", b') == ()
