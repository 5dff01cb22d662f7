"""Which page a visitor gets: the one that was asked for, another one of the origin under its URL, or another URL.

Owns what becomes of `redirect:` and `serve:`: that a page on which a winning choice is really shown is kept, that what
is no page is led nowhere, and that nobody is sent in a circle. Fetching and cutting are `proxy.pipeline`'s, URLs
`proxy.redirects`'.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, replace

from cachetools import LRUCache

from proxy.origin.headers import asks_for_page, personal_response_headers
from proxy.redirects import address, followed, location, with_own_parameters
from proxy.request import Request
from proxy.target import path_text
from proxy.visitor.cookies import cookie_values
from proxy.visitor.identity import STAY_NAME
from proxy.wire import Headers
from rules.decide import fingerprint
from rules.decision import Choice, Decision
from rules.plan import Plan

logger = logging.getLogger(__name__)

MAX_HOPS = 10
STAY_SECONDS = 60
_MAX_TOLD = 1_000
_MAX_URL = 512  # characters of a URL that tell it from others

Foresight = Callable[[Request], Awaitable[Decision | None]]
"""What would be decided for this visitor at another URL; None where nothing could lead away from there."""


@dataclass(frozen=True, slots=True)
class PageRoute:
    """A page of the origin, with a decision's changes in it.

    `request` is what the origin is asked for. `needs` are experiences of which one has to be shown on it; without any,
    the page is right as it is. `serves` is the experience that put it in another page's place, if one did.
    """

    request: Request
    decision: Decision | None
    needs: frozenset[str] = frozenset()
    serves: str = ""

    def holds(self, status: int, *, is_page: bool, shown: Collection[str]) -> bool:
        """Whether the visitor gets what came of it; where not, the next route is taken."""
        if self.serves and (status != 200 or not is_page):
            return False
        return not self.needs or not self.needs.isdisjoint(shown)


@dataclass(frozen=True, slots=True)
class Redirect:
    """The visitor is sent to another URL, by an experience."""

    location: bytes
    experience: str
    status = 302

    @property
    def headers(self) -> Headers:
        """All of the response's."""
        return (
            (b"location", self.location),
            (b"cache-control", b"private, no-store"),
            (b"content-length", b"0"),
        )


Route = PageRoute | Redirect


class Router:
    """Settles routes, and remembers what was told of those that lead nowhere. Not for use by several threads."""

    def __init__(self, hear_left_out: Callable[[str, str], None] = lambda experience, why: None) -> None:
        self._hear_left_out = hear_left_out
        self._told: LRUCache[tuple[str, str], None] = LRUCache(_MAX_TOLD)
        self.left_out: Counter[str] = Counter()
        """How often each experience was decided for and led nowhere."""

    async def routes(self, request: Request, decision: Decision | None, foresee: Foresight) -> tuple[Route, ...]:
        """The routes of one visitor, in the order in which they are to be tried; the last one always holds."""
        if decision is None or not any(choice.variant.leads_away for choice in decision.choices):
            return (PageRoute(request, decision),)
        here = PageRoute(request, _decision(decision, _staying(decision.choices)))
        if not wants_page(request.headers):
            return (here,)
        found = await self._away(request, decision, foresee)
        if found is None:
            return (here,)
        number, redirect = found
        winners = frozenset(choice.experience.id for choice in _staying(decision.choices[:number]))
        first = (replace(here, needs=winners),) if winners else ()
        return (*first, redirect) if redirect else (*first, _served(request, decision, number), here)

    async def response_headers(self, request: Request, headers: Headers, foresee: Foresight) -> Headers:
        """The headers of a redirect of the origin's.

        Where it sends a visitor back to a page from which a rule sends them here, with a cookie under which no redirect
        of a rule happens on that page.
        """
        where = next((value for name, value in headers if name == b"location"), None)
        back = followed(request, where, request) if where is not None and request.method in ("GET", "HEAD") else None
        if back is None or address(back) == address(request):
            return headers
        hop: Request | None = back
        for _ in range(MAX_HOPS):
            _, hop = await _onward(hop, request, foresee) if hop else ("", None)
            if hop is not None and address(hop) == address(request):
                return (*personal_response_headers(headers), _stay(back))
        return headers

    def leave_out(self, request: Request, experience: str, why: str) -> None:
        """Count an experience that leads nowhere, and tell of it once for each page."""
        self.left_out[experience] += 1
        self._hear_left_out(experience, why)
        url = f"{request.host}{request.logged_path}"[:_MAX_URL]
        if (experience, url + why) not in self._told:
            self._told[experience, url + why] = None
            logger.warning("%s: '%s' is left out: %s", url, experience, why)

    async def _away(
        self, request: Request, decision: Decision, foresee: Foresight
    ) -> tuple[int, Redirect | None] | None:
        """The first choice that leads away and may: its number, and the redirect that it is, if it is one."""
        for number, choice in enumerate(decision.choices):
            if choice.variant.serve:
                return number, None
            if choice.variant.redirect is None:
                continue
            where = location(choice.renderings[choice.variant.redirect], request.query)
            why = await _why_not(request, choice.experience.id, where, foresee)
            if not why:
                return number, Redirect(with_own_parameters(where, request), choice.experience.id)
            self.leave_out(request, choice.experience.id, why)
        return None


def can_lead_away(plan: Plan) -> bool:
    """Whether some visitor could get another page than the one that is asked for."""
    return any(variant.leads_away for experience in plan.experiences for variant in experience.variants)


def wants_page(headers: Headers) -> bool:
    """Whether a browser asks for something to show as a page: no picture, script or style may be led away.

    Without Fetch Metadata (on plain HTTP browsers send none) `Accept` tells all but scripts.
    """
    accepted = b",".join(value for name, value in headers if name == b"accept").lower()
    return asks_for_page(headers) and (b"text/html" in accepted or accepted.strip() in (b"", b"*/*"))


async def _why_not(request: Request, experience: str, where: bytes, foresee: Foresight) -> str:
    """What keeps a redirect from being done; nothing where it may be."""
    if cookie_values([value for name, value in request.headers if name == b"cookie"], STAY_NAME):
        return "the origin redirects from there back to this page"
    hop = followed(request, where, request)
    if hop is not None and address(hop) == address(request):
        return "it redirects to the very page that it is on (say `except:`)"
    seen, ids = {address(request)}, [experience]
    while hop is not None:
        if address(hop) in seen:
            return f"its redirects lead in a circle ({' → '.join(dict.fromkeys(ids))})"
        if len(ids) > MAX_HOPS:
            return f"more than {MAX_HOPS} redirects follow one another ({' → '.join(dict.fromkeys(ids))})"
        seen.add(address(hop))
        experience, hop = await _onward(hop, request, foresee)
        ids.append(experience)
    return ""


async def _onward(at: Request, home: Request, foresee: Foresight) -> tuple[str, Request | None]:
    """The redirect that a visitor would meet at another URL, if any: its experience, and where it leads.

    Whether a choice that wins over it is shown there is not known, so it counts as not shown.
    """
    decision = await foresee(at)
    for choice in decision.choices if decision else ():
        if choice.variant.serve:
            break
        if choice.variant.redirect is None:
            continue
        hop = followed(at, location(choice.renderings[choice.variant.redirect], at.query), home)
        if hop is None or address(hop) != address(at):
            return choice.experience.id, hop
    return "", None


def _served(request: Request, decision: Decision, number: int) -> PageRoute:
    """The page that a choice serves, with its own changes and those of lower priority in it."""
    choice = decision.choices[number]
    raw_path, _, query = choice.variant.serve.encode("ascii").partition(b"?")
    asked = replace(request, path=path_text(raw_path), raw_path=raw_path, query=query or request.query)
    changes = bool(choice.variant.changes)
    choices = (*([choice] if changes else []), *_staying(decision.choices[number:]))
    needs = frozenset({choice.experience.id} if changes else ())
    return PageRoute(asked, _decision(decision, choices), needs, choice.experience.id)


def _staying(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    return tuple(choice for choice in choices if not choice.variant.leads_away)


def _decision(whole: Decision, choices: tuple[Choice, ...]) -> Decision | None:
    return Decision(choices, whole.why, fingerprint(choices)) if choices else None


def _stay(page: Request) -> tuple[bytes, bytes]:
    # In an attribute of a cookie a semicolon can't be said.
    path = b"/" if b";" in page.raw_path else page.raw_path
    secure = b"; Secure" if page.scheme == "https" else b""
    attributes = b"; Path=%b; Max-Age=%d; HttpOnly; SameSite=Lax" % (path, STAY_SECONDS)
    return b"set-cookie", STAY_NAME + b"=1" + attributes + secure
