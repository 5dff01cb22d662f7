"""Looks a rulebook's places up on the pages of a live site, for `tailor check --origin`.

The pages are those that the rules name without a `*`, and those that their own tests visit. Which elements a selector
finds is `proxy.page.locate`'s to say, as it is for a visitor; whether a change can be made there is not tried.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import httpx

from proxy.document import document_of
from proxy.page.charset import UnreadableCharsetError
from proxy.page.compile import BombError, Page
from proxy.page.locate import RefusedError
from rules.errors import Problem, warning
from rules.model import Change, Experience, Rank, RuleBook, Variant
from rules.pages import PagePattern
from rules.visits import Visit

MAX_PAGES = 500
MAX_PAGE_BYTES = 4 << 20
TIMEOUT_SECONDS = 10.0
_AT_ONCE = 8
_MOST_REDIRECTS = 5
_PATH_CHARACTERS = "/:@!$&'()*+,;=-._~"


class OriginDownError(Exception):
    """The origin does not answer; the message says why."""


@dataclass(frozen=True, slots=True, order=True)
class _Asked:
    """A page as it is asked for: its path and query, percent-encoded, and the host, where that is not the origin's."""

    target: str
    host: str = ""

    def __str__(self) -> str:
        return f"{self.host}{self.target}"


@dataclass(frozen=True, slots=True)
class SiteCheck:
    """What was found on a site: the warnings, how many pages were read, and for how many more there was no room."""

    problems: tuple[Problem, ...]
    pages: int
    left_out: int = 0


async def check_site(book: RuleBook, client: httpx.AsyncClient) -> SiteCheck:
    """Fetch the pages that a rulebook names and look for its places; the client has the site as its base URL.

    Raises OriginDownError.
    """
    wanted: defaultdict[_Asked, list[tuple[Experience, Variant]]] = defaultdict(list)
    for experience in book.experiences:
        if experience.enabled:
            for page in dict.fromkeys(_pages_of(experience, book)):
                for variant in experience.variants:
                    asked = _Asked(variant.serve, page.host) if variant.serve else page
                    wanted[asked].append((experience, variant))
    asked_for = [page for page in wanted if any(_has_work(variant) for _, variant in wanted[page])][:MAX_PAGES]
    left_out = sum(1 for page in wanted if any(_has_work(v) for _, v in wanted[page])) - len(asked_for)
    limit = asyncio.Semaphore(_AT_ONCE)
    fetched = await asyncio.gather(*(_fetch(page, client, limit) for page in asked_for))
    problems = dict.fromkeys(
        problem
        for page, found in zip(asked_for, fetched, strict=True)
        for experience, variant in wanted[page]
        for problem in _problems_on(page, found, experience, variant)
    )
    return SiteCheck(tuple(sorted(problems)), len(asked_for), left_out)


def _has_work(variant: Variant) -> bool:
    return bool(variant.changes or variant.serve)


def _pages_of(experience: Experience, book: RuleBook) -> Iterator[_Asked]:
    for pattern in experience.pages:
        written = [pattern.path, pattern.host, *(value for _, value in pattern.query)]
        if not any("*" in word for word in written):
            yield _Asked(_target(pattern.path, pattern.query), pattern.host)
    for visit in (test.visit for test in book.tests):
        if _is_for(experience.pages, visit) and not _is_for(experience.exclude, visit):
            yield _Asked(_target(visit.path, visit.query.items()), visit.host)


def _is_for(patterns: Iterable[PagePattern], visit: Visit) -> bool:
    return any(pattern.matches(visit.host, visit.path, visit.query) for pattern in patterns)


def _target(path: str, query: Iterable[tuple[str, str]]) -> str:
    encoded = quote(path, safe=_PATH_CHARACTERS + "%")
    words = urlencode(list(query))
    return f"{encoded}?{words}" if words else encoded


async def _fetch(asked: _Asked, client: httpx.AsyncClient, limit: asyncio.Semaphore) -> Page | str:
    """The page, or why there is none that rules could change."""
    target = asked.target
    headers = {"host": asked.host} if asked.host else {}
    for _ in range(_MOST_REDIRECTS + 1):
        async with limit:
            try:
                response = await _answer(client, target, headers)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise OriginDownError(str(error) or type(error).__name__) from error
            except httpx.HTTPError as error:
                return f"does not come as it should: {str(error) or type(error).__name__}"
        if not response.is_redirect:
            return _page(response)
        leads_to = response.url.join(response.headers["location"])
        if leads_to.netloc not in (response.url.netloc, asked.host.encode()):
            return f"leads to another site, {leads_to}"
        target = leads_to.raw_path.decode("ascii")
    return f"leads on and on, at last to {target}"


async def _answer(client: httpx.AsyncClient, target: str, headers: dict[str, str]) -> httpx.Response:
    async with client.stream("GET", target, headers=headers) as response:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_PAGE_BYTES:
                break
        # The coding is off, and the length another: what is told of them would not be true of this body.
        plain = [(n, v) for n, v in response.headers.raw if n.lower() not in (b"content-encoding", b"content-length")]
        return httpx.Response(response.status_code, headers=plain, content=bytes(body), request=response.request)


def _page(response: httpx.Response) -> Page | str:
    if response.status_code != 200:
        return f"answers {response.status_code}"
    headers = tuple((name.lower(), value) for name, value in response.headers.raw)
    document = document_of(response.status_code, headers, MAX_PAGE_BYTES)
    if document is None or len(response.content) > MAX_PAGE_BYTES:
        return "is no page that can be changed (not HTML, too large, or no-transform)"
    try:
        return Page(response.content, document.charset_label)
    except BombError as error:
        return f"is never changed: {error}"
    except UnreadableCharsetError as error:
        return f"is never changed: its charset is {error}"


def _problems_on(page: _Asked, found: Page | str, experience: Experience, variant: Variant) -> Iterator[Problem]:
    if isinstance(found, str):
        hint = "is the path of `serve` right?" if variant.serve else "is the path under `pages` right?"
        yield warning(experience.position, f"`{experience.id}` is for {page}, which {found}", hint)
        return
    for change in variant.changes:
        yield from _problems_of(page, found, change)


def _problems_of(asked: _Asked, page: Page, change: Change) -> Iterator[Problem]:
    try:
        places = page.located.find(page.charset.as_latin1(change.select))
    except RefusedError as error:
        yield warning(
            change.position, f"`{change.select}` can't be changed on {asked}: {error}", "name a place beside it"
        )
        return
    if not places and not change.optional:
        hint = "look the page's source up; a change that may fail can say `optional: true`"
        yield warning(change.position, f"`{change.select}` finds nothing on {asked}", hint)
    if len(places) > 1 and not change.all:
        hint = "narrow it down, or say `all: true`"
        yield warning(change.position, f"`{change.select}` finds {len(places)} places on {asked}", hint)
    if isinstance(change.action, Rank):
        items = page.charset.as_latin1(change.action.items)
        for place in places:
            if not page.located.inside(place.element, items):
                written = change.action.items.removeprefix(":scope ")
                message = f"`{written}` finds no items in `{change.select}` on {asked}"
                yield warning(change.position, message, "`items` is a selector within the list, such as > li")
                break
