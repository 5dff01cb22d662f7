"""Who asks: a random id in a signed cookie, for visitors who consented to it.

Owns the cookie: its name, its signature, its lifetime, and when it is set, renewed and taken back. The id says nothing
of the visitor. Whether there may be one is `proxy.visitor.consent`'s; the keys are `proxy.visitor.keys`'.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cachetools import LRUCache
from itsdangerous import BadSignature

from proxy.signing import StrictTimestampSigner
from proxy.visitor.consent import Answer, Consent, ConsentReader
from proxy.visitor.cookies import cookie_values, without_cookies
from proxy.visitor.reads import Reads
from proxy.visitor.vouched_header import NAMES as VOUCHED_NAMES
from proxy.wire import Headers

PLAIN_NAME = b"tailor_id"
HTTPS_NAME = b"__Host-tailor_id"
"""The prefix makes browsers refuse it from a subdomain, from HTTP and with a path (RFC 6265bis §4.1.3.2)."""
NAMES = (HTTPS_NAME, PLAIN_NAME)
STAY_NAME = b"tailor_stay"
"""No id: it keeps a visitor from being sent in a circle, and is `proxy.routing`'s."""

SALT = b"tailor.visitor.id"
LEEWAY = timedelta(minutes=1)
"""How far ahead a cookie may be dated: the clocks of several machines differ."""
RENEWAL = timedelta(days=7)
"""From this age on a cookie is signed anew; from half its life, where that is less."""

_ID = re.compile(rb"[A-Za-z0-9_-]{22}")
_MAX_COOKIE_BYTES = 200
_MAX_WITHDRAWN = 4
_MAX_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, as far as that may be known: without consent there is no id.

    `cookies` are the `Set-Cookie` fields that a private page has to bear, so that the browser knows what this says.
    `is_new` is an id that no cookie bore. `withdrawn` are ids whose visitor took the consent back: what is remembered
    under them has to go.
    """

    consent: Consent
    id: str | None = None
    cookies: Headers = ()
    is_new: bool = False
    withdrawn: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Signed:
    """What a cookie of ours says, which no time changes; how long it counts does hang on time."""

    id: str
    when: datetime
    by_first_key: bool


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
        self._signer = StrictTimestampSigner(keys[:1], SALT, now) if keys else None
        self._verifier = StrictTimestampSigner(keys[::-1], SALT, now) if keys else None
        self._signed: LRUCache[bytes, _Signed] = LRUCache(_MAX_REMEMBERED)

    @property
    def reads(self) -> Reads:
        """What `read` looks at."""
        return self._consent.reads | Reads(cookies=frozenset(NAMES))

    def read(self, headers: Headers, *, is_https: bool) -> Visitor:
        """The visitor of one request, whose header names are in lower case; `is_https` as the world sees the site."""
        consent = self._consent.read(headers)
        if consent.answer is Answer.SILENT:
            return Visitor(consent)
        lines = [value for name, value in headers if name == b"cookie"]
        if consent.answer is Answer.NO:
            borne = {name: values for name in NAMES if (values := cookie_values(lines, name))}
            return Visitor(consent, cookies=tuple(map(_deletion, borne)), withdrawn=self._ids(borne.values()))
        found = cookie_values(lines, HTTPS_NAME if is_https else PLAIN_NAME)
        if len(found) > 1:
            # Whichever is ours, setting one more would leave the other where it is.
            return Visitor(consent)
        known = self._verify(found[0]) if found else None
        visitor_id, is_fresh = known or (self._new_id(), False)
        cookies = () if is_fresh else (self._cookie(visitor_id, is_https=is_https),)
        return Visitor(consent, visitor_id, cookies, is_new=known is None)

    def _ids(self, cookies: Iterable[Sequence[bytes]]) -> tuple[str, ...]:
        """The ids that we signed; of one name a few are read, since each costs a look."""
        values = (value for each in cookies for value in each[:_MAX_WITHDRAWN])
        return tuple(dict.fromkeys(known[0] for value in values if (known := self._verify(value)) is not None))

    def _verify(self, cookie: bytes) -> tuple[str, bool] | None:
        """The id of a cookie that we signed within its lifetime, and whether it may stay as it is."""
        signed = self._signed.get(cookie) or self._read(cookie)
        if signed is None:
            return None
        age = self._now() - signed.when
        if not -LEEWAY <= age <= self._lifetime:
            return None
        return signed.id, signed.by_first_key and age < min(RENEWAL, self._lifetime / 2)

    def _read(self, cookie: bytes) -> _Signed | None:
        """What a cookie says that we signed. Only such are remembered, so what is made up crowds nobody out."""
        if self._verifier is None or self._signer is None or len(cookie) > _MAX_COOKIE_BYTES:
            return None
        try:
            value, when = self._verifier.unsign(cookie, return_timestamp=True)
        except BadSignature:
            return None
        if not _ID.fullmatch(value):
            return None
        signed = self._signed[cookie] = _Signed(value.decode(), when, self._signer.validate(cookie))
        return signed

    def _cookie(self, visitor_id: str, *, is_https: bool) -> tuple[bytes, bytes]:
        if self._signer is None:
            raise ValueError("consent can be given, and there is no key to sign an id with")
        value = self._signer.sign(visitor_id)
        return _set_cookie(HTTPS_NAME if is_https else PLAIN_NAME, value, int(self._lifetime.total_seconds()))


def forgetting_cookies() -> Headers:
    """The `Set-Cookie` fields that take our cookies back, under both names."""
    return tuple(map(_deletion, NAMES))


def without_identity(headers: Headers) -> Headers:
    """Headers without our cookies, which are none of the origin's business."""
    return without_cookies(headers, (*NAMES, STAY_NAME, *VOUCHED_NAMES))


def _set_cookie(name: bytes, value: bytes, max_age: int) -> tuple[bytes, bytes]:
    secure = b"; Secure" if name == HTTPS_NAME else b""
    attributes = b"; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax" % max_age
    return b"set-cookie", name + b"=" + value + attributes + secure


def _deletion(name: bytes) -> tuple[bytes, bytes]:
    return _set_cookie(name, b"", 0)
