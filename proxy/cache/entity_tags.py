"""Entity tags: how they are read and compared (RFC 9110 §8.8.3, §13.1.2). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from proxy.cache.messages import combined, lines
from proxy.wire import Headers

_TAG = rb'(W/)?"([\x21\x23-\x7e\x80-\xff]*+)"'
_WHOLE = re.compile(_TAG)
_MEMBER = re.compile(rb"[ \t]*+(?:%b)?+[ \t]*+(?:,|\Z)" % _TAG)


@dataclass(frozen=True, slots=True)
class EntityTag:
    """A tag of one representation: its opaque part without the quotes, and whether only its meaning is promised."""

    opaque: bytes
    is_weak: bool = False

    def encode(self) -> bytes:
        """The tag as `ETag` has it."""
        return (b'W/"%b"' if self.is_weak else b'"%b"') % self.opaque

    def matches_strongly(self, other: EntityTag) -> bool:
        """The same bytes (RFC 9110 §8.8.3.2)."""
        return self.opaque == other.opaque and not self.is_weak and not other.is_weak

    def matches_weakly(self, other: EntityTag) -> bool:
        """The same meaning (RFC 9110 §8.8.3.2)."""
        return self.opaque == other.opaque


def parse_entity_tag(value: bytes) -> EntityTag | None:
    """The tag of an `ETag`; None for what is none.

    >>> parse_entity_tag(b'W/"v1"'), parse_entity_tag(b"v1")
    (EntityTag(opaque=b'v1', is_weak=True), None)
    """
    found = _WHOLE.fullmatch(value.strip(b" \t"))
    return EntityTag(found[2], found[1] is not None) if found else None


def entity_tag_of(response_headers: Headers) -> EntityTag | None:
    """A response's tag; None where it has none that can be read, or several."""
    found = lines(response_headers, b"etag")
    return parse_entity_tag(found[0]) if len(found) == 1 else None


def parse_entity_tags(value: bytes) -> tuple[EntityTag, ...]:
    """The tags of an `If-None-Match` or `If-Match`, none where the list can't be read; `*` is no tag."""
    tags: list[EntityTag] = []
    at = 0
    while at < len(value):
        found = _MEMBER.match(value, at)
        if found is None:
            return ()
        at = found.end()
        if found[2] is not None:
            tags.append(EntityTag(found[2], found[1] is not None))
    return tuple(tags)


def none_match(request_headers: Headers, tag: EntityTag | None) -> bool | None:
    """Whether `If-None-Match` holds for a representation with that tag; None where a request has no such field.

    `*` matches any; comparison is weak (RFC 9110 §13.1.2). A list that can't be read matches nothing, so the whole
    response is sent.
    """
    value = combined(request_headers, b"if-none-match")
    if value is None:
        return None
    if value == b"*":
        return False
    return tag is None or not any(tag.matches_weakly(each) for each in parse_entity_tags(value))
