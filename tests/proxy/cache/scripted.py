"""An origin that answers as a test says, at the edge of the page cache; and a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from proxy.cache.answers import Answer, Passed
from proxy.cache.messages import combined
from proxy.cache.page_cache import PageCache
from proxy.cache.policy import Asked, Policy
from proxy.cache.store import PageStore
from proxy.ledger import Ledger
from proxy.names import SiteName
from proxy.wire import Headers
from tests.proxy.cache.table import START

SITE = SiteName.of(b"https", b"shop.example")
PATIENCE_SECONDS = 10.0


class OriginFailedError(Exception):
    """What the scripted origin raises where it gives no answer."""


@dataclass
class Clock:
    """Seconds since the epoch, as the test has them."""

    now: float = float(START)

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Question:
    """A request as the origin got it; `number` counts from 1."""

    number: int
    method: str
    target: bytes
    headers: Headers

    def header(self, name: bytes) -> bytes | None:
        return combined(self.headers, name)


@dataclass
class Reply:
    """A response of the origin, as `OriginAnswer` has it; `breaks` is for a body that breaks off at its end."""

    status: int
    headers: Headers
    chunks: list[bytes]
    breaks: bool = False
    before_body: asyncio.Event | None = None
    is_closed: bool = False

    @property
    def at_end(self) -> bool:
        return not self.chunks and not self.breaks

    @property
    def is_at_hand(self) -> bool:
        return self.before_body is None

    async def read_chunk(self) -> bytes:
        if self.before_body is not None:
            await self.before_body.wait()
        assert not self.is_closed
        if not self.chunks:
            raise OriginFailedError("the body broke off")
        return self.chunks.pop(0)

    async def close(self) -> None:
        self.is_closed = True


def reply(body: bytes = b"", *fields: tuple[str, str], status: int = 200, chunks: Iterable[bytes] = ()) -> Reply:
    headers = tuple((name.encode(), value.encode()) for name, value in fields)
    return Reply(status, headers, list(chunks) or [body])


def cacheable(body: bytes, *fields: tuple[str, str]) -> Reply:
    return reply(body, ("cache-control", "max-age=60"), *fields)


def private(body: bytes) -> Reply:
    return reply(body, ("cache-control", "private"))


Script = Callable[[Question], Reply | Awaitable[Reply]]


@dataclass
class Origin:
    """Answers each request by the script; `asked` and `replies` hold what came and went."""

    script: Script
    asked: list[Question] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    async def fetch(self, method: str, target: bytes, headers: Headers) -> Reply:
        question = Question(len(self.asked) + 1, method, target, headers)
        self.asked.append(question)
        answer = self.script(question)
        given = answer if isinstance(answer, Reply) else await answer
        self.replies.append(given)
        return given


@dataclass(frozen=True)
class Got:
    """What a visitor got, read to its end."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        value = combined(self.headers, name.encode())
        return None if value is None else value.decode()

    @property
    def cache_status(self) -> str | None:
        return self.header("cache-status")


@dataclass
class Site:
    """A page cache before a scripted origin."""

    script: Script
    policy: Policy = field(default_factory=Policy)
    max_bytes: int = 1 << 20
    page_bytes: int = 1 << 16
    page_seconds: float = PATIENCE_SECONDS
    wait_seconds: float = PATIENCE_SECONDS
    max_refreshes: int = 32

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.origin = Origin(self.script)
        self.store = PageStore(Ledger(self.max_bytes))
        self.cache = PageCache(
            self.store,
            self.policy,
            now=self.clock,
            failures=(OriginFailedError,),
            page_bytes=self.page_bytes,
            page_seconds=self.page_seconds,
            wait_seconds=self.wait_seconds,
            max_refreshes=self.max_refreshes,
        )

    async def get(self, target: str = "/", **fields: str) -> Got:
        """Asks as a visitor does, and takes all of the answer; `fields` are headers, with _ for -."""
        return await self.send("GET", target, **fields)

    async def send(self, method: str, target: str = "/", **fields: str) -> Got:
        """The same by another method; any but HEAD comes with a body."""
        headers = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in fields.items())
        asked = Asked(SITE, target.encode(), headers, method, has_body=method not in ("GET", "HEAD"))
        return await take(await self.cache.get(asked, self.origin.fetch))

    @property
    def fetches(self) -> int:
        return len(self.origin.asked)


async def take(outcome: Answer | Passed) -> Got:
    """All of an answer; what was passed on is read and closed."""
    if isinstance(outcome, Answer):
        return Got(outcome.status, outcome.headers, outcome.body)
    body = outcome.held
    try:
        while not outcome.response.at_end:
            body += await outcome.response.read_chunk()
    finally:
        await outcome.response.close()
    return Got(outcome.response.status, outcome.headers, body)


async def turns(number: int = 20) -> None:
    """Lets all tasks run on until they wait for something: nothing here waits for the network."""
    for _ in range(number):
        await asyncio.sleep(0)


def visit(site: Site, visits: Callable[[], Awaitable[None]]) -> None:
    """Runs visits to a site, at the end of which nothing may be left open."""

    async def whole() -> None:
        await visits()
        await site.cache.close()
        assert all(given.is_closed or given.at_end for given in site.origin.replies)

    asyncio.run(whole())


def herd(site: Site, number: int, **fields: str) -> list[asyncio.Task[Got]]:
    """So many visitors at once, each with a name of its own."""
    return [asyncio.create_task(site.get(x_visitor=str(visitor), **fields)) for visitor in range(number)]


def name_of(question: Question) -> bytes:
    """The name of the visitor for whom the origin is asked."""
    return question.header(b"x-visitor") or b""


async def opening(gate: asyncio.Event, given: Reply) -> Reply:
    """A reply that comes when the gate opens."""
    await gate.wait()
    return given
