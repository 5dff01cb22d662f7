"""The origin's responses as visitors may get them: out of the page cache, or from the origin itself.

Owns what of a visitor's request goes to the origin, and how the page cache reaches it. What may be stored, and what it
answers, is `proxy.cache`'s.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import TracebackType

from proxy.cache.answers import Answer, OriginAnswer, Passed
from proxy.cache.page_cache import PageCache
from proxy.cache.policy import Asked
from proxy.failures import Failures
from proxy.hosts import Hosts
from proxy.origin.client import SAFE_TO_REPEAT, Origin
from proxy.origin.errors import OriginError
from proxy.origin.headers import FOR_TAILOR
from proxy.request import Request
from proxy.wire import Headers


class Fetched:
    """A response for one visitor whose head is here; use it as a context, which closes what was not read of it.

    Its headers are fit for the browser. `said` holds, by name, the fields by which the origin speaks to Tailor alone.
    `fresh_until` is the moment up to which anybody would get it from the page cache; 0 where it is this visitor's.
    """

    __slots__ = ("_response", "_unread", "fresh_until", "headers", "said", "status")

    def __init__(
        self,
        status: int,
        headers: Headers,
        said: Mapping[bytes, bytes],
        response: OriginAnswer | None,
        unread: bytes,
        fresh_until: float = 0.0,
    ) -> None:
        self.status = status
        self.headers = headers
        self.said = said
        self.fresh_until = fresh_until
        self._response = response
        self._unread = unread

    @property
    def is_kept(self) -> bool:
        """Whether the whole body is in memory, for others too."""
        return self._response is None

    @property
    def at_end(self) -> bool:
        """Whether the last piece of the body was read."""
        return not self._unread and (self._response is None or self._response.at_end)

    @property
    def is_at_hand(self) -> bool:
        """Whether reading the next piece waits for nothing."""
        return bool(self._unread) or self._response is None or self._response.is_at_hand

    async def read_chunk(self) -> bytes:
        """The next piece of the body in its content coding; OriginBodyError where it breaks off, and again then."""
        if self._response is not None and not self._unread:
            return await self._response.read_chunk()
        chunk, self._unread = self._unread, b""
        return chunk

    def keep_private(self) -> None:
        """What becomes of it is for nobody else: something failed on the way, and need not the next time."""
        self.fresh_until = 0.0

    def put_back(self, body: bytes) -> None:
        """Take back what was read, to be read once more."""
        self._unread = body

    async def close(self) -> None:
        """End what was not read of it."""
        if self._response is not None:
            await self._response.close()

    async def __aenter__(self) -> Fetched:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class Fetcher:
    """Fetches from one origin. Without a `cache` each request is the origin's to answer."""

    def __init__(
        self, origin: Origin, hosts: Hosts, cache: PageCache | None = None, failures: Failures | None = None
    ) -> None:
        self._origin = origin
        self._hosts = hosts
        self._cache = cache
        self._failures = failures or Failures()

    async def fetch(
        self, request: Request, method: str, headers: Headers, body: AsyncIterator[bytes] | None = None
    ) -> Fetched:
        """The response to a request that goes out under these headers. Raises OriginError."""
        if self._cache is None:
            return await self._fetch_past_cache(request, method, headers, body)
        asking = _Asking(self._origin, self._hosts, request, body)
        asked = Asked(request.site, request.target, headers, method, has_body=body is not None)
        try:
            got = await self._cache.get(asked, asking)
        except OriginError:
            raise
        except Exception:
            if body is not None or method not in SAFE_TO_REPEAT:
                raise
            self._failures.note("cache", request, "the origin is asked past the cache")
            return await self._fetch_past_cache(request, method, headers)
        match got:
            case Answer(status, fields, whole, fresh_until):
                return Fetched(status, fields, asking.said, None, whole, fresh_until)
            case Passed(response, fields, held):
                return Fetched(response.status, fields, asking.said, response, held)

    async def _fetch_past_cache(
        self, request: Request, method: str, headers: Headers, body: AsyncIterator[bytes] | None = None
    ) -> Fetched:
        asking = _Asking(self._origin, self._hosts, request, body)
        response = await asking(method, request.target, headers)
        return Fetched(response.status, response.headers, asking.said, response, b"")


class _Asking:
    """One visitor's way to the origin. What a cache asks by it behind the visitor's back has no body."""

    def __init__(self, origin: Origin, hosts: Hosts, request: Request, body: AsyncIterator[bytes] | None) -> None:
        self._origin = origin
        self._hosts = hosts
        self._request = request
        self._body = body
        self.said: Mapping[bytes, bytes] = {}

    async def __call__(self, method: str, target: bytes, headers: Headers) -> OriginAnswer:
        response = await self._origin.fetch(method, target, headers, self._body)
        self.said = _said(response.headers)
        response.headers = self._hosts.response_headers(self._request, response.headers)
        return response


def _said(headers: Headers) -> dict[bytes, bytes]:
    """The lines of each such field as one list (RFC 9110 §5.3)."""
    said: dict[bytes, bytes] = {}
    if FOR_TAILOR.isdisjoint([name for name, _ in headers]):
        return said
    for name, value in headers:
        if name in FOR_TAILOR:
            said[name] = said[name] + b", " + value if name in said else value
    return said
