"""Cuts that are kept, and which of them the second engine has to see.

Keyed by the page's own bytes, so a kept cut is never of another page. Kept is only what was verified. Of a page whose
bytes are new each time, the first cut at its URL is verified and then one in sixteen; a page that comes twice with the
same bytes is verified, and kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from cachetools import LRUCache

from proxy.page.charset import UnreadableCharsetError
from proxy.page.compile import DISAGREED, BombError, Cut, LeftOut, Page, compile_cut
from proxy.page.encode import Encoder, encode_for
from rules.decision import Decision

logger = logging.getLogger(__name__)

_SAMPLE = 16
_MAX_URLS = 10_000
_MAX_TOLD = 1_000
_MAX_URL = 512  # characters of a URL that tell it from others
# Above this a page is compiled in a thread: at 10 ns a byte, 256 KB hold the event loop for some milliseconds.
LARGE_BYTES = 256 * 1024

_Key = tuple[bytes, str | None, bytes]


class UntouchableError(Exception):
    """A page that can't be personalized, whatever the decision; the message says why."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A cut to be served; its encoder remembers what it made where the cut is kept."""

    cut: Cut
    encoder: Encoder | None

    def body(self, decision: Decision, accepted: tuple[str, ...]) -> tuple[bytes, str]:
        """The body for one visitor in the first coding that pays, and the coding's name."""
        filled = self.cut.fill(decision)
        if self.encoder is not None:
            return self.encoder.encode(filled, accepted)
        return encode_for(b"".join(filled), accepted)


@dataclass(slots=True)
class _History:
    """What is known of one path under one decision: how many new pages it sent, the last one of them, and its trouble.

    Trouble is a variant that was disagreed with, or a refusal, and the query under which it was met: what a stranger's
    query brings into a page must keep nothing off the pages of others.
    """

    pages: int = 0
    last_body: int = 0
    aside: frozenset[str] = frozenset()
    refused: str = ""
    query: int = 0

    def is_troubled_elsewhere(self, query: bytes) -> bool:
        return bool(self.aside or self.refused) and self.query != hash(query)

    def note(self, query: bytes, aside: frozenset[str] = frozenset(), refused: str = "") -> None:
        self.query, self.aside, self.refused = hash(query), aside, refused


class CutMemory:
    """Cuts pages, within `max_bytes` of memory for what is kept. Not for use by several threads."""

    def __init__(self, max_bytes: int) -> None:
        self._kept: LRUCache[_Key, Kept] = LRUCache(max_bytes, getsizeof=_size)
        self._histories: LRUCache[tuple[str, bytes], _History] = LRUCache(_MAX_URLS)
        self._told: LRUCache[tuple[str, str], None] = LRUCache(_MAX_TOLD)
        self.left_out: Counter[str] = Counter()
        """How often each experience was decided for and could not be put on a page that was cut anew."""
        self.set_aside = 0
        """How often a verification disagreed."""

    async def cut(
        self, url: str, body: bytes, charset_label: str | None, decision: Decision, *, query: bytes = b""
    ) -> Kept:
        """The page with the decision's changes. Raises UntouchableError.

        `url`, without its `query`, is told in the log as it is given.
        """
        url = url[:_MAX_URL]
        key = (body, charset_label, decision.fingerprint)
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        history = self._histories.setdefault((url, decision.fingerprint), _History())
        is_due = history.pages % _SAMPLE == 0 or history.last_body == hash(body)
        verify = is_due or history.is_troubled_elsewhere(query)
        history.pages += 1
        history.last_body = hash(body)
        if history.refused and not verify:
            raise UntouchableError(history.refused)
        aside = frozenset[str]() if verify else history.aside
        work = partial(_compile, body, charset_label, decision, aside, verify)
        try:
            cut = await asyncio.to_thread(work) if len(body) > LARGE_BYTES else work()
        except (UnreadableCharsetError, BombError) as error:
            history.note(query, refused=str(error))
            self._tell(url, error)
            raise UntouchableError(history.refused) from error
        self._tell_left_out(url, cut.left_out)
        if not verify:
            return Kept(cut, None)
        aside = self._disagreed(decision, cut.left_out)
        if aside or is_due or not history.is_troubled_elsewhere(query):
            history.note(query, aside)
        return self._keep(key, cut)

    def _keep(self, key: _Key, cut: Cut) -> Kept:
        kept = Kept(cut, Encoder(cut))
        if _size(kept) + len(key[0]) <= self._kept.maxsize:
            self._kept[key] = kept
        return kept

    def _disagreed(self, decision: Decision, left_out: Iterable[LeftOut]) -> frozenset[str]:
        digests = {choice.experience.id: choice.variant.digest for choice in decision.choices}
        disagreed = frozenset(digests[each.experience] for each in left_out if each.why == DISAGREED)
        self.set_aside += len(disagreed)
        return disagreed

    def _tell_left_out(self, url: str, left_out: Iterable[LeftOut]) -> None:
        for each in left_out:
            self.left_out[each.experience] += 1
            told = (each.experience, f"{url} {each.selector} {each.why}")
            if told not in self._told:
                self._told[told] = None
                logger.warning("%s: '%s' is left out: %s: %s", url, each.experience, each.selector, each.why)

    def _tell(self, url: str, error: UnreadableCharsetError | BombError) -> None:
        # A charset is told of once, a bomb at each of its URLs.
        told = ("charset", error.name) if isinstance(error, UnreadableCharsetError) else ("bomb", url)
        if told in self._told:
            return
        self._told[told] = None
        if isinstance(error, UnreadableCharsetError):
            logger.warning("%s: pages in %s pass through untouched", url, error.name)
        else:
            logger.warning("%s: passes through untouched: %s", url, error)


def _compile(body: bytes, charset_label: str | None, decision: Decision, aside: frozenset[str], verify: bool) -> Cut:
    return compile_cut(Page(body, charset_label), decision, aside=aside, verify=verify)


def _size(kept: Kept) -> int:
    # About three times the page: its own bytes in the key, the cut's, and the cut's once more, encoded.
    return 3 * sum(len(piece) for piece in kept.cut.pieces if isinstance(piece, bytes)) + 1024
