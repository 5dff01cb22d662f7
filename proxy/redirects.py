"""Where a redirect leads: what `Location` says, and the request that a browser would send next.

Pure. Owns the reading of URLs as browsers read them (https://url.spec.whatwg.org). That a visitor's value leads to no
other host is checked when the URL is rendered (`rules.fragments`); which redirects happen is `proxy.routing`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, zip_longest
from urllib.parse import parse_qsl, quote, unquote_plus, urljoin, urlsplit

from proxy.parameters import with_own
from proxy.request import Request
from proxy.target import canonical_path, path_text
from proxy.visitor.referrers import CLICK_IDS
from rules.fragments import Rendering

REDIRECTIONS = frozenset({301, 302, 303, 307, 308})
"""The statuses at which browsers follow `Location` (RFC 9110 §15.4)."""

Address = tuple[str, bytes, tuple[tuple[str, str], ...]]
"""Host, canonical path and parameters: equal where two URLs are one page."""

_DROPPED = str.maketrans("", "", "\t\n\r")
_STRIPPED = "".join(map(chr, range(0x21)))  # the C0 controls and the space
_BEFORE_AUTHORITY = re.compile(r"(https?:)/*|//+", re.IGNORECASE)
# Reserved and unreserved characters (RFC 3986 §2), and escapes that are there already.
_URL_CHARACTERS = "%:/?#[]@!$&'()*+,;=-._~"


def location(target: Rendering, query: bytes) -> bytes:
    """`Location` (RFC 9110 §10.2.2) for a rendered URL, relative where that is.

    Campaign parameters and click ids of the visitor's `query` go along, unless the URL has its own: analytics look for
    them on the page where the visit begins.
    """
    text = "".join(chain.from_iterable(zip_longest(target.shape, target.values, fillvalue="")))
    text = text.translate(_DROPPED).strip(_STRIPPED)
    end = min((at for at in map(text.find, "?#") if at >= 0), default=len(text))
    page = text[:end].replace("\\", "/")
    if begin := _BEFORE_AUTHORITY.match(page):
        page = f"{begin[1] or ''}//{page[begin.end() :]}"
    url, mark, fragment = quote(page + text[end:], safe=_URL_CHARACTERS).encode("ascii").partition(b"#")
    page_url, _, own = url.partition(b"?")
    pairs = [own, *_tracking(query, without=own)] if own else [*_tracking(query, without=b"")]
    return (page_url + b"?" + b"&".join(pairs) if pairs else url) + mark + fragment


def _tracking(query: bytes, *, without: bytes) -> Iterator[bytes]:
    """The parameters of a query, as they are written, that tell where a visit comes from."""
    there = {_name(pair) for pair in without.split(b"&")}
    for pair in query.split(b"&"):
        name = _name(pair)
        if (name.startswith("utm_") or name in CLICK_IDS) and name not in there:
            yield pair


def _name(pair: bytes) -> str:
    return unquote_plus(pair.partition(b"=")[0].decode("latin-1")).lower()


def followed(at: Request, where: bytes, home: Request) -> Request | None:
    """What comes of `Location` in the answer to `at`; None where that is no page that a proxy could be asked for.

    `home` is the request that the visitor really sent. Every name under which that came is one site, on any port and
    under either scheme: nobody but the operator knows what stands in front of this listener.
    """
    try:
        parts = urlsplit(urljoin(f"{at.scheme}://{at.authority}{at.target.decode()}", where.decode("latin-1")))
        host = (parts.hostname or "").strip(".")
        raw_path = canonical_path(_without_dots(parts.path).encode("latin-1"))
    except ValueError:
        return None
    if parts.scheme not in ("http", "https"):
        return None
    query = parts.query.encode("latin-1")
    host, authority = (home.host, home.authority) if host in _names(home) else (host, host)
    return replace(at, path=path_text(raw_path), raw_path=raw_path, query=query, host=host, authority=authority)


def with_own_parameters(where: bytes, request: Request) -> bytes:
    """`Location` with the parameters of ours that `request` bore, where it stays on this site."""
    led = followed(request, where, request) if request.own else None
    if led is None or led.host != request.host:
        return where
    url = where.decode("latin-1")
    for name, value in request.own.items():
        url = with_own(url, name, value)
    return url.encode("latin-1")


def address(request: Request) -> Address:
    """What tells the page of a request from others."""
    parameters = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True)
    return request.host, request.raw_path, tuple(sorted(parameters))


def _names(home: Request) -> frozenset[str]:
    """The hosts under which a request came, also where a `public_url` stands for them."""
    told = [value.decode("latin-1") for name, value in home.headers if name in (b"host", b"x-forwarded-host")]
    authorities = [home.authority, *(each for value in told for each in value.split(","))]
    return frozenset(re.sub(r":\d*\Z", "", each.strip().lower()).strip("[].") for each in authorities)


def _without_dots(path: str) -> str:
    """The path as a browser asks for it: `.` and `..` are gone (RFC 3986 §5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if segments and segments[-1] in (".", "..") and kept else "")
