"""What a stored response is kept under: scheme, authority and target, without what tells no pages apart. Pure.

Owns which parameters of a query are for analytics alone. What else tells responses of a URL apart is
`proxy.cache.vary`'s; the canonical path is `proxy.target`'s.
"""

from __future__ import annotations

from urllib.parse import unquote_plus

from proxy.cache.patterns import NamePatterns
from proxy.names import SiteName

TRACKING_PARAMETERS = tuple(
    # Campaigns, of Google Analytics and of Matomo.
    "utm_* _ga _gl mtm_* pk_campaign pk_cid pk_content pk_keyword pk_kwd pk_medium pk_source piwik_campaign piwik_kwd "
    # Clicks: on advertisements, and on whatever else those who carry them count.
    "gclid gclsrc gbraid wbraid dclid gad_source gad_campaignid srsltid msclkid fbclid igshid igsh yclid ysclid ttclid "
    "twclid li_fat_id rdt_cid sccid epik qclid tblci dicbo awc cjevent irclickid "
    # Mailings.
    "mc_cid mc_eid _hsenc _hsmi __hssc __hstc __hsfp hsctatracking mkt_tok _kx vero_id oly_anon_id oly_enc_id "
    "ck_subscriber_id ml_subscriber elqtrackid sfmc_sub _bhlid".split()
)
"""Parameters, as globs, that tell where a visit comes from, and nothing of the page."""


def without_parameters(query: bytes, listed: NamePatterns) -> bytes:
    """The query without those parameters, whose names are compared decoded; the rest stays as it is, in its order.

    >>> without_parameters(b"b=2&utm_source=x&a=1&GCLID=y", NamePatterns.of(TRACKING_PARAMETERS))
    b'b=2&a=1'
    """
    return b"&".join(pair for pair in query.split(b"&") if not listed.has(_name(pair)))


def only_parameters(query: bytes, listed: NamePatterns) -> bytes:
    """The rest of that: what an origin's redirect within the site gets back."""
    return b"&".join(pair for pair in query.split(b"&") if listed.has(_name(pair)))


def shared_target(target: bytes, tracking: NamePatterns) -> bytes:
    """A target, of a canonical path and a query, as the origin is asked for it and as it is told from others."""
    path, _, query = target.partition(b"?")
    if not query:
        return path
    kept = without_parameters(query, tracking)
    return path + b"?" + kept if kept else path


def primary_key(site: SiteName, target: bytes) -> bytes:
    """What a URL's responses are kept under (RFC 9111 §2); `target` is a `shared_target`.

    The scheme is of it: origins send HTTP on to HTTPS by a redirect that would else answer itself.

    >>> primary_key(SiteName.of(b"https", b"Shop.example:443"), b"/a?b=1")
    b'https://shop.example/a?b=1'
    """
    return site.url + target


def _name(pair: bytes) -> str:
    return unquote_plus(pair.partition(b"=")[0].decode("latin-1"))
