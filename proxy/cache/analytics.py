"""Cookies by which scripts in the page count visits: no page is made by them, and the origin does without. Pure."""

from __future__ import annotations

from proxy.cache.patterns import CookiePatterns
from proxy.wire import Headers

ANALYTICS_COOKIES = tuple(
    # Google Analytics, its older form, and Google Ads.
    "_ga _ga_* _gid _gat* _gac_* _gcl_* __utma __utmb __utmc __utmt* __utmv __utmz "
    # Matomo; Meta; Microsoft Clarity and Advertising; TikTok; Pinterest; Snap; Yandex.
    "_pk_id.* _pk_ses.* _pk_ref.* _fbp _fbc _clck _clsk _uetsid _uetvid _ttp _tt_* _pin_unauth _scid* _ym_* "
    # HubSpot, Hotjar, Mixpanel, Segment, Amplitude, Heap, FullStory, Adobe.
    "hubspotutk __hstc __hssc __hssrc _hj* mp_*_mixpanel ajs_* amplitude_* AMP_* _hp2_* fs_uid fs_lua s_cc s_sq "
    "AMCV_* AMCVS_*".split()
)
"""Their names, as globs."""

_ANALYTICS = CookiePatterns(ANALYTICS_COOKIES)


def without_analytics(headers: Headers) -> Headers:
    """A request's headers without those cookies; a `Cookie` field that held no other goes.

    >>> without_analytics(((b"cookie", b"_ga=1; theme=dark; _fbp=x"), (b"cookie", b"_gid=2")))
    ((b'cookie', b'theme=dark'),)
    """
    kept: list[tuple[bytes, bytes]] = []
    for field in headers:
        name, value = field
        if name != b"cookie" or (left := _ANALYTICS.taken_off(value)) == value:
            kept.append(field)
        elif left:
            kept.append((name, left))
    return tuple(kept)
