"""What is remembered of a request once it is answered, and what was remembered when the next one is decided.

Owns what counts as a page view, and that a visitor without an id, and a program, leave and find nothing. What comes of
a page view is `proxy.profile.observe`'s, where profiles are kept `proxy.profile.store`'s.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from proxy.profile.model import PageView, Source
from proxy.profile.observe import MAX_TEXT_LENGTH, observe
from proxy.profile.purchase_header import parse_purchase
from proxy.profile.signals import asks_profile, signals
from proxy.profile.store import ProfileStore, UnavailableError
from proxy.request import Request
from proxy.visitor.identity import Visitor
from proxy.visitor.observe import BOT_READS, SOURCE_READS, Observer, parse_query
from proxy.visitor.reads import NOTHING, Reads
from rules.context import Value

if TYPE_CHECKING:
    from starlette.types import Message, Send

logger = logging.getLogger(__name__)

SEARCH_PARAMETERS = frozenset({"q", "s", "query", "search", "keyword", "keywords"})
"""A URL with one of these asks the site's own search, as the common CMSs and shops write it."""

_PREFETCH_FIELDS = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
_BEFOREHAND = (b"prefetch", b"preview")  # the latter is what Safari says of the pages in its own top sites


class Witness:
    """Passes a response on to the browser, and keeps what has to be known of it when it is over."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._is_page = False

    def note_page(self) -> None:
        """A 304 shows a page that the browser has, and doesn't say so."""
        self._is_page = True

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start" and message["status"] == 200:
            kinds = [value for name, value in message["headers"] if name == b"content-type"]
            self._is_page |= b"text/html" in [kind[:9].lower() for kind in kinds]
        return self._send(message)

    def saw_page_view(self, request: Request) -> bool:
        """Whether the visitor was shown a page."""
        return self._is_page and is_page_view(request)


def is_page_view(request: Request) -> bool:
    """Whether a page that answers the request is shown: not a part of one, and not one that was fetched beforehand."""
    if request.method != "GET" or request.header(b"sec-fetch-dest") not in (None, b"document"):
        return False
    purposes = b",".join(value for name, value in request.headers if name in _PREFETCH_FIELDS).lower()
    return not any(word in purposes for word in _BEFOREHAND)


class Memory:
    """Profiles, as the way of a request needs them; without a `store` nothing is remembered."""

    def __init__(self, observer: Observer, now: Callable[[], datetime], store: ProfileStore | None = None) -> None:
        self._observer = observer
        self._now = now
        self._store = store
        self._unread_purchases = 0

    @property
    def is_kept(self) -> bool:
        """Whether anything is remembered at all."""
        return self._store is not None

    def reads(self, needed: Collection[str]) -> Reads:
        """What of a request `recall` looks at where these signals are needed: what the page now says is part of it."""
        return SOURCE_READS | BOT_READS if self._store is not None and asks_profile(needed) else NOTHING

    def recall(self, request: Request, visitor: Visitor, needed: Collection[str]) -> Mapping[str, Value]:
        """The signals of the visitor's profile with this page in it, if any of those that are needed is one of them."""
        if self._store is None or visitor.id is None or not asks_profile(needed) or self._observer.is_bot(request):
            return {}
        try:
            profile = self._store.read(visitor.id)
        except UnavailableError:
            # Who may well be known must not be taken for new.
            return {}
        now = self._now()
        return signals(observe(profile, self._view(request), now), now, needed)

    def remember(self, request: Request, visitor: Visitor) -> None:
        """Note that the visitor saw this page, and erase who took the consent back."""
        if self._store is None:
            return
        for visitor_id in visitor.withdrawn:
            self._store.erase(visitor_id)
        if visitor.id is not None and not self._observer.is_bot(request):
            self._store.remember(visitor.id, self._view(request), self._now())

    def note_purchase(self, request: Request, visitor: Visitor, said: bytes) -> None:
        """Note what the origin says that the visitor has bought. What can't be read is counted, and told once."""
        if self._store is None or visitor.id is None or self._observer.is_bot(request):
            return
        if visitor.is_new:
            # No browser may ever bear that id, and then nobody could see or erase what is under it.
            return
        try:
            purchase = parse_purchase(said)
        except ValueError as error:
            self._unread_purchases += 1
            if self._unread_purchases == 1:
                logger.warning("A Tailor-Purchase of the origin's can't be read: %s. Others are only counted", error)
            return
        self._store.remember(visitor.id, purchase, self._now())

    def counts(self) -> Mapping[str, int]:
        """How the store fares, for the operator."""
        return {**self._store.counts(), "unread_purchases": self._unread_purchases} if self._store is not None else {}

    def _view(self, request: Request) -> PageView:
        told = self._observer.source(request)
        source = Source(told.medium.value, told.name, told.campaign, told.term, told.content, told.referrer)
        query = parse_query(request.query) if request.query else {}
        # Anyone may ask for paths of 8 KB, and while the disk is full thousands of them wait.
        path = request.path[:MAX_TEXT_LENGTH]
        return PageView(path, source, is_search=not SEARCH_PARAMETERS.isdisjoint(query))
