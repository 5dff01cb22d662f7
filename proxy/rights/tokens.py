"""The word that a form bears, so that only a page of ours, opened by this visitor, can send it.

It is signed and bound to the visitor's id, which a foreign site does not know; the cookie with that id is the other
half. Where a request came from, as its browser says, is looked at as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from itsdangerous import BadSignature

from proxy.request import Request
from proxy.signing import StrictTimestampSigner

SALT = b"tailor.rights.form"
LIFETIME = timedelta(hours=2)
_SEPARATOR = "."


class FormTokens:
    """Makes and checks tokens. `keys` are those that sign ids: the first one signs, each of them verifies."""

    def __init__(self, keys: Sequence[bytes], now: Callable[[], datetime]) -> None:
        self._now = now
        self._signer = StrictTimestampSigner(keys[:1], SALT, now)
        self._verifier = StrictTimestampSigner(keys[::-1], SALT, now)

    def make(self, visitor_id: str) -> str:
        """The token of a form on this visitor's page."""
        return self._signer.sign(visitor_id).decode().partition(_SEPARATOR)[2]

    def fits(self, token: str, visitor_id: str) -> bool:
        """Whether it was made for this visitor, and lately."""
        if not token.isascii():
            return False
        try:
            _, signed = self._verifier.unsign(f"{visitor_id}{_SEPARATOR}{token}", return_timestamp=True)
        except BadSignature:
            return False
        return abs(self._now() - signed) <= LIFETIME


def comes_from_here(request: Request) -> bool:
    """Whether a browser says that one of this site's own pages sent it, or says nothing (Fetch Metadata, Origin)."""
    site = request.header(b"sec-fetch-site")
    if site is not None:
        return site == b"same-origin"
    origin = request.header(b"origin")
    return origin is None or origin.decode("latin-1").lower() == f"{request.scheme}://{request.authority}".lower()
