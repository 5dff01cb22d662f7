"""What a decision comes to on the pages of a live site: for `tailor test --origin`.

Fetches each page once, without a visitor's cookies, and cuts it by the same code that serves. Owns neither what a test
wants (`rules.run_tests`) nor how its results are told (`proxy.reports`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import httpx
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from proxy.document import document_of
from proxy.page.charset import UnreadableCharsetError, charset_of
from proxy.page.compile import BombError, Cut, Page, compile_cut
from proxy.page.locate import decoded_as_browsers_do
from rules.decision import Decision
from rules.model import RuleTest
from rules.run_tests import Seen
from rules.visits import Visit

MAX_PAGE_BYTES = 4 << 20


class UnreachableError(Exception):
    """The origin takes no connection: no page of it can be looked at."""


class NoPageError(Exception):
    """An answer of the origin's that holds no page which could be changed; the message says why."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    """An origin's page: its bytes without a content coding, and the charset that its header names."""

    body: bytes
    charset_label: str | None


class OriginPages:
    """Looks decisions up on an origin's pages. `client` has the origin as its base URL."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._fetched: dict[tuple[str, str], _Fetched | NoPageError] = {}

    def look(self, test: RuleTest, decision: Decision) -> Seen:
        """The page of a test with its decision's changes. Raises UnreachableError."""
        target = _target(test.visit)
        away = next((choice.experience.id for choice in decision.choices if choice.variant.leads_away), None)
        if away is not None:
            # What stands on the other page is another test's question; who is for it, the decision tells.
            return Seen(trouble=f"{away} leads to another page: name no places here" if test.places else "")
        try:
            fetched = self._page(test.visit.host, target)
            page = Page(fetched.body, fetched.charset_label)
            cut = compile_cut(page, decision, aside=frozenset(), verify=True)
        except (NoPageError, BombError) as error:
            return Seen(trouble=f"{target}: {error}")
        except UnreadableCharsetError as error:
            return Seen(trouble=f"{target}: pages in {error} are never changed")
        left_out = {each.experience: f"{each.selector}: {each.why}" for each in cut.left_out}
        return Seen(left_out, _texts(cut, decision, fetched, (select for select, _ in test.places)))

    def _page(self, host: str, target: str) -> _Fetched:
        key = host, target
        if key not in self._fetched:
            try:
                self._fetched[key] = self._fetch(host, target)
            except NoPageError as error:
                self._fetched[key] = error
        found = self._fetched[key]
        if isinstance(found, NoPageError):
            raise found
        return found

    def _fetch(self, host: str, target: str) -> _Fetched:
        try:
            response = self._client.get(target, headers={"host": host} if host else {})
        except httpx.ConnectError as error:
            raise UnreachableError(str(error)) from error
        except httpx.HTTPError as error:
            raise NoPageError(
                f"the origin did not answer as it should: {str(error) or type(error).__name__}"
            ) from error
        if response.status_code != 200:
            leads = f", to {response.headers['location']}" if "location" in response.headers else ""
            raise NoPageError(f"the origin answers with {response.status_code}{leads}, and Tailor changes no such page")
        # The client has taken the content coding off.
        headers = tuple((n.lower(), v) for n, v in response.headers.raw if n.lower() != b"content-encoding")
        document = document_of(response.status_code, headers, MAX_PAGE_BYTES)
        if document is None or len(response.content) > MAX_PAGE_BYTES:
            raise NoPageError("the origin sends what Tailor passes on untouched (not HTML, too large, or no-transform)")
        return _Fetched(response.content, document.charset_label)


def _target(visit: Visit) -> str:
    path = quote(visit.path, safe="/:@!$&'()*+,;=~")
    return f"{path}?{urlencode(visit.query)}" if visit.query else path


def _texts(cut: Cut, decision: Decision, fetched: _Fetched, selectors: Iterable[str]) -> dict[str, tuple[str, ...]]:
    charset = charset_of(fetched.body, fetched.charset_label)
    name = "UTF-8" if charset.name == "undeclared" else charset.name
    tree = LexborHTMLParser(decoded_as_browsers_do(b"".join(cut.fill(decision)), name))
    return {select: _texts_at(tree, select) for select in selectors}


def _texts_at(tree: LexborHTMLParser, select: str) -> tuple[str, ...]:
    try:
        return tuple(node.text() for node in tree.css(select))
    except SelectolaxError:
        # The engine that finds places knows a few more selectors than the one that reads them.
        return ()
