"""Tailor's own parameters of a URL: they count here, and neither reach the origin nor tell pages apart.

Owns their names, and how they are put into a URL and taken off a query. What they say is for those who sign them.
"""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

COMPANY = "tailor_company"
"""A signed link's company (`proxy.company.links`)."""

OWN = (COMPANY,)

_PREFIX = b"tailor_"
_NAMES = frozenset(name.encode() for name in OWN)


def split_own(query: bytes) -> tuple[bytes, dict[str, str]]:
    """The query without our parameters, byte for byte, and what they say; of those with one name the first counts.

    >>> split_own(b"x=1&tailor_company=abc&y")
    (b'x=1&y', {'tailor_company': 'abc'})
    """
    if _PREFIX not in query:
        return query, {}
    own: dict[str, str] = {}
    kept = []
    for pair in query.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name in _NAMES:
            own.setdefault(name.decode(), value.decode("latin-1"))
        else:
            kept.append(pair)
    return b"&".join(kept), own


def with_own(url: str, name: str, value: str) -> str:
    """A URL with one of our parameters last in its query, in place of what it had by that name; the rest stays.

    >>> with_own("https://shop.example/offer?x=1#top", COMPANY, "abc")
    'https://shop.example/offer?x=1&tailor_company=abc#top'
    """
    parts = urlsplit(url)
    kept = [pair for pair in parts.query.split("&") if pair and pair.partition("=")[0] != name]
    return urlunsplit(parts._replace(query="&".join([*kept, f"{name}={value}"])))
