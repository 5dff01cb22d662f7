"""What came of one request, heard on its way: for the preview, and for who asks with a token.

Owns what is kept of it. The visitor stays who they are; whoever stands in for them inherits from this.
"""

from __future__ import annotations

from proxy.document import is_html
from proxy.page.compile import Cut
from proxy.request import Request
from proxy.routing import PageRoute, Redirect, Route
from proxy.showings import Showing, showings
from proxy.stand_in import StandIn
from proxy.wire import Headers
from rules.decision import Decision
from rules.model import RuleBook


class Hearing(StandIn):
    """Hears of one request, and of no other."""

    def __init__(self) -> None:
        self.decision: Decision | None = None
        self.route: Route | None = None
        self.shown: tuple[str, ...] = ()
        self.left_out: dict[str, str] = {}
        self.untouched = ""

    def hear_decision(self, request: Request, decision: Decision) -> None:
        # What is decided later is of pages that a redirect could lead to.
        self.decision = self.decision or decision

    def hear_route(self, route: Route) -> None:
        self.route = route
        self.shown = ()

    def hear_cut(self, cut: Cut) -> None:
        self.shown = cut.shown
        self.left_out.update((each.experience, f"{each.selector}: {each.why}") for each in cut.left_out)

    def hear_left_out(self, experience: str, why: str) -> None:
        self.left_out[experience] = why

    def hear_untouched(self, why: str) -> None:
        self.untouched = why

    def showings(self, book: RuleBook, *, untouched: str) -> tuple[Showing, ...]:
        """What came of each experience; `untouched` says why the page stayed as it is, where nothing else was heard."""
        if self.decision is None:
            return ()
        drafts = frozenset(experience.id for experience in book.experiences if experience.draft)
        led, leads = _led_by(self.route)
        others = f"`{led}` leads to another page" if leads else self.untouched or untouched
        return showings(self.decision, {*self.shown, led} - {""}, self.left_out, otherwise=others, drafts=drafts)


def why_untouched(status: int, headers: Headers) -> str:
    """Why a page may have stayed as it is, as far as its response tells."""
    if status != 200:
        return f"the page is not changed: the origin answers with {status}"
    if not is_html(headers):
        return "the page is not changed: it is no HTML"
    return "the page is not changed: it is too large, too slow, or may not or can't be read"


def _led_by(route: Route | None) -> tuple[str, bool]:
    """The experience that led to another page, if one did, and whether that is another URL."""
    match route:
        case Redirect(experience=experience):
            return experience, True
        case PageRoute(serves=experience):
            return experience, False
    return "", False
