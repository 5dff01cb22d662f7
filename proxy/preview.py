"""The proxy for a rulebook's author, in which they are anybody: `?tailor.as=geo.country:SE`.

Owns where a persona is written (a parameter, then a cookie) and that each response tells what was shown and why. How a
persona reads is `rules.personas`', the header `proxy.showings`'. It is never before visitors: `proxy.serve` knows
nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, unquote, unquote_plus

from http_sf.types import ParamsType

from proxy.hearing import Hearing, why_untouched
from proxy.origin.headers import unkept_response_headers
from proxy.pipeline import Pipeline
from proxy.relay import send_text
from proxy.request import Request
from proxy.settings.values import is_loopback
from proxy.showings import Showing, header, problems_header, text
from proxy.stand_in import StandIn
from proxy.visitor.consent import EVERY_TIER, Answer, Consent, is_permitted
from proxy.visitor.cookies import cookie_values, without_cookies
from proxy.visitor.identity import Visitor
from proxy.wire import Headers
from rules.context import Context
from rules.errors import MistakeError
from rules.model import RuleBook
from rules.personas import Persona, read_persona
from rules.signals import Tier

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Send

PARAMETER = "tailor.as"
COOKIE = b"tailor_as"
MAX_COOKIE_BYTES = 3_500
"""Browsers keep 4,096 bytes of a cookie, its name and attributes among them (RFC 6265bis §5.6)."""

MakePipeline = Callable[[RuleBook, StandIn], Pipeline]
"""What makes the pipeline of one request."""


class Rules(Protocol):
    """Where the running rulebook is, as `proxy.reload.RuleKeeper` has it, and what is wrong with a later one."""

    @property
    def book(self) -> RuleBook: ...
    @property
    def problems(self) -> tuple[str, ...]: ...


class Rehearsal(Hearing):
    """A persona stands in for the visitor of one request; what came of it is kept."""

    def __init__(self, persona: Persona) -> None:
        super().__init__()
        self._persona = persona
        self._permits: Callable[[str], bool] = lambda name: True

    def identify(self, visitor: Visitor) -> Visitor:
        # No cookie: who previews a page is no visitor of it.
        match self._persona.consent:
            case True:
                return Visitor(Consent(Answer.YES, EVERY_TIER), self._persona.id or None)
            case False:
                consent = Consent(Answer.NO, visitor.consent.tiers - {Tier.SESSION, Tier.PERSISTENT})
                self._permits = partial(is_permitted, tiers=consent.tiers)
                return Visitor(consent)
            case None:
                return Visitor(visitor.consent, self._persona.id or None)

    def imagine(self, context: Context, site_timezone: str) -> Context:
        return self._persona.context(context, site_timezone, self._permits)


@dataclass(frozen=True, slots=True)
class _Written:
    """A persona as it is written, and whether this request writes it anew."""

    text: str
    is_new: bool

    @property
    def cookie(self) -> Headers:
        """The field that keeps a new one until the browser is closed, or takes the old one away."""
        if not self.is_new:
            return ()
        end = b"" if self.text else b"; Max-Age=0"
        return ((b"set-cookie", b"%b=%b; Path=/; HttpOnly; SameSite=Lax%b" % (COOKIE, _kept(self.text), end)),)


class Preview:
    """Answers requests as a pipeline does, for whoever the author says they are. Drafts count as if they were live."""

    def __init__(self, rules: Rules, make_pipeline: MakePipeline) -> None:
        self._rules = rules
        self._make_pipeline = make_pipeline

    async def respond(self, request: Request, receive: Receive, send: Send) -> None:
        """Answer one request; raises what `Pipeline.respond` raises."""
        if not _is_on_this_machine(request):
            # A foreign page whose name was pointed at 127.0.0.1 must not read drafts.
            await send_text(send, 403, "a preview answers only under a name of this machine, such as localhost")
            return
        book, problems = self._rules.book, self._rules.problems
        rehearsed = book.with_drafts()
        try:
            written = _written(request)
            persona = read_persona(written.text, rehearsed.arms)
        except MistakeError as mistake:
            await send_text(send, 400, _refusal(mistake))
            return
        rehearsal = Rehearsal(persona)
        pipeline = self._make_pipeline(rehearsed, rehearsal)

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: Headers = tuple(message["headers"])
                told = rehearsal.showings(book, untouched=why_untouched(message["status"], headers))
                about = _about(written, told, failures=pipeline.failures)
                ours = [(b"x-tailor", header(told, about))] if told or about else []
                if problems:
                    ours.append((b"x-tailor-problems", problems_header(problems)))
                message = {**message, "headers": (*unkept_response_headers(headers), *ours, *written.cookie)}
            await send(message)

        await pipeline.respond(_imagined(request, persona), receive, tell)


def _is_on_this_machine(request: Request) -> bool:
    named = (request.header(b"host") or b"").decode("latin-1")
    host = named if named.endswith("]") else named.rpartition(":")[0] or named
    return is_loopback(host) or host.lower().rstrip(".").endswith(".localhost")


def _written(request: Request) -> _Written:
    """What the parameter says, else the cookie. Raises MistakeError where it is too long to be kept."""
    for pair in request.query.split(b"&"):
        name, _, value = pair.partition(b"=")
        if _is_ours(name):
            said = unquote_plus(value.decode("latin-1")).strip()
            if len(_kept(said)) > MAX_COOKIE_BYTES:
                raise MistakeError("this is more than a browser keeps in a cookie", hint="say less")
            return _Written(said, is_new=True)
    found = cookie_values((value for name, value in request.headers if name == b"cookie"), COOKIE)
    return _Written(unquote(found[0].decode("latin-1")) if found else "", is_new=False)


def _is_ours(name: bytes) -> bool:
    return unquote_plus(name.decode("latin-1")) == PARAMETER


def _kept(text: str) -> bytes:
    return quote(text, safe="").encode()


def _imagined(request: Request, persona: Persona) -> Request:
    """The request without what is Tailor's own: neither the origin nor a rule sees the parameter and the cookie."""
    kept = [pair for pair in request.query.split(b"&") if not _is_ours(pair.partition(b"=")[0])]
    headers = without_cookies(request.headers, (COOKIE,))
    return replace(request, query=b"&".join(kept), headers=headers, host=persona.host or request.host)


def _refusal(mistake: MistakeError) -> str:
    hint = f"\n  {mistake.hint}" if mistake.hint else ""
    return f"{PARAMETER}: {mistake.message}{hint}\n\nTo be yourself again: ?{PARAMETER}="


def _about(written: _Written, told: tuple[Showing, ...], *, failures: Collection[str]) -> ParamsType:
    """What is said of the response as a whole."""
    about: ParamsType = {"as": text(written.text)} if written.text else {}
    if failures:
        about["why"] = text(f"a fault of Tailor's own, told in the log: {', '.join(failures)} failed")
    elif not told:
        about["why"] = "no experience is for this page"
    return about
