"""What an operator is told in the log of pages and their cuts, each thing once."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from cachetools import LRUCache

from proxy.page.charset import UnreadableCharsetError
from proxy.page.compile import BombError, LeftOut
from proxy.page.drift import RECENT, Drift, FoundAgain

logger = logging.getLogger(__name__)

_MAX_TOLD = 1_000


class Notices:
    """Tells of pages by their URLs, as they are given; remembers the thousand things that it told last."""

    def __init__(self) -> None:
        self._told: LRUCache[tuple[str, str], None] = LRUCache(_MAX_TOLD)

    def left_out(self, url: str, left_out: LeftOut) -> None:
        """An experience can't be made on a page."""
        experience, selector, why = left_out.experience, left_out.selector, left_out.why
        if self._is_new(experience, f"{url} {selector} {why}"):
            logger.warning("%s: '%s' is left out: %s: %s", url, experience, selector, why)

    def refused(self, url: str, error: UnreadableCharsetError | BombError) -> None:
        """A page can't be touched: a charset is told of once, a bomb at each of its URLs."""
        if isinstance(error, UnreadableCharsetError):
            if self._is_new("charset", error.name):
                logger.warning("%s: pages in %s pass through untouched", url, error.name)
        elif self._is_new("bomb", url):
            logger.warning("%s: passes through untouched: %s", url, error)

    def many_variants(self, url: str, count: int) -> None:
        """A page is kept in that many variants."""
        if self._is_new("variants", url):
            logger.warning(
                "%s: is kept in %d variants, and each takes memory: let fewer experiences meet on this page, or write "
                "what differs as a value ({{ … }}) into one text, which makes no variant",
                url,
                count,
            )

    def drifts(self, drift: Drift, *, is_paused: bool) -> None:
        """A selector is no longer found where it was."""
        logger.warning(
            "%s: '%s' drifts: %s: its selector was found on %d of %d pages, and is on %d of the last %d, since %s; "
            "look whether the site was changed, and mend the selector%s",
            *(drift.url, drift.experience, drift.selector),
            *(drift.found_before, drift.cuts_before, drift.found, RECENT, _moment(drift.since)),
            ". Until then the experience is paused" if is_paused else "",
        )

    def found_again(self, again: FoundAgain) -> None:
        """A selector is found again."""
        logger.info(
            "'%s' drifts no more: %s: its selector, which was missed since %s, is found again",
            *(again.experience, again.selector, _moment(again.since)),
        )

    def _is_new(self, kind: str, what: str) -> bool:
        is_new = (kind, what) not in self._told
        self._told[kind, what] = None
        return is_new


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
