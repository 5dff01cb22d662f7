"""A cookie that the site signs with a secret that it shares with Tailor: `payload.signature`.

The payload is a JSON object in base64url (RFC 4648 §5, without padding), the signature the HMAC-SHA256 of the payload
as it stands there, in hexadecimal. An `exp` in the object, in seconds since 1970, ends it.
"""

from __future__ import annotations

import hmac
import json
import math
from base64 import urlsafe_b64decode
from collections.abc import Callable, Sequence
from datetime import datetime

from proxy.visitor.attributes import LEEWAY, Attributes, Refusals, seconds_of
from proxy.visitor.cookies import cookie_values
from proxy.visitor.reads import Reads
from proxy.wire import Headers

MAX_COOKIE_BYTES = 4096


class SignedCookieReader:
    """Reads the cookie of that name. `secrets` are asked anew each time, since their file may change; any verifies."""

    def __init__(self, cookie: str, secrets: Callable[[], Sequence[bytes]], *, now: Callable[[], datetime]) -> None:
        self._cookie = cookie.encode()
        self._secrets = secrets
        self._now = now
        self.refusals = Refusals("A visitor's signed cookie")

    @property
    def reads(self) -> Reads:
        """What `read` looks at."""
        return Reads(cookies=frozenset({self._cookie}))

    def read(self, headers: Headers) -> Attributes:
        """The attributes that a request's cookie vouches for; none where there is none to be believed."""
        lines = (value for name, value in headers if name == b"cookie")
        cookies = [value for value in cookie_values(lines, self._cookie) if value]
        if not cookies:
            return {}
        if len(cookies) > 1:
            # A foreign page of the same domain may have set one of them.
            return self._refuse("it was sent twice")
        return self._read(cookies[0])

    def _read(self, cookie: bytes) -> Attributes:
        if len(cookie) > MAX_COOKIE_BYTES:
            return self._refuse(f"it is longer than {MAX_COOKIE_BYTES} bytes")
        payload, _, signature = cookie.rpartition(b".")
        if not any(hmac.compare_digest(_sign(payload, secret), signature) for secret in self._secrets()):
            return self._refuse("its signature is wrong")
        try:
            told = json.loads(urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            return self._refuse("its payload is no JSON object in base64url")
        try:
            end = seconds_of(told.pop("exp", math.inf))
        except ValueError:
            return self._refuse("its exp is no moment")
        if self._now().timestamp() >= end + LEEWAY.total_seconds():
            return self._refuse("it is over (exp)")
        return self.refusals.fitting(told)

    def _refuse(self, why: str) -> Attributes:
        self.refusals.note(why)
        return {}


def _sign(payload: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, payload, "sha256").hex().encode()
