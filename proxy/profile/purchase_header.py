"""What the origin says in `Tailor-Purchase`: that the visitor it answers has just bought something.

Owns how the header reads. That it goes no further than Tailor is `proxy.origin.headers`'.
"""

from __future__ import annotations

import math
from decimal import Decimal

import http_sf

from proxy.profile.model import Purchase

MAX_BYTES = 2048


def parse_purchase(said: bytes) -> Purchase:
    """The purchase that a dictionary (RFC 9651 §3.2) tells of. Raises ValueError with what is wrong with it.

    >>> parse_purchase(b'total=59.90, products=("tent" "stove")')
    Purchase(total=59.9, products=('tent', 'stove'))
    """
    if len(said) > MAX_BYTES:
        raise ValueError(f"it has more than {MAX_BYTES} bytes")
    try:
        told = http_sf.parse(said, tltype="dictionary")
    except http_sf.StructuredFieldError as error:
        raise ValueError("it is no dictionary of structured fields, such as total=59.90") from error
    members = told if isinstance(told, dict) else {}
    total = _bare(members.get("total"))
    if isinstance(total, bool) or not isinstance(total, int | float | Decimal) or not 0 <= total < math.inf:
        raise ValueError("it has no total, such as total=59.90")
    products = _bare(members.get("products", ([], {})))
    named = [_bare(each) for each in products] if isinstance(products, list) else [products]
    if not all(isinstance(each, str | http_sf.Token) for each in named):
        raise ValueError('its products are not texts, such as products=("tent" "stove")')
    return Purchase(float(total), tuple(str(each) for each in named))


def _bare(member: object) -> object:
    """A member without its parameters."""
    return member[0] if isinstance(member, tuple) else member
