"""Who asks: a random id in a signed cookie, for visitors who consented to it.

Owns the cookie: its name, its signature, its lifetime, and when it is set, renewed and taken back. The id says nothing
of the visitor. Whether there may be one is `proxy.visitor.consent`'s; the keys are `proxy.visitor.keys`'.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadSignature, TimestampSigner

from proxy.visitor.consent import Answer, Consent, ConsentReader
from proxy.visitor.cookies import cookie_values, without_cookies

Headers = tuple[tuple[bytes, bytes], ...]

PLAIN_NAME = b"tailor_id"
HTTPS_NAME = b"__Host-tailor_id"
"""The prefix makes browsers refuse it from a subdomain, from HTTP and with a path (RFC 6265bis §4.1.3.2)."""
NAMES = (HTTPS_NAME, PLAIN_NAME)

SALT = b"tailor.visitor.id"
LEEWAY = timedelta(minutes=1)
"""How far ahead a cookie may be dated: the clocks of several machines differ."""
RENEWAL = timedelta(days=7)
"""From this age on a cookie is signed anew; from half its life, where that is less."""

_ID = re.compile(rb"[A-Za-z0-9_-]{22}")
_MAX_COOKIE_BYTES = 200


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, as far as that may be known: without consent there is no id.

    `cookies` are the `Set-Cookie` fields that a private page has to bear, so that the browser knows what this says.
    """

    consent: Consent
    id: str | None = None
    cookies: Headers = ()


def random_id() -> str:
    """A new id: 128 random bits."""
    return secrets.token_urlsafe(16)


class IdentityReader:
    """Tells visitors by their cookie. `keys`: the first one signs, each of them verifies.

    Without keys there are no ids, so they may be left out only where nobody can consent.
    """

    def __init__(
        self,
        consent: ConsentReader,
        keys: Sequence[bytes] = (),
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str] = random_id,
        days: int = 180,
    ) -> None:
        self._consent = consent
        self._now = now
        self._new_id = new_id
        self._lifetime = timedelta(days=days)
        # The signer signs with the last of its keys.
        self._signer = _Signer(keys[:1], now) if keys else None
        self._verifier = _Signer(keys[::-1], now) if keys else None

    def read(self, headers: Headers, *, is_https: bool) -> Visitor:
        """The visitor of one request, whose header names are in lower case; `is_https` as the world sees the site."""
        consent = self._consent.read(headers)
        if consent.answer is Answer.SILENT:
            return Visitor(consent)
        lines = [value for name, value in headers if name == b"cookie"]
        if consent.answer is Answer.NO:
            withdrawn = tuple(_deletion(name) for name in NAMES if cookie_values(lines, name))
            return Visitor(consent, cookies=withdrawn)
        found = cookie_values(lines, HTTPS_NAME if is_https else PLAIN_NAME)
        if len(found) > 1:
            # Whichever is ours, setting one more would leave the other where it is.
            return Visitor(consent)
        known = self._verify(found[0]) if found else None
        visitor_id, is_fresh = known or (self._new_id(), False)
        return Visitor(consent, visitor_id, () if is_fresh else (self._cookie(visitor_id, is_https=is_https),))

    def _verify(self, cookie: bytes) -> tuple[str, bool] | None:
        """The id of a cookie that we signed within its lifetime, and whether it may stay as it is."""
        if self._verifier is None or self._signer is None or len(cookie) > _MAX_COOKIE_BYTES:
            return None
        try:
            value, signed = self._verifier.unsign(cookie, return_timestamp=True)
        except BadSignature:
            return None
        age = self._now() - signed
        if not -LEEWAY <= age <= self._lifetime or not _ID.fullmatch(value):
            return None
        is_fresh = age < min(RENEWAL, self._lifetime / 2) and self._signer.validate(cookie)
        return value.decode(), is_fresh

    def _cookie(self, visitor_id: str, *, is_https: bool) -> tuple[bytes, bytes]:
        if self._signer is None:
            raise ValueError("consent can be given, and there is no key to sign an id with")
        value = self._signer.sign(visitor_id)
        return _set_cookie(HTTPS_NAME if is_https else PLAIN_NAME, value, int(self._lifetime.total_seconds()))


def without_identity(headers: Headers) -> Headers:
    """Headers without our cookies, which are none of the origin's business."""
    return without_cookies(headers, NAMES)


def _set_cookie(name: bytes, value: bytes, max_age: int) -> tuple[bytes, bytes]:
    secure = b"; Secure" if name == HTTPS_NAME else b""
    attributes = b"; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax" % max_age
    return b"set-cookie", name + b"=" + value + attributes + secure


def _deletion(name: bytes) -> tuple[bytes, bytes]:
    return _set_cookie(name, b"", 0)


class _Signer(TimestampSigner):
    """A signer with SHA-256, a salt of this purpose alone, and the clock that it is handed."""

    def __init__(self, keys: Sequence[bytes], now: Callable[[], datetime]) -> None:
        super().__init__([*keys], salt=SALT, key_derivation="hmac", digest_method=hashlib.sha256)
        self._now = now

    def get_timestamp(self) -> int:
        return int(self._now().timestamp())
