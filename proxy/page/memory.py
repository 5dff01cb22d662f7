"""Cuts that are kept, by the page as it came and the decision's fingerprint: a kept cut is never of another page.

Kept is only what was verified; when that is, is `proxy.page.history`'s to say. How much is kept is a ledger's, and
which bodies are made of it `proxy.page.bodies`'. Whoever wants a page waits only so long for it to be cut; the cutting
goes on, for the next one.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from typing import NamedTuple, TypeVar

from cachetools import LRUCache

from proxy.ledger import Ledger
from proxy.page.bodies import PersonalBodies, SharedBodies, render_once
from proxy.page.charset import UnreadableCharsetError
from proxy.page.compile import DISAGREED, BombError, Compiled, Cut, LeftOut, Page, compiled, uncut
from proxy.page.compressor import Compressor
from proxy.page.encode import Rendered
from proxy.page.history import History
from proxy.page.notices import Notices
from proxy.page.places import Places
from proxy.page.recut import Precedent, is_followed
from proxy.page.source import Source
from proxy.page.tags import static_digest
from proxy.page.threads import Threads
from rules.decision import Decision

logger = logging.getLogger(__name__)

# Above this a page is compiled in a thread: at 10 ns a byte, 256 KB hold the event loop for some milliseconds.
LARGE_BYTES = 256 * 1024

_MAX_URLS = 10_000
_MAX_URL = 512  # characters of a URL that tell it from others
_USUAL_RATIO = 8  # of a page to what it was compressed to
_MANY_VARIANTS = 100
# Measured on CPython 3.11: a cut with the objects of its bodies and its places in the indexes; one piece of it, or one
# experience that was left out.
_KEPT_BYTES = 1792
_PIECE_BYTES = 160

_T = TypeVar("_T")


class UntouchableError(Exception):
    """A page that can't be personalized, whatever the decision; the message says why."""


class LateError(Exception):
    """A page that is still being cut."""


@dataclass(slots=True, eq=False)
class Kept:
    """A cut to be served; where it is kept, so are its bodies.

    `is_changed` is whether the page differs from the origin's at all: if not, its bytes are not kept. `size` is what
    the ledger was told. It was made without the `paused` experiences.
    """

    cut: Cut
    is_changed: bool
    bodies: SharedBodies | PersonalBodies | None = None
    size: int = 0
    paused: frozenset[str] = frozenset()

    def render(self, decision: Decision | None, accepted: tuple[str, ...]) -> Rendered:
        """The body for one visitor, in a coding that their browser accepts, of which it likes the first best.

        Where no visitor's value is in it, it is the same object for all of them. ValueError where nothing is changed.
        """
        if not self.is_changed:
            raise ValueError("nothing is changed on this page: the origin's own goes out")
        if self.bodies is None:
            return render_once(self.cut, decision, accepted)
        return self.bodies.render(decision, accepted)


@dataclass(frozen=True, slots=True)
class _Order:
    """A page to be cut: for which decision, and where it is."""

    url: str
    query: bytes
    source: Source
    decision: Decision | None
    fingerprint: bytes


class _Read(NamedTuple):
    """A page as its origin wrote it, and with its addresses mapped."""

    decoded: bytes
    page: bytes


@dataclass(frozen=True, slots=True, eq=False)
class _Variants:
    """The cuts that are kept of one page, by fingerprint."""

    source: Source
    kept: dict[bytes, Kept] = field(default_factory=dict)


class CutMemory:
    """Cuts pages, and keeps cuts within the bound of a ledger. Not for use by several threads; to be closed.

    A page of more than `page_bytes` bytes, once it is decoded, is not read. Nobody waits longer than `cut_seconds` for
    one that is large, and so cut in one of the `threads`.
    With `pause_drifting` an experience is left out of new cuts while its selectors are no longer found; `now` is in
    seconds since the epoch.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        page_bytes: int = 4 << 20,
        cut_seconds: float = 2.0,
        threads: Threads | None = None,
        now: Callable[[], float] = lambda: 0.0,
        pause_drifting: bool = False,
    ) -> None:
        self._ledger = ledger
        self._page_bytes = page_bytes
        self._cut_seconds = cut_seconds
        self._threads = threads or Threads()
        self._compressor = Compressor()
        self._notices = Notices()
        self.places = Places(now, self._notices, pauses=pause_drifting)
        self._pages: dict[Source, _Variants] = {}
        self._under_way: dict[tuple[Source, bytes], asyncio.Task[Kept]] = {}
        self._histories: LRUCache[tuple[str, bytes], History] = LRUCache(_MAX_URLS)
        self.left_out: Counter[str] = Counter()
        """How often each experience was decided for and could not be put on a page that was cut anew."""
        self.shown: Counter[str] = Counter()
        """On how many responses each experience was shown, by whoever sent them."""
        self.set_aside = 0
        """How often a verification disagreed."""
        self.hits = 0
        self.made = 0
        """How often a page was cut, to be kept or not."""
        self.variants = 0
        """How many cuts are kept, of all pages together."""
        self.bytes = 0
        """What these take, beside the bodies that they were made of."""
        self.evictions = 0

    def finish(self) -> None:
        """Wait for the bodies that were asked for twice: for who measures, or compares, what is made of a page."""
        self._compressor.finish()

    def close(self) -> None:
        """Cut and compress nothing any more; waits for the one body that is being compressed."""
        for task in self._under_way.values():
            task.cancel()
        self._compressor.close()

    def resume(self) -> None:
        """Another rulebook holds: nothing is paused any more for what drifted under the last one."""
        if self.places.resume():
            self._drop_paused()

    def note_shown(self, experiences: Iterable[str]) -> None:
        """Count a response on which these are shown."""
        for experience in experiences:
            self.shown[experience] += 1

    def find(self, source: Source, fingerprint: bytes) -> Kept | None:
        """The page under a decision with this fingerprint, if it is kept; an empty one stands for no decision."""
        variants = self._pages.get(source)
        kept = None if variants is None else variants.kept.get(fingerprint)
        if kept is None:
            return None
        self._ledger.touch(kept)
        self.hits += 1
        return kept

    async def cut(self, url: str, source: Source, decision: Decision | None, *, query: bytes = b"") -> Kept:
        """The page with the decision's changes; without a decision, with no change but to its addresses.

        `url`, without its `query`, is told in the log as it is given. Raises UntouchableError and UndecodableError;
        LateError and CrowdedError where the page can't be had in time.
        """
        fingerprint = b"" if decision is None else decision.fingerprint
        kept = self.find(source, fingerprint)
        if kept is not None:
            return kept
        order = _Order(url[:_MAX_URL], query, source, decision, fingerprint)
        if source.is_plain and len(source.body) <= LARGE_BYTES:
            # No thread will have to be waited for, nor by others for this.
            return await self._make(order)
        place, deadline = (source, fingerprint), asyncio.get_running_loop().time() + self._cut_seconds
        while (under_way := self._under_way.get(place)) is not None:
            # It is being cut in a thread. If nothing comes of that, those who wait try one after another.
            await _until(under_way, deadline)
            kept = self.find(source, fingerprint)
            if kept is not None:
                return kept
        task = asyncio.create_task(self._make(order))
        self._under_way[place] = task
        task.add_done_callback(partial(self._land, place))
        await _until(task, deadline)
        return task.result()

    def _land(self, place: tuple[Source, bytes], task: asyncio.Task[Kept]) -> None:
        del self._under_way[place]
        if not task.cancelled() and (error := task.exception()) is not None:
            # Who waited hears of it, and all others were told that it is late.
            logger.debug("a page could not be cut: %s", error)

    async def _make(self, order: _Order) -> Kept:
        source = order.source
        history = self._histories.setdefault((order.url, order.fingerprint), History())
        read, recut = None, None
        if (precedent := history.precedent) is not None and not self.places.pauses(order.decision):
            read = await self._read(source)
            recut = await self._beside(len(read.page), partial(precedent.recut, read.page, source.charset_label))
            self._ledger.touch(precedent)
        is_due = history.is_due(hash(source), is_alike=recut is not None)
        verify = is_due or history.is_troubled_elsewhere(order.query)
        if history.refused and not verify:
            raise UntouchableError(history.refused)
        self.made += 1
        decoded, page = read or await self._read(source)
        paused = frozenset[str]()
        if order.decision is None:
            cut = uncut(page)
        elif recut is not None and not verify and not history.aside:
            cut = recut
            self._note_left_out(order.url, cut)
        else:
            paused = self.places.paused(order.decision)
            aside = _digests(order.decision, paused) | (frozenset() if verify else history.aside)
            made = await self._compiled(order, page, order.decision, aside, history, verify=verify)
            cut = made.cut
            if verify:
                is_new = recut is None and not aside
                self._note_verified(order, order.decision, page, made, history, is_due=is_due, is_new=is_new)
        is_changed = page is not decoded or bool(cut.shown)
        kept = Kept(cut if is_changed else replace(cut, pieces=()), is_changed, paused=paused)
        if verify:
            self._keep(order, kept, await self._beside(len(page), partial(static_digest, kept.cut.pieces)))
        return kept

    async def _read(self, source: Source) -> _Read:
        ratio = 1 if source.coding == "identity" else _USUAL_RATIO
        decoded = await self._beside(len(source.body) * ratio, partial(source.decoded, self._page_bytes))
        return _Read(decoded, await self._beside(len(decoded), partial(source.mapped, decoded)))

    async def _compiled(
        self, order: _Order, page: bytes, decision: Decision, aside: frozenset[str], history: History, *, verify: bool
    ) -> Compiled:
        try:
            made = await self._beside(
                len(page), partial(_compile, page, order.source.charset_label, decision, aside, verify)
            )
        except (UnreadableCharsetError, BombError) as error:
            history.note_refused(order.query, str(error))
            self._follow(history, None)
            self._notices.refused(order.url, error)
            raise UntouchableError(history.refused) from error
        self._note_left_out(order.url, made.cut)
        return made

    def _note_left_out(self, url: str, cut: Cut) -> None:
        for each in cut.left_out:
            self.left_out[each.experience] += 1
            self._notices.left_out(url, each)

    def _note_verified(
        self,
        order: _Order,
        decision: Decision,
        page: bytes,
        made: Compiled,
        history: History,
        *,
        is_due: bool,
        is_new: bool,
    ) -> None:
        """Hear what the second engine said of a page; one that `is_new` may be a precedent."""
        disagreed = self._disagreed(decision, made.cut.left_out)
        history.note_verified(order.query, disagreed, is_due=is_due)
        if disagreed:
            self._follow(history, None)
        elif is_new and history.wants_precedent() and is_followed(decision):
            self._follow(history, Precedent(page, order.source.charset_label, made))
        if self.places.note(order.url, order.query, decision, made.cut):
            self._drop_paused()

    def _follow(self, history: History, precedent: Precedent | None) -> None:
        """Cut pages of this history by another precedent, if there is room for it, or by none."""
        if history.precedent is not None:
            self._ledger.forget(history.precedent)
        history.precedent = None
        if precedent is not None and self._ledger.enter(
            precedent, precedent.size, partial(_forget, history), body=precedent.body
        ):
            history.precedent = precedent

    async def _beside(self, size: int, work: Callable[[], _T]) -> _T:
        """Work on so many bytes: in a thread, if they are many."""
        return await self._threads.run(work) if size > LARGE_BYTES else work()

    def _disagreed(self, decision: Decision, left_out: Iterable[LeftOut]) -> frozenset[str]:
        digests = {choice.experience.id: choice.variant.digest for choice in decision.choices}
        disagreed = frozenset(digests[each.experience] for each in left_out if each.why == DISAGREED)
        self.set_aside += len(disagreed)
        return disagreed

    def _keep(self, order: _Order, made: Kept, digest: blake2b) -> None:
        """Keep a cut with its bodies, if there is room for it."""
        variants = self._pages.get(order.source) or _Variants(order.source)
        place = (variants, order.fingerprint)
        if made.is_changed:
            bodies = PersonalBodies if made.cut.holes else SharedBodies
            made.bodies = bodies(made.cut, digest, self._compressor, partial(self._resize, *place))
        made.size = _size(variants.source, made)
        # The same body as others have, of this page's cuts and, as a rule, of the page cache.
        if not self._ledger.enter(made, made.size, partial(self._evict, *place), body=variants.source.body):
            made.bodies = None
            return
        # What had to go for it may have been the last of this page's.
        self._pages[variants.source] = variants
        variants.kept[order.fingerprint] = made
        self.variants += 1
        self.bytes += made.size
        if len(variants.kept) == _MANY_VARIANTS:
            self._notices.many_variants(order.url, _MANY_VARIANTS)

    def _drop_paused(self) -> None:
        """Drop the cuts from which an experience was paused, so that it can come back to these pages."""
        for variants in list(self._pages.values()):
            for fingerprint, kept in list(variants.kept.items()):
                if kept.paused:
                    self._ledger.forget(kept)
                    self._evict(variants, fingerprint)

    def _resize(self, variants: _Variants, fingerprint: bytes) -> None:
        kept = variants.kept.get(fingerprint)
        if kept is None:
            return
        before, kept.size = kept.size, _size(variants.source, kept)
        self.bytes += kept.size - before
        self._ledger.resize(kept, kept.size)

    def _evict(self, variants: _Variants, fingerprint: bytes) -> None:
        kept = variants.kept.pop(fingerprint)
        if not variants.kept:
            del self._pages[variants.source]
        if kept.bodies is not None:
            kept.bodies.release()
        self.variants -= 1
        self.bytes -= kept.size
        self.evictions += 1


async def _until(task: asyncio.Task[Kept], deadline: float) -> None:
    """Wait for a cut without ending it."""
    done, _ = await asyncio.wait((task,), timeout=deadline - asyncio.get_running_loop().time())
    if not done:
        raise LateError("it takes too long to cut")


def _forget(history: History) -> None:
    history.precedent = None


def _compile(
    page: bytes, charset_label: str | None, decision: Decision, aside: frozenset[str], verify: bool
) -> Compiled:
    return compiled(Page(page, charset_label), decision, aside=aside, verify=verify)


def _digests(decision: Decision, experiences: frozenset[str]) -> frozenset[str]:
    """Those of the variants by which they were chosen."""
    return frozenset(choice.variant.digest for choice in decision.choices if choice.experience.id in experiences)


def _size(source: Source, kept: Kept) -> int:
    pieces, left_out = kept.cut.pieces, kept.cut.left_out
    own = sum(len(piece) for piece in pieces if isinstance(piece, bytes) and piece is not source.body)
    return _KEPT_BYTES + (len(pieces) + len(left_out)) * _PIECE_BYTES + own + (kept.bodies.size if kept.bodies else 0)
