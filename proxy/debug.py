"""How one response came about, for who asks with a signed token: `Server-Timing` and `X-Tailor`.

Owns that nobody else is told, and that such a response is kept by no cache. A token that is wrong, or over, is as none.
What was decided is heard by `proxy.hearing` and written by `proxy.showings`; the token is `proxy.debug_tokens`'.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from http_sf.types import ParamsType

from proxy.app import Responder
from proxy.debug_tokens import DebugTokens
from proxy.hearing import Hearing, why_untouched
from proxy.monitoring import request_ids
from proxy.origin.headers import DEBUG_FIELD, unkept_response_headers
from proxy.page.compile import Cut
from proxy.pipeline import Pipeline
from proxy.request import Request
from proxy.routing import Route
from proxy.showings import header, text
from proxy.stand_in import StandIn
from proxy.visitor.identity import Visitor
from proxy.wire import Headers
from rules.context import Context
from rules.decision import Decision
from rules.model import RuleBook

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Send

MakePipeline = Callable[[RuleBook, StandIn], Pipeline]
"""What makes the pipeline of one request."""


class Rules(Protocol):
    """Where the running rulebook is."""

    @property
    def book(self) -> RuleBook: ...


class TimedHearing(Hearing):
    """Hears of one request, and when. What is heard marks the end of a step: its time is what passed since the last."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._began = self._last = clock()
        self._steps: dict[str, float] = {}

    def identify(self, visitor: Visitor) -> Visitor:
        self._mark("identify")
        return visitor

    def imagine(self, context: Context, site_timezone: str) -> Context:
        self._mark("observe")
        return context

    def hear_decision(self, request: Request, decision: Decision) -> None:
        super().hear_decision(request, decision)
        self._mark("decide")

    def hear_route(self, route: Route) -> None:
        super().hear_route(route)
        self._mark("route")

    def hear_held(self) -> None:
        self._mark("fetch")

    def hear_cut(self, cut: Cut) -> None:
        super().hear_cut(cut)
        self._mark("cut")

    def timing(self) -> bytes:
        """The value of `Server-Timing` (https://www.w3.org/TR/server-timing/), in milliseconds, until now."""
        self._mark("respond" if "fetch" in self._steps else "fetch")
        steps = {**self._steps, "total": self._last - self._began}
        return ", ".join(f"{name};dur={seconds * 1000:.3f}" for name, seconds in steps.items()).encode("ascii")

    def _mark(self, step: str) -> None:
        now = self._clock()
        self._steps[step] = self._steps.get(step, 0.0) + now - self._last
        self._last = now


class Debug:
    """Answers as the pipeline does, and tells more to who bears a good token.

    `make_pipeline` makes one like it, that hears of a single request.
    """

    def __init__(
        self,
        pipeline: Responder,
        rules: Rules,
        make_pipeline: MakePipeline,
        tokens: DebugTokens,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._pipeline = pipeline
        self._rules = rules
        self._make_pipeline = make_pipeline
        self._tokens = tokens
        self._clock = clock

    def respond(self, request: Request, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer one request; raises what `Pipeline.respond` raises."""
        tokens = [value for name, value in request.headers if name == DEBUG_FIELD]
        if len(tokens) == 1 and self._tokens.is_good(tokens[0]):
            return self._tell(request, receive, send)
        return self._pipeline.respond(request, receive, send)

    async def _tell(self, request: Request, receive: Receive, send: Send) -> None:
        book, hearing = self._rules.book, TimedHearing(self._clock)
        pipeline = self._make_pipeline(book, hearing)

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers: Headers = tuple(message["headers"])
                timing = hearing.timing()
                about: ParamsType = {"id": text(request_ids.current.get())}
                if pipeline.failures:
                    about["why"] = text(f"failed: {', '.join(pipeline.failures)}")
                elif hearing.decision is None:
                    about["why"] = "no experience is for this page"
                told = header(hearing.showings(book, untouched=why_untouched(message["status"], headers)), about)
                ours = ((b"x-tailor", told), (b"server-timing", timing))
                message = {**message, "headers": (*unkept_response_headers(headers), *ours)}
            await send(message)

        await pipeline.respond(request, receive, tell)
