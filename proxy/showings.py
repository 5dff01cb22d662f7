"""What came of every experience on one response, and `X-Tailor`, the header that tells it.

The header is a list of RFC 9651: an item for each experience, in the order in which they win. It is bounded, and ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from http_sf import DisplayString, Token, ser
from http_sf.types import ItemType, ParamsType

from proxy.reports import reason_words
from rules.decision import Decision, Outcome, Reason

MAX_BYTES = 4_000
"""Browsers and proxies take heads of 8 KB and more; the origin's own fields need room too."""
MAX_WHY = 200

EVERYTHING = "*"
"""The item that is about the response as a whole: an asterisk can't be the id of an experience."""

_WON_OVER = "one that wins over it is shown on the page"

# RFC 9651 §3.3.4; an id may begin with a digit, and a token may not.
_TOKEN = re.compile(r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*")


@dataclass(frozen=True, slots=True)
class Showing:
    """Whether an experience was shown on one response, and if not, why not.

    `arm` is what an experiment gave. A draft is shown to its author alone.
    """

    experience: str
    is_shown: bool
    why: str = ""
    arm: str = ""
    is_draft: bool = False


def showings(
    decision: Decision,
    shown: Collection[str],
    left_out: Mapping[str, str],
    *,
    otherwise: str = "",
    drafts: Collection[str] = (),
) -> tuple[Showing, ...]:
    """What came of a decision, in the order in which its experiences win.

    `shown` are those that the visitor really got, `left_out` says of others that were chosen why not, and `otherwise`
    of those of which nothing is known.
    """
    leading = {choice.experience.id for choice in decision.choices if choice.variant.leads_away}

    def showing(reason: Reason) -> Showing:
        name = reason.experience
        is_shown = name in shown
        if is_shown:
            why = ""
        elif reason.outcome is not Outcome.CHOSEN:
            why = reason_words(reason)
        else:
            why = left_out.get(name) or (_WON_OVER if name in leading and shown else otherwise)
        return Showing(name, is_shown, why, reason.arm, name in drafts)

    return tuple(map(showing, decision.reasons))


def header(told: Iterable[Showing], about: ParamsType) -> bytes:
    """The value of `X-Tailor`. `about` is what is said of the response as a whole; it comes first.

    >>> header([Showing("hero", True), Showing("cta", False, "unknown")], {})
    b'hero;shown, cta;not;why="unknown"'
    """
    items: list[ItemType] = [_item(each) for each in told]
    return _bounded([(Token(EVERYTHING), about), *items] if about else items)


def problems_header(problems: Iterable[str]) -> bytes:
    """The value of `X-Tailor-Problems`: what is wrong with an edit of the rulebook that did not go live."""
    return _bounded([text(problem) for problem in problems])


def _bounded(items: list[ItemType]) -> bytes:
    """As many items as there is room for, and how many there are more."""
    lines: list[str] = []
    room = MAX_BYTES
    for number, item in enumerate(items):
        line = _serialized(item)
        room -= len(line) + 2
        if room < 0:
            lines.append(_serialized((Token(EVERYTHING), {"more": len(items) - number})))
            break
        lines.append(line)
    return ", ".join(lines).encode("ascii")


def text(words: str, limit: int = MAX_WHY) -> str | DisplayString:
    """Words as they can stand in a header: a string where they are ASCII, else a display string (RFC 9651 §3.3.8)."""
    shortened = words if len(words) <= limit else words[: limit - 3] + "..."
    plain = "".join(letter if letter.isprintable() else " " for letter in shortened)
    return plain if plain.isascii() else DisplayString(plain)


def word(name: str) -> str | Token | DisplayString:
    """A name: a token where it can be one."""
    return Token(name) if _TOKEN.fullmatch(name) else text(name)


def _serialized(item: ItemType) -> str:
    return ser([item])


def _item(showing: Showing) -> ItemType:
    parameters: ParamsType = {"shown" if showing.is_shown else "not": True}
    if showing.arm:
        parameters["arm"] = word(showing.arm)
    if showing.is_draft:
        parameters["draft"] = True
    if showing.why:
        parameters["why"] = text(showing.why)
    return word(showing.experience), parameters
