"""The seam between the way of a request and the tools of a rulebook's author: who stands in for the visitor.

Owns nothing but the questions. Visitors stand for themselves: nothing is changed, and nobody is told.
"""

from __future__ import annotations

from proxy.page.compile import Cut
from proxy.request import Request
from proxy.routing import Route
from proxy.visitor.identity import Visitor
from rules.context import Context
from rules.decision import Decision


class StandIn:
    """Says who the visitor of one request is taken for, and hears what came of it. This one changes nothing.

    What hears of one request can't stand in for the next: such a pipeline is made for each request.
    """

    def identify(self, visitor: Visitor) -> Visitor:
        """Who asks, where that is not the visitor who does."""
        return visitor

    def imagine(self, context: Context, site_timezone: str) -> Context:
        """What is known of them, where that is not what was observed; `site_timezone` is the rulebook's."""
        return context

    def hear_decision(self, request: Request, decision: Decision) -> None:
        """What was decided for a page: the one that was asked for, or one to which a redirect could lead from it."""

    def hear_held(self) -> None:
        """That a page is here, whole, which could be changed."""

    def hear_cut(self, cut: Cut) -> None:
        """What of it is on a page; heard for each page that was tried."""

    def hear_route(self, route: Route) -> None:
        """Which page is tried; of several the last one went out."""

    def hear_left_out(self, experience: str, why: str) -> None:
        """Why an experience did not lead to another page."""

    def hear_untouched(self, why: str) -> None:
        """Why a page could not be changed at all."""
