"""The page cache's memory: whole responses by URL and by what `Vary` names, within a bound of bytes.

Owns how much is kept, what goes first, and what a purge drops. What may be kept is `proxy.cache.storability`'s, what
answers a request `proxy.cache.reuse`'s. Not for use by several threads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from math import floor
from typing import Self

from proxy.cache.directives import ResponseDirectives
from proxy.cache.freshness import Freshness, freshness_of, generated_at
from proxy.cache.messages import Response, lines
from proxy.cache.storability import shares_authorized
from proxy.cache.vary import Candidate, Selector, choose
from proxy.wire import Headers

# Measured on CPython 3.11: two byte strings and a tuple for each field; a response with its places in the indexes.
_FIELD_BYTES = 136
_RESPONSE_BYTES = 1536
_TAG_BYTES = 400
_MAX_TAGS = 256
_MAX_TOLD_PURGES = 10_000


@dataclass(frozen=True, slots=True)
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


_Place = tuple[bytes, Selector]


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


class PageStore:
    """Responses within `max_bytes`, the least recently used of which go first; of one URL no more than `max_variants`.

    `serial` counts purges. Whoever asks the origin keeps it, so that what was asked before a purge is not stored after
    it.
    """

    def __init__(self, max_bytes: int, *, max_variants: int = 16) -> None:
        self._max_bytes = max_bytes
        self._max_variants = max_variants
        self._stored: OrderedDict[_Place, Stored] = OrderedDict()
        self._variants: dict[bytes, OrderedDict[Selector, None]] = {}
        self._tagged: dict[bytes, set[_Place]] = {}
        self._purges: OrderedDict[int, int] = OrderedDict()
        self._wide_purge = 0
        self.serial = 0
        self.bytes = 0
        self.counts = Counts()

    def __len__(self) -> int:
        return len(self._stored)

    def has(self, key: bytes) -> bool:
        """Whether anything is stored of a URL, for whatever headers."""
        return key in self._variants

    def find(self, key: bytes, request_headers: Headers, *, is_authorized: bool = False) -> Stored | None:
        """The stored response that a request may get, fresh or not (RFC 9111 §4.1)."""
        variants = self._variants.get(key)
        if variants is None:
            return None
        found = [self._stored[key, selector] for selector in variants]
        candidates = {each.candidate: each for each in found if each.is_for_authorized or not is_authorized}
        chosen = choose(candidates, request_headers)
        if chosen is None:
            return None
        self._stored.move_to_end((key, chosen.selector))
        variants.move_to_end(chosen.selector)
        return candidates[chosen]

    def expected_selector(self, key: bytes, request_headers: Headers) -> Selector:
        """What will select the answer to a request, if `Vary` names what it named last."""
        variants = self._variants.get(key)
        return next(reversed(variants)).for_request(request_headers) if variants else Selector()

    def put(self, key: bytes, stored: Stored, *, since: int) -> bool:
        """Keep a response in place of the one with its selector; whether it is kept.

        `since` is the `serial` from before the origin was asked.
        """
        place = (key, stored.selector)
        if not self.is_current(key, since):
            return False
        self._drop(place)
        size = _size(place, stored)
        if size > self._max_bytes:
            return False
        self._stored[place] = stored
        self.bytes += size
        self.counts.stores += 1
        variants = self._variants.setdefault(key, OrderedDict())
        variants[stored.selector] = None
        for tag in stored.tags:
            self._tagged.setdefault(tag, set()).add(place)
        if len(variants) > self._max_variants:
            self._evict((key, next(iter(variants))))
        while self.bytes > self._max_bytes:
            self._evict(next(iter(self._stored)))
        return True

    def drop(self, key: bytes, stored: Stored) -> None:
        """Forget a response, if it is still the one that is stored."""
        if self._stored.get((key, stored.selector)) is stored:
            self._drop((key, stored.selector))

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
            self._wide_purge = self._purges.popitem(last=False)[1]
        return self._purge([(key, selector) for selector in self._variants.get(key, ())], stale_from)

    def purge_prefix(self, prefix: bytes, *, stale_from: float | None = None) -> int:
        """The same for all URLs whose keys begin so."""
        return self._purge_widely([place for place in self._stored if place[0].startswith(prefix)], stale_from)

    def purge_tag(self, tag: bytes, *, stale_from: float | None = None) -> int:
        """The same for all responses that the origin gave a tag."""
        return self._purge_widely(self._tagged.get(tag, ()), stale_from)

    def purge_all(self, *, stale_from: float | None = None) -> int:
        """The same for all that is stored."""
        return self._purge_widely(self._stored, stale_from)

    def _purge_widely(self, places: Iterable[_Place], stale_from: float | None) -> int:
        self.serial += 1
        self._wide_purge = self.serial
        return self._purge(list(places), stale_from)

    def _purge(self, places: list[_Place], stale_from: float | None) -> int:
        for place in places:
            if stale_from is None:
                self._drop(place)
            else:
                self._stored[place] = self._stored[place].stale_from(stale_from)
        self.counts.purged += len(places)
        return len(places)

    def _evict(self, place: _Place) -> None:
        self._drop(place)
        self.counts.evictions += 1

    def _drop(self, place: _Place) -> None:
        stored = self._stored.pop(place, None)
        if stored is None:
            return
        self.bytes -= _size(place, stored)
        variants = self._variants[place[0]]
        del variants[place[1]]
        if not variants:
            del self._variants[place[0]]
        for tag in stored.tags:
            tagged = self._tagged[tag]
            tagged.discard(place)
            if not tagged:
                del self._tagged[tag]


def tags_of(response_headers: Headers) -> frozenset[bytes]:
    """The tags under which a response can be purged: `Surrogate-Key` parts them by spaces, `Cache-Tag` by commas.

    >>> sorted(tags_of(((b"surrogate-key", b"home news"), (b"cache-tag", b"news, blog post"))))
    [b'blog post', b'home', b'news']
    """
    spaced = (tag for value in lines(response_headers, b"surrogate-key") for tag in value.split())
    listed = (tag for value in lines(response_headers, b"cache-tag") for tag in value.split(b","))
    named = dict.fromkeys(stripped for tag in (*spaced, *listed) if (stripped := tag.strip()))
    return frozenset(islice(named, _MAX_TAGS))


def _size(place: _Place, stored: Stored) -> int:
    return stored.size + len(place[0])
