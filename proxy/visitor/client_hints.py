"""What Chromium's browsers tell of a device beside `User-Agent`, in which they no longer tell the truth.

Of User-Agent Client Hints (WICG) three come unasked with each request over HTTPS: brands, mobile, platform. The others
are read where they come; Tailor does not ask for them. What a hint means beside `User-Agent` is
`proxy.visitor.device`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import http_sf

MAX_HINT_LENGTH = 256
"""A longer hint is not read: a browser's have about a hundred characters."""

HINTS = (b"sec-ch-ua", b"sec-ch-ua-mobile", b"sec-ch-ua-platform", b"sec-ch-ua-model", b"sec-ch-ua-form-factors")

Written = tuple[bytes, ...]
"""The values of HINTS as they came; an empty one was not sent, or is too long."""

NO_HINTS: Written = (b"",) * len(HINTS)


@dataclass(frozen=True, slots=True)
class ClientHints:
    """Hints that were read. `mobile` is None where nothing was said, a text or a set is empty.

    `brands` are of the browser and its engine, and at least one of them is made up, so that nobody counts on the list.
    """

    brands: frozenset[str] = frozenset()
    mobile: bool | None = None
    platform: str = ""
    model: str = ""
    form_factors: frozenset[str] = frozenset()


UNTOLD = ClientHints()
"""What is known where no hint came."""


def written_hints(headers: Mapping[bytes, bytes]) -> Written:
    """The hints among a request's headers, whose names are in lower case; cheap, and fit to be a cache's key."""
    if HINTS[0] not in headers and HINTS[1] not in headers:
        return NO_HINTS
    values = (headers.get(name, b"") for name in HINTS)
    return tuple(value if len(value) <= MAX_HINT_LENGTH else b"" for value in values)


def read_hints(written: Written) -> ClientHints:
    """What the hints say. One that is no structured field (RFC 9651) of its type is as if it had not come."""
    if written == NO_HINTS:
        return UNTOLD
    brands, mobile, platform, model, form_factors = map(_members, written)
    return ClientHints(
        brands=frozenset(_texts(brands)),
        mobile=next((member for member in mobile if isinstance(member, bool)), None),
        platform=next(_texts(platform), ""),
        model=next(_texts(model), ""),
        form_factors=frozenset(_texts(form_factors)),
    )


def _members(value: bytes) -> tuple[object, ...]:
    """The members of a list, without their parameters; an item is a list of one (RFC 9651 §3.1, §3.3)."""
    try:
        parsed = http_sf.parse(value, tltype="list")
    except http_sf.StructuredFieldError:
        return ()
    return tuple(member[0] for member in parsed if isinstance(member, tuple)) if isinstance(parsed, list) else ()


def _texts(members: tuple[object, ...]) -> Iterator[str]:
    return (member for member in members if isinstance(member, str))
