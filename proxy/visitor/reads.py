"""What of a request's headers is looked at, and a request's headers without all else.

Each reader tells its own `reads`, beside the code that does the reading; what is made of a request that was reduced to
them can hang on nothing else. Of what stands outside of the headers only the visitor's address is told of here: a URL,
and who passed it on, are no one visitor's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from proxy.visitor.cookies import only_cookies
from proxy.wire import Headers


@dataclass(frozen=True, slots=True)
class Reads:
    """Header fields, by their names in lower case, cookies, and whether the visitor's address is looked at."""

    fields: frozenset[bytes] = frozenset()
    cookies: frozenset[bytes] = frozenset()
    client: bool = False
    _candidates: frozenset[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_candidates", self.fields | {b"cookie"} if self.cookies else self.fields)

    def __or__(self, other: Reads) -> Reads:
        return Reads(self.fields | other.fields, self.cookies | other.cookies, self.client or other.client)


NOTHING = Reads()


def reduced(headers: Headers, reads: Reads) -> Headers:
    """The fields and cookies that are looked at, in their order, each as often as it came.

    >>> reduced(((b"accept", b"*/*"), (b"cookie", b"a=1; b=2; a=3")), Reads(cookies=frozenset({b"a"})))
    ((b'cookie', b'a=1; a=3'),)
    """
    candidates = reads._candidates
    kept = []
    for header in headers:
        name = header[0]
        if name not in candidates:
            continue
        if name != b"cookie" or name in reads.fields:
            kept.append(header)
        elif left := only_cookies(header[1], reads.cookies):
            kept.append((name, left))
    return tuple(kept)
