"""Edits on real pages, and what became of them: shared by the fidelity tests.

A pair is an element and something to do to it. Each pair is cut, and three things are asked: are all bytes outside of
the element the page's own, does Lexbor read the cut as the edited tree, and was the edit refused instead?
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from proxy.page.compile import Page
from proxy.page.cut import cut, edits_of
from proxy.page.locate import VOID, Element, Place, RefusedError
from proxy.page.operations import (
    EditClass,
    InsertBeside,
    Operation,
    ReplaceElement,
    SetAttribute,
    SetContent,
    effective,
)
from proxy.page.verify import agrees
from proxy.page.writing import Mode, Writing
from rules.model import Where

ACTIONS = ("text", "html", "replace", "remove", *Where, "attribute", "no attribute", "add class", "remove class")

# What HTML itself says no to: text in a table's row, a <b> between list items. No rule could ask for it.
_NO_PHRASES = frozenset(
    """table tbody thead tfoot tr colgroup select script style noscript iframe textarea title xmp template svg math
    html head frameset option optgroup ul ol dl menu datalist ruby rp rt plaintext noembed noframes object
    mfrac""".split()
)
_ONLY_IN_PLACE = frozenset(
    """html head body tr td th tbody thead tfoot caption col colgroup option optgroup li dt dd meta link title base
    script style noscript template summary legend source param track area rp rt slot plaintext frame mi mo mn""".split()
)


@dataclass
class Tally:
    """What became of the pairs."""

    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def refused_share(self, of: str = "pairs") -> float:
        """Refusals and disagreements, as a share of what was tried."""
        return (self.counts["refused"] + self.counts["disagreed"]) / max(1, self.counts[of])


def try_pairs(name: str, page: Page, pairs: Iterator[tuple[Element, str]], tally: Tally) -> None:
    """Try each pair on a page."""
    for element, action in pairs:
        if element.source_location is None:
            tally.counts["implied elements"] += 1
            continue
        try:
            place = page.located.place(element)
            if not _makes_sense(place, action):
                continue
            tally.counts["pairs"] += 1
            operations = _operations(place, action)
            edits = edits_of(page.located, page.body, page.charset, effective(operations))
            written = b"".join(piece for piece in cut(page.body, edits) if isinstance(piece, bytes))
        except RefusedError as error:
            tally.counts["refused"] += 1
            tally.notes.append(f"{name}: {action} <{element.tag}>: refused: {error}")
            continue
        _check(name, page, place, action, operations, written, tally)


def _check(
    name: str, page: Page, place: Place, action: str, operations: list[Operation], written: bytes, tally: Tally
) -> None:
    if not (written.startswith(page.body[: place.start]) and written.endswith(page.body[place.end :])):
        tally.counts["foreign bytes changed"] += 1
        tally.notes.append(f"{name}: {action} <{place.tag}> at {place.start}: bytes outside of it changed")
    if agrees(page.located, page.body, written, page.charset, operations):
        tally.counts["agreed"] += 1
    else:
        tally.counts["disagreed"] += 1
        tally.notes.append(f"{name}: {action} <{place.tag}> at {place.start}: the engines disagree")


def every_pair(page: Page) -> Iterator[tuple[Element, str]]:
    """All elements with all actions."""
    return ((element, action) for element in page.located.every() for action in ACTIONS)


def random_pairs(page: Page, count: int, seed: str) -> Iterator[tuple[Element, str]]:
    """As many pairs, the same for the same seed."""
    chance = random.Random(seed)
    elements = page.located.every()
    return ((chance.choice(elements), chance.choice(ACTIONS)) for _ in range(count))


def _makes_sense(place: Place, action: str) -> bool:
    inside = action in ("text", "html", Where.FIRST, Where.LAST)
    if inside and place.element.closest("svg, math") is not None:
        return action != "text" and place.foreign and place.tag in ("svg", "g")
    if inside:
        return place.tag not in _NO_PHRASES and not place.void
    if action in ("replace", Where.BEFORE, Where.AFTER):
        parent = place.element.parent
        crowded = isinstance(parent, Element) and parent.tag in _NO_PHRASES and not place.foreign
        return place.tag not in _ONLY_IN_PLACE and not crowded
    return action != "remove" or place.tag not in ("html", "head", "body")


def _operations(place: Place, action: str) -> list[Operation]:
    fragment = '<g id="n"><path d="M0"/></g>' if place.foreign else '<b class="n">Hé &amp; ŵ</b> €'
    match action:
        case "text":
            return [SetContent(place, _writing('Tëxt <&> "q" € ☃', Mode.TEXT))]
        case "html":
            return [SetContent(place, _writing(fragment, Mode.MARKUP))]
        case "replace":
            element = f'<{place.tag} data-new="1">' + ("" if place.tag in VOID else f"new</{place.tag}>")
            return [ReplaceElement(place, _writing(element, Mode.MARKUP))]
        case "remove":
            return [ReplaceElement(place, None)]
        case "attribute":
            names = [*place.attributes, "title"]
            return [SetAttribute(place, name, _writing("a\"b' <é>&€", Mode.ATTRIBUTE)) for name in names[-2:]]
        case "no attribute":
            return [SetAttribute(place, name, None) for name in [*place.attributes][:1]]
        case "add class":
            return [EditClass(place, "tailor-néw", present=True)]
        case "remove class":
            value = str(place.element.attrs.get("class") or "x")
            return [EditClass(place, (value.split() or ["x"])[0], present=False)]
    return [InsertBeside(place, Where(action), _writing(fragment, Mode.MARKUP))]


def _writing(text: str, mode: Mode) -> Writing:
    return Writing((text,), mode, text)


def saved_pages() -> Path | None:
    """The folder of saved real pages, where there is one."""
    here = Path(__file__).resolve().parents[3]
    for folder in (os.environ.get("TAILOR_CORPUS"), here.parent / "shared" / "corpus"):
        if folder and Path(folder).is_dir():
            return Path(folder)
    return None
