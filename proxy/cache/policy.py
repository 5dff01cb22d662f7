"""What the operator says of the page cache, and what follows from it for one request. Pure.

Owns which requests go past the cache, and what is asked and kept under which name. What a response may be kept for is
`proxy.cache.storability`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from proxy.cache.analytics import without_analytics
from proxy.cache.cache_status import CacheStatus, Forward
from proxy.cache.directives import RequestDirectives
from proxy.cache.keys import TRACKING_PARAMETERS, primary_key, shared_target
from proxy.cache.messages import Request, lines
from proxy.cache.patterns import CookiePatterns, NamePatterns
from proxy.cache.sessions import bears_session, session_cookies
from proxy.names import SiteName
from proxy.settings.cache import DEFAULT, SessionPreset
from proxy.settings.model import Settings
from proxy.target import path_text
from proxy.wire import Headers
from rules.pages import PagePattern

_SHARED = ("GET", "HEAD")
"""The methods whose answers visitors may share."""

OVERRIDES = frozenset(
    {
        b"x-http-method",
        b"x-http-method-override",
        b"x-method-override",
        b"x-original-uri",
        b"x-original-url",
        b"x-rewrite-url",
    }
)
"""By these some frameworks take a request for another one than it says to be, of another method or for another URL."""


class Asked(NamedTuple):
    """A request as it would go to the origin, but for what the cache takes off it.

    `site` is what the world calls the site, `target` a canonical path with the query as the visitor sent it. Names of
    headers are in lower case.
    """

    site: SiteName
    target: bytes
    headers: Headers
    method: str = "GET"
    has_body: bool = False


class Errand(NamedTuple):
    """A request with what the cache makes of it; `target` is the origin's, `key` what its responses are kept under.

    `names` are those of its header fields.
    """

    asked: Asked
    request: Request
    names: frozenset[bytes]
    directives: RequestDirectives
    target: bytes
    key: bytes

    @property
    def is_head(self) -> bool:
        """Whether the visitor wants no body."""
        return self.asked.method == "HEAD"

    @property
    def is_authorized(self) -> bool:
        """Whether it bears `Authorization`, so that the answer may be one visitor's (RFC 9111 §3.5)."""
        return b"authorization" in self.names

    def has(self, name: bytes) -> bool:
        """Whether it has a field."""
        return name in self.names

    def bypass(self) -> CacheStatus | None:
        """Why the origin alone answers it, None where the cache may."""
        if self.asked.method not in _SHARED:
            return CacheStatus(Forward.METHOD)
        if self.asked.has_body:
            return CacheStatus(Forward.BYPASS, detail="body")
        if not OVERRIDES.isdisjoint(self.names):
            return CacheStatus(Forward.BYPASS, detail="override")
        return CacheStatus(Forward.BYPASS, detail="session") if self.request.bears_session else None


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Seconds that the operator gives responses which say nothing about freshness, by path; the first match counts."""

    by_page: tuple[tuple[PagePattern, int], ...] = ()

    @classmethod
    def of(cls, seconds: Mapping[str, int]) -> Self:
        """Lifetimes by patterns of paths as rules have them; MistakeError where one is none.

        >>> Lifetimes.of({"/blog/**": 60}).assigned(b"shop.example", b"/blog/2024/news?page=2")
        60
        """
        return cls(tuple((PagePattern(path), lifetime) for path, lifetime in seconds.items()))

    def assigned(self, host: bytes, target: bytes) -> int | None:
        """The lifetime of a target, a canonical path with or without a query; None where none is given."""
        name, path = host.decode("ascii", "replace"), path_text(target.partition(b"?")[0])
        return next((seconds for page, seconds in self.by_page if page.matches_place(name, path)), None)


@dataclass(frozen=True, slots=True)
class Policy:
    """The operator's word: lifetimes, the origin's session cookies, parameters that tell no pages apart."""

    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    sessions: CookiePatterns = field(default_factory=lambda: session_cookies(()))
    tracking: NamePatterns = field(default_factory=lambda: NamePatterns.of(TRACKING_PARAMETERS))

    def read(self, asked: Asked) -> Errand:
        """What the cache makes of a request."""
        key = primary_key(asked.site, shared_target(asked.target, self.tracking))
        names = frozenset([name for name, _ in asked.headers])
        is_session = b"cookie" in names and bears_session(lines(asked.headers, b"cookie"), self.sessions)
        target = asked.target
        if asked.method in _SHARED and not asked.has_body and not is_session:
            # What no page is made by must not tell pages apart. Where the origin answers one visitor it gets all there
            # is: a form may send on where its visitor came from, and an order be counted by a cookie.
            target = shared_target(target, self.tracking)
            if b"cookie" in names:
                asked = asked._replace(headers=without_analytics(asked.headers))
        return Errand(
            asked,
            # What is kept for a HEAD is a GET's.
            Request("GET", asked.headers, is_session),
            names,
            RequestDirectives.of(asked.headers),
            target,
            key,
        )

    def assigned(self, errand: Errand) -> int | None:
        """The lifetime that the operator gives what is asked for, in seconds."""
        if not self.lifetimes.by_page:
            return None
        return self.lifetimes.assigned(errand.asked.site.host, errand.target)


def make_policy(settings: Settings) -> Policy:
    """The operator's word, as the settings have it.

    >>> from proxy.settings.model import Settings
    >>> policy = make_policy(Settings(origin="http://127.0.0.1:9000", session_cookies=("ghost", "shop_*")))
    >>> [policy.sessions.are_in(cookie) for cookie in (b"ghost-members-ssr=x", b"shop_x=1", b"cart=1")]
    [True, True, False]
    """
    words = settings.session_cookies
    presets = [preset for preset in SessionPreset if preset in words or DEFAULT in words]
    return Policy(
        Lifetimes.of(settings.cache),
        session_cookies(presets, [word for word in words if word not in (DEFAULT, *SessionPreset)]),
        NamePatterns.of(
            parameter
            for word in settings.tracking_parameters
            for parameter in (TRACKING_PARAMETERS if word == DEFAULT else (word,))
        ),
    )
