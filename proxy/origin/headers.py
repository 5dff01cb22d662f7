"""What of a message's headers passes the proxy, each way. Pure: names in lower case; order, values, duplicates kept.

Owns hop-by-hop fields (RFC 9110 §7.6), what tells of hops, of places and of the URL, `Via`, and what a personal page
may say to caches.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from proxy.wire import Headers

VIA = (b"via", b"1.1 tailor")

VISITOR_FIELD = b"tailor-visitor"
"""What the origin says of the visitor. It is for Tailor alone, and only the origin may say it."""
PURCHASE_FIELD = b"tailor-purchase"
"""What the visitor has just bought, likewise."""
FOR_TAILOR = frozenset({VISITOR_FIELD, PURCHASE_FIELD})
"""The fields by which the origin speaks to Tailor alone."""
VARIANT_FIELD = b"tailor-variant"
"""What a page is kept under by a cache in front (`proxy.edge`); the origin neither hears nor says it."""

DEBUG_FIELD = b"tailor-debug"
"""The token by which a response is asked how it came about: for Tailor alone, too."""

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authentication-info",
        b"proxy-authorization",
        b"proxy-connection",
        DEBUG_FIELD,
        *FOR_TAILOR,
        VARIANT_FIELD,
        *(name.replace(b"-", b"_") for name in (*FOR_TAILOR, VARIANT_FIELD)),  # as CGI and WSGI origins would read them
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)

# `Connection` names what is meant for the next hop only, and these never are (RFC 9110 §7.6.1).
NEVER_HOP_BY_HOP = frozenset(
    {
        b"authorization",
        b"cache-control",
        b"content-encoding",
        b"content-length",
        b"content-range",
        b"content-type",
        b"cookie",
        b"expect",
        b"forwarded",
        b"host",
        b"set-cookie",
        b"vary",
        b"via",
    }
)

CODINGS_WE_READ = ("gzip", "deflate", "br", "zstd")

CONDITIONS_AND_RANGES = frozenset(
    {b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since", b"if-range", b"range"}
)

PAGE_DESTINATIONS = frozenset({b"document", b"embed", b"empty", b"fencedframe", b"frame", b"iframe", b"object"})

SHARED_CACHE_FIELDS = frozenset(
    {
        b"age",
        b"akamai-cache-control",
        b"cache-control",
        b"cdn-cache-control",
        b"edge-control",
        b"expires",
        b"pragma",
        b"surrogate-control",
        b"x-accel-expires",
        b"x-litespeed-cache-control",
    }
)

ORIGIN_BODY_FIELDS = frozenset(
    {
        b"accept-ranges",
        b"content-digest",
        b"content-encoding",
        b"content-length",
        b"content-md5",
        b"digest",
        b"etag",
        b"last-modified",
        b"repr-digest",
    }
)


# What tells where a request comes from, or which URL it asked for: proxies and CDNs write it, frameworks believe it.
TELLING_OF_HOPS = frozenset(
    {
        b"cf-connecting-ip",
        b"cf-connecting-ipv6",
        b"cf-pseudo-ipv4",
        b"fastly-client-ip",
        b"forwarded",
        b"true-client-ip",
        b"x-azure-clientip",
        b"x-azure-socketip",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"x-forwarded",
        b"x-host",
        b"x-original-forwarded-for",
        b"x-original-host",
        b"x-original-proto",
        b"x-original-uri",
        b"x-original-url",
        b"x-real-ip",
        b"x-rewrite-url",
        b"x-vercel-forwarded-for",
        b"x-vercel-proxied-for",
        # Cloudflare's location headers that don't begin like the others
        b"cf-metro-code",
        b"cf-postal-code",
        b"cf-region",
        b"cf-region-code",
        b"cf-timezone",
        b"x-akamai-edgescape",
    }
)
TELLING_OF_HOPS_PREFIXES = (b"x-forwarded-", b"cf-ip", b"client-geo-", b"cloudfront-viewer-", b"x-vercel-ip-")


def request_headers(headers: Headers, *, peer: str, trusted: bool, scheme: str, authority: str) -> Headers:
    """A visitor's headers as the origin gets them: `Host` as it came, who asked in `X-Forwarded-*`, and `Via`.

    What an untrusted peer says of earlier hops, of where the visitor is and of the URL is replaced by what is known
    here, or goes. A trusted one's word is kept, and the peer is added to the hops. `scheme` and `authority` are what
    the world calls this site.
    """
    passed: list[tuple[bytes, bytes]] = []
    told: list[tuple[bytes, bytes]] = []
    speaks_of_forwarded = False
    for field in _end_to_end(headers):
        name = field[0]
        if not _tells_of_hops(name):
            passed.append(field)
            continue
        speaks_of_forwarded |= name == b"forwarded"
        # An underscore is how strangers get a field past a proxy that writes its own with hyphens.
        if trusted and b"_" not in name:
            told.append(field)
    hops = [value for name, value in told if name == b"x-forwarded-for"]
    hops.append(peer.encode())
    passed += [field for field in told if field[0] not in _REPLACED]
    if speaks_of_forwarded:
        elements = [value for name, value in told if name == b"forwarded"]
        elements.append(_forwarded_element(peer, scheme, authority))
        passed.append((b"forwarded", b", ".join(elements)))
    passed.append((b"x-forwarded-for", b", ".join(hops)))
    passed.append((b"x-forwarded-host", authority.encode()))
    passed.append((b"x-forwarded-proto", scheme.encode()))
    passed.append(VIA)
    return tuple(passed)


def response_headers(headers: Headers) -> Headers:
    """The origin's headers as the browser gets them: all but the hop-by-hop ones, and `Via`.

    What comes with a word on the visitor is kept by no cache.
    """
    passed = _end_to_end(headers)
    names = {name for name, _ in headers}
    if b"transfer-encoding" in names:
        # Of the two the coding counts, and the length may be a smuggler's (RFC 9112 §6.3).
        passed = [field for field in passed if field[0] != b"content-length"]
    if not FOR_TAILOR.isdisjoint(names):
        # It is said of one visitor, and so may be all that came with it.
        passed = [*unkept_response_headers(tuple(passed))]
    return (*passed, VIA)


def asks_for_page(headers: Headers) -> bool:
    """Whether the answer may be shown as a page; a browser that fetches a picture or a style sheet says so.

    Fetch Metadata, https://www.w3.org/TR/fetch-metadata/#sec-fetch-dest-header; who doesn't say may mean a page.
    """
    return all(value.lower() in PAGE_DESTINATIONS for name, value in headers if name == b"sec-fetch-dest")


def personal_request_headers(headers: Headers) -> Headers:
    """Headers for a page that may be changed: no conditions, no ranges, and only codings that we read."""
    return readable_request_headers(tuple(field for field in headers if field[0] not in CONDITIONS_AND_RANGES))


def readable_request_headers(headers: Headers) -> Headers:
    """Headers for what may be a page that has to be read: only codings that we read."""
    accepted = ", ".join(value.decode("latin-1") for name, value in headers if name == b"accept-encoding")
    kept = [field for field in headers if field[0] != b"accept-encoding"]
    return (*kept, (b"accept-encoding", readable_codings(accepted).encode()))


def personal_response_headers(headers: Headers) -> Headers:
    """Headers of a page that an experience could touch: no shared cache may keep it, changed or not."""
    kept = [field for field in headers if not _speaks_to_caches(field[0])]
    said = b",".join(value for name, value in headers if name == b"cache-control").lower()
    # What the origin kept out of the browser's own cache stays out of it.
    return (*kept, (b"cache-control", b"private, no-cache, no-store" if b"no-store" in said else b"private, no-cache"))


def rewritten_response_headers(
    headers: Headers, *, length: int | None = None, coding: str = "identity", etag: bytes = b""
) -> Headers:
    """Headers of a page with other bytes: what the origin said of its own is told of the new ones, or goes."""
    kept = [field for field in headers if field[0] not in ORIGIN_BODY_FIELDS]
    if coding != "identity":
        kept.append((b"content-encoding", coding.encode()))
    if etag:
        kept.append((b"etag", etag))
    varies = b",".join(value for name, value in kept if name == b"vary").lower()
    if not {b"*", b"accept-encoding"} & {name.strip() for name in varies.split(b",")}:
        kept.append((b"vary", b"accept-encoding"))
    return tuple(kept) if length is None else (*kept, (b"content-length", b"%d" % length))


def unkept_response_headers(headers: Headers) -> Headers:
    """Headers of a response that no cache may keep, the browser's own among them."""
    return (*(field for field in headers if not _speaks_to_caches(field[0])), (b"cache-control", b"no-store"))


def silent_response_headers(headers: Headers) -> Headers:
    """Headers of a response that tells caches nothing new."""
    return tuple(field for field in headers if not _speaks_to_caches(field[0]))


def _speaks_to_caches(name: bytes) -> bool:
    return name in SHARED_CACHE_FIELDS or name.endswith(b"-cdn-cache-control")


def readable_codings(accept_encoding: str) -> str:
    """The codings that the browser accepts and we read, or `identity` (RFC 9110 §12.5.3).

    >>> readable_codings("gzip, deflate;q=0.5, br;q=0, compress")
    'gzip, deflate;q=0.5'
    """
    offered = [part.strip().lower() for part in accept_encoding.split(",") if part.strip()]
    named = {part.partition(";")[0].strip(): part for part in offered}
    chosen = [part for coding, part in named.items() if coding in CODINGS_WE_READ and _is_accepted(part)]
    if "*" in named and _is_accepted(named["*"]):
        chosen += [coding for coding in CODINGS_WE_READ if coding not in named]
    return ", ".join(chosen) or "identity"


_REPLACED = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto"})


def _end_to_end(headers: Headers) -> list[tuple[bytes, bytes]]:
    dropped = HOP_BY_HOP
    lines = [value for name, value in headers if name == b"connection"]
    # What nearly all say names nothing that isn't dropped anyway.
    if lines and lines != [b"keep-alive"]:
        dropped |= {option.strip().lower() for option in b",".join(lines).split(b",")} - NEVER_HOP_BY_HOP
    return [field for field in headers if field[0] not in dropped]


def _tells_of_hops(name: bytes) -> bool:
    # CGI and WSGI origins read `X_Forwarded_For` as if it were `X-Forwarded-For`.
    name = name.replace(b"_", b"-")
    return name in TELLING_OF_HOPS or name.startswith(TELLING_OF_HOPS_PREFIXES)


def _forwarded_element(peer: str, scheme: str, authority: str) -> bytes:
    try:
        node = f'"[{peer}]"' if isinstance(ip_address(peer), IPv6Address) else peer
    except ValueError:
        node = "unknown"
    return f'for={node};host="{authority}";proto={scheme}'.encode()


def _is_accepted(part: str) -> bool:
    for parameter in part.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return value.strip().strip("0.") != ""
    return True
