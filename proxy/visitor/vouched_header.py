"""What the origin says of a visitor in `Tailor-Visitor`, carried from that response to the visitor's later requests.

Owns how the header reads and the signed cookie that carries it. The cookie is the browser's own: nothing is kept here,
and no id is needed. That the header goes no further than Tailor is `proxy.origin.headers`'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import http_sf
from itsdangerous import BadData

from proxy.signing import serializer
from proxy.visitor.attributes import LEEWAY, Attributes, Refusals, attributes_of
from proxy.visitor.consent import ConsentReader
from proxy.visitor.cookies import cookie_values
from proxy.visitor.reads import Reads
from proxy.wire import Headers
from rules.signals import Tier

PLAIN_NAME = b"tailor_vouched"
HTTPS_NAME = b"__Host-tailor_vouched"
NAMES = (HTTPS_NAME, PLAIN_NAME)

SALT = b"tailor.visitor.vouched"
LIFETIME = timedelta(days=30)
"""The cookie goes with the browser's session, and browsers can make one last for ever."""
MAX_BYTES = 2048
"""Of the header, and of the cookie."""


class Carrier:
    """Sets and reads the cookie. `keys`: the first one signs, each of them verifies."""

    def __init__(self, keys: Sequence[bytes], consent: ConsentReader, *, now: Callable[[], datetime]) -> None:
        if not keys:
            raise ValueError("what the origin says is to be carried, and there is no key to sign it with")
        self._signer = serializer(keys[:1], SALT)
        # The serializer signs with the last of its keys.
        self._verifier = serializer(keys[::-1], SALT)
        self._consent = consent
        self._now = now
        self.refusals = Refusals("What the origin said of a visitor")

    @property
    def reads(self) -> Reads:
        """What `read` looks at."""
        return Reads(cookies=frozenset(NAMES))

    def read(self, headers: Headers, *, is_https: bool) -> Attributes:
        """The attributes that a request's cookie carries; `is_https` as the world sees the site."""
        found = _borne(headers, HTTPS_NAME if is_https else PLAIN_NAME)
        # Of two, a foreign page of the same domain may have set one.
        if len(found) != 1 or len(found[0]) > MAX_BYTES:
            return {}
        try:
            ends, told = self._verifier.loads(found[0])
            left = ends - self._now().timestamp()
        except (BadData, TypeError, ValueError):
            return {}
        is_over = not 0 < left <= (LIFETIME + LEEWAY).total_seconds()
        return {} if is_over or not isinstance(told, dict) else attributes_of(told)

    def carry(self, said: bytes, headers: Headers, *, is_https: bool) -> Headers:
        """The `Set-Cookie` fields after which the browser carries what was said, and nothing of what was said before.

        `headers` are the request's. Nothing is set where the visitor's consent does not cover it.
        """
        told = self._told(said)
        value = self._sign(told) if told and Tier.COMPANY in self._consent.read(headers).tiers else b""
        if not value:
            return tuple(_set_cookie(name, b"") for name in NAMES if _borne(headers, name))
        return (_set_cookie(HTTPS_NAME if is_https else PLAIN_NAME, value),)

    def _told(self, said: bytes) -> Attributes:
        if len(said) > MAX_BYTES:
            self.refusals.note(f"the header is longer than {MAX_BYTES} bytes")
            return {}
        try:
            return self.refusals.fitting(parse(said))
        except http_sf.StructuredFieldError:
            self.refusals.note("the header is no dictionary of structured fields")
            return {}

    def _sign(self, told: Attributes) -> bytes:
        ends = int((self._now() + LIFETIME).timestamp())
        value = self._signer.dumps([ends, told]).encode()
        if len(value) > MAX_BYTES:
            self.refusals.note(f"it makes a cookie of more than {MAX_BYTES} bytes")
            return b""
        return value


def parse(said: bytes) -> dict[str, object]:
    """What the header says; nothing where it is empty or `?0`. Raises StructuredFieldError.

    A dictionary (RFC 9651 §3.2), whose members' parameters count as members: so both ways of writing it do.

    >>> parse(b"status=customer; plan=pro") == parse(b"status=customer, plan=pro")
    True
    """
    if said.strip() == b"?0":
        return {}
    told: dict[str, object] = {}
    members = http_sf.parse(said, tltype="dictionary")
    for name, member in members.items() if isinstance(members, dict) else ():
        value, parameters = member if isinstance(member, tuple) else (member, {})
        told[name] = _plain(value)
        if isinstance(parameters, Mapping):
            told.update((parameter, _plain(each)) for parameter, each in parameters.items())
    return told


def _plain(value: object) -> object:
    """A value of a structured field as JSON would have it."""
    match value:
        case list():
            return [_plain(each[0] if isinstance(each, tuple) else each) for each in value]
        case Decimal():
            return float(value)
        case http_sf.Token() | http_sf.DisplayString():
            return str(value)
        case datetime():
            return value.isoformat()
        case _:
            return value


def _borne(headers: Headers, name: bytes) -> list[bytes]:
    return cookie_values((value for field, value in headers if field == b"cookie"), name)


def forgotten() -> Headers:
    """The `Set-Cookie` fields that take what the origin said back, under both names."""
    return tuple(_set_cookie(name, b"") for name in NAMES)


def _set_cookie(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A cookie for the browser's session; without a value, its end."""
    end = b"" if value else b"; Max-Age=0"
    secure = b"; Secure" if name == HTTPS_NAME else b""
    return b"set-cookie", name + b"=" + value + b"; Path=/" + end + b"; HttpOnly; SameSite=Lax" + secure
