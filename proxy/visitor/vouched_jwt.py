"""A token of the site's (JWT, RFC 7519), and the attributes in its claims.

Owns which token of a request counts, when it does, and where in it an attribute stands. Signatures, issuer and audience
are checked by PyJWT, with the keys of `proxy.visitor.vouched_keys`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
from cachetools import LRUCache

from proxy.settings.vouched import VouchedJwt
from proxy.visitor.attributes import LEEWAY, Attributes, Refusals, seconds_of
from proxy.visitor.cookies import cookie_values
from proxy.visitor.reads import Reads
from proxy.visitor.vouched_keys import KeySet
from proxy.wire import Headers

MAX_TOKEN_BYTES = 8192
MAX_REMEMBERED = 1000

# The times are checked at each request, by our own clock. Who a token is about is none of our business.
_OPTIONS: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "sub", "jti")}
_BEARER = b"bearer "  # RFC 6750 §2.1


class TokenError(Exception):
    """A token that is not believed; its text is the reason, and holds nothing of it."""


@dataclass(frozen=True, slots=True)
class _Token:
    """What a token says that was checked, and from when until when it counts (seconds since 1970)."""

    attributes: Attributes
    starts: float
    ends: float


class JwtReader:
    """Reads tokens. `keys` is asked anew each time, since its file may change."""

    def __init__(self, settings: VouchedJwt, keys: Callable[[], KeySet], *, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._keys = keys
        self._now = now
        self._checked_with: KeySet | None = None
        self._checked: LRUCache[bytes, _Token | str] = LRUCache(MAX_REMEMBERED)
        self.refusals = Refusals("A visitor's JWT")

    @property
    def reads(self) -> Reads:
        """What `read` looks at."""
        if self._settings.cookie is not None:
            return Reads(cookies=frozenset({self._settings.cookie.encode()}))
        return Reads(frozenset({(self._settings.header or "").encode()}))

    def read(self, headers: Headers) -> Attributes:
        """The attributes that a request's token vouches for; none where there is none to be believed."""
        tokens = self._tokens(headers)
        if not tokens:
            return {}
        try:
            # Of two, a foreign page of the same domain may have set one.
            if len(tokens) > 1:
                raise TokenError("it was sent twice")
            return self._check(tokens[0])
        except TokenError as refusal:
            self.refusals.note(str(refusal))
            return {}

    def _tokens(self, headers: Headers) -> list[bytes]:
        if self._settings.cookie is not None:
            lines = (value for name, value in headers if name == b"cookie")
            return [value for value in cookie_values(lines, self._settings.cookie.encode()) if value]
        wanted = (self._settings.header or "").encode()
        values = [value.strip() for name, value in headers if name == wanted]
        if wanted == b"authorization":
            # Another scheme is no token of ours.
            values = [value for value in values if value[: len(_BEARER)].lower() == _BEARER]
        tokens = (value[len(_BEARER) :] if value[: len(_BEARER)].lower() == _BEARER else value for value in values)
        return [token.strip() for token in tokens if token.strip()]

    def _check(self, token: bytes) -> Attributes:
        if len(token) > MAX_TOKEN_BYTES:
            raise TokenError(f"it is longer than {MAX_TOKEN_BYTES} bytes")
        keys = self._keys()
        if keys is not self._checked_with:
            self._checked.clear()
            self._checked_with = keys
        checked = self._checked.get(token)
        if checked is None:
            checked = self._checked[token] = self._verified(token, keys)
        if isinstance(checked, str):
            raise TokenError(checked)
        now, leeway = self._now().timestamp(), LEEWAY.total_seconds()
        if now >= checked.ends + leeway:
            raise TokenError("it is over (exp)")
        if now < checked.starts - leeway:
            raise TokenError("it does not count yet (nbf)")
        return checked.attributes

    def _verified(self, token: bytes, keys: KeySet) -> _Token | str:
        """What a token says, or why it is not believed: neither changes with time."""
        try:
            claims = self._claims(token, keys)
            found = {name: claim_at(claims, path) for name, path in self._settings.claims.items()}
            starts, ends = _moment(claims, "nbf", -math.inf), _moment(claims, "exp", math.inf)
        except TokenError as refusal:
            return str(refusal)
        return _Token(self.refusals.fitting(found), starts, ends)

    def _claims(self, token: bytes, keys: KeySet) -> Mapping[str, object]:
        try:
            header = jwt.get_unverified_header(token)
            algorithm, key_id = header.get("alg"), header.get("kid", "")
            if algorithm not in list(self._settings.algorithms):
                raise TokenError("its algorithm is none of vouched_jwt.algorithms")
            for key in keys.fitting(algorithm, key_id):
                try:
                    return jwt.decode(
                        token,
                        key.material,
                        algorithms=[key.algorithm],
                        issuer=self._settings.issuer,
                        audience=self._settings.audience,
                        options=_OPTIONS,
                    )
                except jwt.InvalidSignatureError:
                    continue
        except jwt.PyJWTError as error:
            raise TokenError(_reason(error)) from error
        raise TokenError("it is signed with a key that is not known")


def claim_at(claims: object, path: str) -> object:
    """The claim at a path, whose keys are joined by points and may hold points themselves; None if it is not there.

    >>> claim_at({"customer": {"status": "gold"}, "https://shop.example/plan": "pro"}, "customer.status")
    'gold'
    """
    if not isinstance(claims, Mapping):
        return None
    if path in claims:
        return claims[path]
    points = [place for place, character in enumerate(path) if character == "."]
    found = (claim_at(claims.get(path[:point]), path[point + 1 :]) for point in points)
    return next((claim for claim in found if claim is not None), None)


def _moment(claims: Mapping[str, object], name: str, absent: float) -> float:
    try:
        return seconds_of(claims.get(name, absent))
    except ValueError as error:
        raise TokenError(f"its {name} is no moment") from error


def _reason(error: jwt.PyJWTError) -> str:
    match error:
        case jwt.InvalidAudienceError() | jwt.MissingRequiredClaimError(claim="aud"):
            return "it is for another audience (aud) than vouched_jwt.audience"
        case jwt.InvalidIssuerError() | jwt.MissingRequiredClaimError(claim="iss"):
            return "it is from another issuer (iss) than vouched_jwt.issuer"
        case _:
            return "it is no JWT that can be read"
