"""What the site vouches for of a visitor, in the order in which its ways count.

Owns the order: a token, then a signed cookie, then what the origin said before. Each way is a module of its own; a
plain cookie that the operator named counts less than any (`proxy.visitor.cookies`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

from proxy.visitor.reads import NOTHING, Reads
from proxy.visitor.vouched_cookie import SignedCookieReader
from proxy.visitor.vouched_header import Carrier
from proxy.visitor.vouched_jwt import JwtReader
from proxy.wire import Headers
from rules.context import Value

PREFIX = "visitor."


@dataclass(frozen=True, slots=True)
class Vouched:
    """The ways that the operator set up; without any, nobody is vouched for."""

    jwt: JwtReader | None = None
    cookie: SignedCookieReader | None = None
    carrier: Carrier | None = None

    @property
    def reads(self) -> Reads:
        """What `signals` looks at."""
        ways = (self.carrier, self.cookie, self.jwt)
        return reduce(or_, (way.reads for way in ways if way is not None), NOTHING)

    def signals(self, headers: Headers, *, is_https: bool) -> dict[str, Value]:
        """The `visitor.` signals that a request's headers vouch for."""
        found: dict[str, Value] = {}
        if self.carrier is not None:
            found.update(self.carrier.read(headers, is_https=is_https))
        if self.cookie is not None:
            found.update(self.cookie.read(headers))
        if self.jwt is not None:
            found.update(self.jwt.read(headers))
        return {PREFIX + name: value for name, value in found.items()}

    def carry(self, said: bytes, headers: Headers, *, is_https: bool) -> Headers:
        """The `Set-Cookie` fields for what the origin said of who sent `headers`."""
        return self.carrier.carry(said, headers, is_https=is_https) if self.carrier is not None else ()

    def counts(self) -> dict[str, Mapping[str, int]]:
        """What was not believed since this process began, by way and reason."""
        ways = {"jwt": self.jwt, "cookie": self.cookie, "header": self.carrier}
        return {f"vouched_{name}_refused": way.refusals.counts for name, way in ways.items() if way is not None}
