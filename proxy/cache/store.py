"""The page cache's memory: whole responses by URL and by what `Vary` names.

Owns what is found for a request, and what a purge drops. How much is kept is a ledger's to say, what may be kept
`proxy.cache.storability`'s, what answers a request `proxy.cache.reuse`'s. Not for use by several threads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from math import floor
from typing import Self

from proxy.cache.directives import ResponseDirectives
from proxy.cache.freshness import Freshness, freshness_of, generated_at
from proxy.cache.messages import Response, lines
from proxy.cache.storability import shares_authorized
from proxy.cache.vary import EVERY_REQUEST, Candidate, Selector, choose, normalized
from proxy.ledger import Ledger
from proxy.wire import Headers

# Measured on CPython 3.11: two byte strings and a tuple for each field; a response with its places in the indexes,
# all but the ledger's.
_FIELD_BYTES = 136
_RESPONSE_BYTES = 1024
_TAG_BYTES = 400
_MAX_TAGS = 256
_MAX_TOLD_PURGES = 10_000


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Stored:
    """A response and its whole body, in its content coding as it came.

    `is_for_authorized` is whether it may answer requests with `Authorization` (RFC 9111 §3.5).
    """

    response: Response
    body: bytes
    candidate: Candidate
    freshness: Freshness
    is_for_authorized: bool
    tags: frozenset[bytes]

    @classmethod
    def of(cls, response: Response, body: bytes, selector: Selector, *, assigned: int | None = None) -> Self:
        """A response that `why_not_stored` has nothing against, under the same `assigned` seconds."""
        return cls(
            response,
            body,
            Candidate(selector, generated_at(response), response.received_at),
            freshness_of(response, assigned=assigned),
            shares_authorized(ResponseDirectives.of(response.headers)),
            tags_of(response.headers),
        )

    @property
    def selector(self) -> Selector:
        """Which requests it is for."""
        return self.candidate.selector

    @property
    def size(self) -> int:
        """The bytes of memory that it takes, about, with its entries in the store's indexes."""
        fields = sum(len(name) + len(value) + _FIELD_BYTES for name, value in self.response.headers)
        tags = sum(len(tag) + _TAG_BYTES for tag in self.tags)
        selector = sum(len(name) + _FIELD_BYTES for name in self.selector.names)
        selector += sum(len(value or b"") for value in self.selector.values)
        return len(self.body) + fields + tags + selector + _RESPONSE_BYTES

    def stale_from(self, now: float) -> Self:
        """The same, stale from now on: a soft purge."""
        lifetime = min(self.freshness.lifetime, floor(self.freshness.age(now)))
        return replace(self, freshness=replace(self.freshness, lifetime=lifetime))


@dataclass(slots=True)
class Counts:
    """What requests got, and what became of responses, since this process began.

    `hits` were answered from the store, `stale` of them and of the errors by a stale response; `collapsed` by the
    answer to another request, `misses` by the origin, and `validations` by its word on what is stored.
    """

    hits: int = 0
    stale: int = 0
    collapsed: int = 0
    misses: int = 0
    validations: int = 0
    bypasses: int = 0
    stores: int = 0
    evictions: int = 0
    purged: int = 0


class _Slot:
    """The place of one response in the indexes; `used` orders those of a URL."""

    __slots__ = ("key", "stored", "used")

    def __init__(self, key: bytes, stored: Stored) -> None:
        self.key = key
        self.stored = stored
        self.used = 0


_Variants = dict[tuple[bytes, ...], dict[tuple[bytes | None, ...], _Slot]]
"""The responses of a URL, by the fields that `Vary` names, and by what a request has to say in these."""
_NONE: _Variants = {}


class PageStore:
    """Responses within the bound of a ledger, which says what goes first; of one URL no more than `max_variants`.

    `serial` counts purges. Whoever asks the origin keeps it, so that what was asked before a purge is not stored after
    it. `bytes` are those of its own responses.
    """

    def __init__(self, ledger: Ledger, *, max_variants: int = 16) -> None:
        self._ledger = ledger
        self._max_variants = max_variants
        self._variants: dict[bytes, _Variants] = {}
        self._tagged: dict[bytes, set[_Slot]] = {}
        self._purges: OrderedDict[int, int] = OrderedDict()
        self._wide_purge = 0
        self._count = 0
        self._uses = 0
        self.serial = 0
        self.bytes = 0
        self.counts = Counts()

    def __len__(self) -> int:
        return self._count

    def has(self, key: bytes) -> bool:
        """Whether anything is stored of a URL, for whatever headers."""
        return key in self._variants

    def find(
        self,
        key: bytes,
        request_headers: Headers,
        *,
        is_authorized: bool = False,
        within: frozenset[bytes] | None = None,
    ) -> Stored | None:
        """The stored response that a request may get, fresh or not (RFC 9111 §4.1).

        None, too, where what is stored of the URL varies by other fields than those `within` which it may.
        """
        variants = self._variants.get(key)
        if variants is None or not (within is None or all(map(within.issuperset, variants))):
            return None
        slot = _chosen(variants, request_headers, is_authorized=is_authorized)
        if slot is None:
            return None
        self._uses += 1
        slot.used = self._uses
        self._ledger.touch(slot)
        return slot.stored

    def expected_selector(self, key: bytes, request_headers: Headers) -> Selector:
        """What will select the answer to a request, if `Vary` names what it named last."""
        last = max(self._slots(key), key=lambda slot: slot.used, default=None)
        return EVERY_REQUEST if last is None else last.stored.selector.for_request(request_headers)

    def put(self, key: bytes, stored: Stored, *, since: int) -> bool:
        """Keep a response in place of the one with its selector; whether it is kept.

        `since` is the `serial` from before the origin was asked.
        """
        if not self.is_current(key, since):
            return False
        before = self._slot(key, stored.selector)
        if before is not None:
            self._drop(before)
            if before.stored.body is not stored.body and before.stored.body == stored.body:
                # What is known by the body, such as cuts, is found at once by the same object.
                stored = replace(stored, body=before.stored.body)
        slot = _Slot(key, stored)
        body = stored.body
        if not self._ledger.enter(slot, _size(slot) - len(body), partial(self._evict, slot), body=body):
            return False
        self._add(slot)
        if len(slots := self._slots(key)) > self._max_variants:
            last = min(slots, key=lambda each: each.used)
            self._ledger.forget(last)
            self._evict(last)
        return True

    def drop(self, key: bytes, stored: Stored) -> None:
        """Forget a response, if it is still the one that is stored."""
        slot = self._slot(key, stored.selector)
        if slot is not None and slot.stored is stored:
            self._drop(slot)

    def is_current(self, key: bytes, since: int) -> bool:
        """Whether nothing was purged since then that could have been this URL's."""
        return since >= max(self._purges.get(hash(key), 0), self._wide_purge)

    def purge(self, key: bytes, *, stale_from: float | None = None) -> int:
        """Drop what is stored of a URL, and say how many responses that were.

        With `stale_from` they stay, stale from that moment: to be asked about, and to be used where a stale response
        may. So with the other purges.
        """
        self.serial += 1
        # By hash: a URL can be long, and a collision costs no more than a response that isn't stored.
        self._purges[hash(key)] = self.serial
        self._purges.move_to_end(hash(key))
        if len(self._purges) > _MAX_TOLD_PURGES:
            self._wide_purge = max(self._wide_purge, self._purges.popitem(last=False)[1])
        return self._purge(self._slots(key), stale_from)

    def purge_prefix(self, prefix: bytes, *, stale_from: float | None = None) -> int:
        """The same for all URLs whose keys begin so."""
        return self._purge_widely((key for key in self._variants if key.startswith(prefix)), stale_from)

    def purge_tag(self, tag: bytes, *, stale_from: float | None = None) -> int:
        """The same for all responses that the origin gave a tag."""
        self._widen_purge()
        return self._purge(list(self._tagged.get(tag, ())), stale_from)

    def purge_all(self, *, stale_from: float | None = None) -> int:
        """The same for all that is stored."""
        return self._purge_widely(self._variants, stale_from)

    def _purge_widely(self, keys: Iterable[bytes], stale_from: float | None) -> int:
        self._widen_purge()
        return self._purge([slot for key in keys for slot in self._slots(key)], stale_from)

    def _widen_purge(self) -> None:
        self.serial += 1
        self._wide_purge = self.serial

    def _purge(self, slots: list[_Slot], stale_from: float | None) -> int:
        for slot in slots:
            if stale_from is None:
                self._drop(slot)
            else:
                slot.stored = slot.stored.stale_from(stale_from)
        self.counts.purged += len(slots)
        return len(slots)

    def _slot(self, key: bytes, selector: Selector) -> _Slot | None:
        return self._variants.get(key, _NONE).get(selector.names, {}).get(selector.values)

    def _slots(self, key: bytes) -> list[_Slot]:
        return [slot for slots in self._variants.get(key, _NONE).values() for slot in slots.values()]

    def _add(self, slot: _Slot) -> None:
        selector = slot.stored.selector
        self._variants.setdefault(slot.key, {}).setdefault(selector.names, {})[selector.values] = slot
        for tag in slot.stored.tags:
            self._tagged.setdefault(tag, set()).add(slot)
        self._uses += 1
        slot.used = self._uses
        self._count += 1
        self.bytes += _size(slot)
        self.counts.stores += 1

    def _drop(self, slot: _Slot) -> None:
        self._ledger.forget(slot)
        self._remove(slot)

    def _evict(self, slot: _Slot) -> None:
        self._remove(slot)
        self.counts.evictions += 1

    def _remove(self, slot: _Slot) -> None:
        selector = slot.stored.selector
        variants = self._variants[slot.key]
        del variants[selector.names][selector.values]
        if not variants[selector.names]:
            del variants[selector.names]
        if not variants:
            del self._variants[slot.key]
        for tag in slot.stored.tags:
            tagged = self._tagged[tag]
            tagged.discard(slot)
            if not tagged:
                del self._tagged[tag]
        self._count -= 1
        self.bytes -= _size(slot)


def _chosen(variants: _Variants, headers: Headers, *, is_authorized: bool) -> _Slot | None:
    fitting: list[_Slot] = []
    for names, slots in variants.items():
        # A request has one value in each field, so of those that name the same fields one fits at most.
        slot = slots.get(tuple([normalized(name, headers) for name in names]) if names else ())
        if slot is not None and (slot.stored.is_for_authorized or not is_authorized):
            fitting.append(slot)
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    candidates = {slot.stored.candidate: slot for slot in fitting}
    chosen = choose(candidates, headers)
    return None if chosen is None else candidates[chosen]


def tags_of(headers: Headers, *, at_most: int = _MAX_TAGS) -> frozenset[bytes]:
    """The tags that a response has, or a purge names: `Surrogate-Key` parts them by spaces, `Cache-Tag` by commas.

    >>> sorted(tags_of(((b"surrogate-key", b"home news"), (b"cache-tag", b"news, blog post"))))
    [b'blog post', b'home', b'news']
    """
    spaced = (tag for value in lines(headers, b"surrogate-key") for tag in value.split())
    listed = (tag for value in lines(headers, b"cache-tag") for tag in value.split(b","))
    named = dict.fromkeys(stripped for tag in (*spaced, *listed) if (stripped := tag.strip()))
    return frozenset(islice(named, at_most))


def _size(slot: _Slot) -> int:
    return slot.stored.size + len(slot.key)
