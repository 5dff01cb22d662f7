"""Judges every response: nothing in it of another visitor's, all in it that is due, whole, and for what was asked.

Owns what counts as a fault, and the tally. A 304 is judged by the page that its asker is told to go on using.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cachetools import LRUCache

from tests.isolation.pages import KINDS, Sharing
from tests.isolation.visitors import MARK, Ask
from tests.isolation.wire import Got

MAX_SHOWN = 10
"""Findings that are kept with their whole exchange; the others are counted."""
_CANARY = re.compile(rf"{MARK}[0-9a-f]{{16}}")
_OF = re.compile(r"[?&]of=(\w+)")
_PLACE = re.compile(r'<a id="(\w+)" href="([^"]*)"(?: title="([^"]*)")?>(?:<b>)?([^<]*)<')


class Fault(StrEnum):
    """What can be wrong."""

    FOREIGN = "foreign canary"
    UNASKED = "canary in what is for everyone"
    MISSING = "own canary missing"
    VARIANT = "wrong variant"
    PAGE = "wrong page"
    REUSED = "answer to another request"
    SHARING = "another sharing than the page's"
    TAG = "one tag for two pages"
    IDENTITY = "id given twice"
    FRAMING = "broken framing"
    STATUS = "unexplained status"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, with what was asked and what came."""

    fault: Fault
    told: str
    ask: Ask
    got: Got

    def __str__(self) -> str:
        request = self.ask.encode().decode("latin-1").strip()
        head = "\n".join(f"{name}: {value}" for name, value in self.got.fields)
        page = self.got.page.decode("utf-8", "replace")
        return f"{self.fault}: {self.told}\n{request}\n\n{self.got.status}\n{head}\n\n{page}"


@dataclass
class Tally:
    """What was seen so far."""

    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: Counter[Fault] = field(default_factory=Counter)
    due: int = 0
    came: int = 0
    injected: int = 0
    from_memory: int = 0
    foreign_tags: int = 0
    unanswered: int = 0
    findings: list[Finding] = field(default_factory=list)

    def __str__(self) -> str:
        told = [
            f"{self.kinds.total():,} requests for {len(self.kinds)} kinds of pages",
            f"{self.came:,} of {self.due:,} own canaries came",
            f"{self.faults[Fault.FOREIGN]} foreign canaries",
            f"{self.faults[Fault.VARIANT]} wrong variants",
            f"{self.statuses[304]:,} answers 304, {self.foreign_tags:,} times another one's tag was sent",
            f"{self.from_memory:,} answers from memory",
            f"{self.injected:,} broken as the origin broke them",
            f"{self.unanswered:,} not waited for",
            f"{self.faults.total()} faults",
        ]
        if self.faults:
            told.append(", ".join(f"{count} {fault}" for fault, count in self.faults.most_common()))
        return "; ".join(told)


class Checker:
    """Judges responses, and remembers which page each tag stood for. `gateway_errors` may come of a broken origin."""

    def __init__(self, *, gateway_errors: frozenset[int] = frozenset({502}), remembered: int = 5_000) -> None:
        self.tally = Tally()
        self._gateway_errors = gateway_errors
        self._pages: LRUCache[tuple[str, str], bytes] = LRUCache(remembered)
        self._given: set[str] = set()
        self._variants: dict[str, str] = {}

    def check(self, ask: Ask, got: Got) -> None:
        """Judge one answer."""
        tally = self.tally
        tally.kinds[ask.kind] += 1
        tally.statuses[got.status] += 1
        tally.from_memory += "hit" in got.field("cache-status")
        for fault, told in self._faults(ask, got):
            tally.faults[fault] += 1
            if len(tally.findings) < MAX_SHOWN:
                tally.findings.append(Finding(fault, told, ask, got))

    def _faults(self, ask: Ask, got: Got) -> Iterator[tuple[Fault, str]]:
        yield from self._foreign(ask, got)
        yield from self._identities(got)
        kind = KINDS[ask.kind]
        if kind.breaks and (got.fault or got.status in self._gateway_errors):
            self.tally.injected += 1
            return
        if got.fault:
            yield Fault.FRAMING, got.fault
            return
        if got.status not in expected_statuses(ask):
            yield Fault.STATUS, str(got.status)
            return
        if got.status == 302:
            whose = _OF.search(got.field("location"))
            yield from self._due(ask, {"of": whose[1] if whose else ""}, {"of": ask.visitor.canary})
        if ask.is_led() == "redirect":
            return
        if got.status == 304:
            page = self._pages.get((ask.path, ask.tag))
            # A page that breaks off stays unchanged: whoever holds it unchanged, by the origin's tag, is told so.
            is_changed = not (kind.breaks and ask.tag.startswith(f'"{ask.kind}-'))
            yield from self._page(ask, page, is_changed=is_changed) if page is not None else ()
            return
        if got.status == 416:
            return
        yield from self._made_for(ask, got)
        if got.status in (200, 404) and ask.method != "HEAD":
            yield from self._tags(ask, got)
            yield from self._page(ask, got.page, is_changed=got.status == 200)

    def _foreign(self, ask: Ask, got: Got) -> Iterator[tuple[Fault, str]]:
        head = "\n".join(f"{name}: {value}" for name, value in got.fields)
        for where, text in (("head", head), ("body", got.page.decode("utf-8", "replace"))):
            foreign = {canary for canary in _CANARY.findall(text) if canary != ask.visitor.canary}
            if foreign:
                yield Fault.FOREIGN, f"{', '.join(sorted(foreign))} in the {where}"

    def _identities(self, got: Got) -> Iterator[tuple[Fault, str]]:
        for name, value in got.fields:
            if name == "set-cookie" and value.startswith("tailor_id="):
                cookie = value.partition(";")[0]
                if cookie in self._given:
                    yield Fault.IDENTITY, cookie
                self._given.add(cookie)

    def _made_for(self, ask: Ask, got: Got) -> Iterator[tuple[Fault, str]]:
        """Whether the origin made this for who got it, as it tells itself."""
        sharing = got.field("x-sharing")
        if ask.is_personal is not None and ask.is_personal is (sharing == Sharing.ALL):
            yield Fault.SHARING, sharing
        if sharing == Sharing.NONE and got.field("x-request") != ask.nonce:
            yield Fault.REUSED, got.field("x-request")

    def _tags(self, ask: Ask, got: Got) -> Iterator[tuple[Fault, str]]:
        tag = got.field("etag")
        if not tag:
            return
        place = (ask.path, tag)
        if self._pages.setdefault(place, got.page) != got.page:
            yield Fault.TAG, tag

    def _page(self, ask: Ask, page: bytes, *, is_changed: bool = True) -> Iterator[tuple[Fault, str]]:
        """What stands in a page, told by its places."""
        text = page.decode("utf-8", "replace")
        found = _PLACE.findall(text)
        places = {place: words for place, _, _, words in found}
        path = "/touched/fresh/1" if ask.is_led() == "serve" else ask.path
        if places.get("path") != path or "end" not in places:
            yield Fault.PAGE, f"{places.get('path')} in place of {path}, {len(page)} bytes"
            return
        owner = places.get("own", "")
        is_personal = owner != "anyone" if ask.is_personal is None else ask.is_personal
        yield from self._due(ask, {"own": owner}, {"own": ask.visitor.canary if is_personal else "anyone"})
        if not ask.is_tailored and not is_personal and _CANARY.search(text):
            yield Fault.UNASKED, _CANARY.findall(text)[0]
        if ask.kind == "language" and places.get("language") != ask.language:
            yield Fault.VARIANT, f"language {places.get('language')!r} in place of {ask.language!r}"
        if not is_changed:
            return
        href, title = next(((href, title) for place, href, title, _ in found if place == "mine"), ("", ""))
        yield from self._due(ask, {"href": href, "title": title}, ask.attributes())
        yield from self._due(ask, places, ask.places())
        yield from self._experiment(ask, places)

    def _due(self, ask: Ask, found: Mapping[str, str], due: Mapping[str, str]) -> Iterator[tuple[Fault, str]]:
        instead = ask.may_hold()
        for place, words in due.items():
            is_own = ask.visitor.canary in words
            came = found.get(place) == words or (place in instead and found.get(place) == instead[place])
            self.tally.due += is_own
            self.tally.came += is_own and came
            if not came:
                told = f"{place} holds {found.get(place)!r} in place of {words!r}"
                yield Fault.MISSING if is_own else Fault.VARIANT, told

    def _experiment(self, ask: Ask, places: Mapping[str, str]) -> Iterator[tuple[Fault, str]]:
        """Whoever has an id is shown the same variant each time, and of earlier visits nothing but their own."""
        if places.get("test") not in ("test", "Bold") or places.get("first") not in ("first", ask.visitor.canary):
            yield Fault.VARIANT, f"test {places.get('test')!r}, first {places.get('first')!r}"
        visitor_id = dict(ask.cookies).get("tailor_id")
        if ask.is_tailored and visitor_id and "consent" in ask.credentials:
            shown = places.get("test", "")
            before = self._variants.setdefault(visitor_id, shown)
            if before != shown:
                yield Fault.VARIANT, f"test {shown!r}, before it was {before!r}"


def expected_statuses(ask: Ask) -> frozenset[int]:
    """What may come where nothing is broken."""
    if ask.is_led() == "redirect":
        return frozenset({302})
    return KINDS[ask.kind].statuses | ({304} if ask.tag else set()) | ({206, 416} if ask.range else set())
