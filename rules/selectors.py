"""CSS selectors of rule files: what is plainly wrong with one, and what the engine says, where there is an engine."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rules import fields
from rules.errors import MistakeError
from rules.nodes import QUOTES, Node, Sequence

SelectorCheck = Callable[[str], str | None]
"""Tells what is wrong with a CSS selector, or None."""

_EXAMPLE = 'such as "#hero h1" or "a.cta"'

_MATCHING = {")": "(", "]": "[", "}": "{"}
_COMBINATORS = ">+~"
# Texts, attributes and escapes: whatever stands in them is not of the selector's structure.
_NOT_STRUCTURE = re.compile(r"""\\.|"[^"]*"|'[^']*'|\[[^\]]*\]""", re.DOTALL)
# As word processors set them.
_CURLY_QUOTES = frozenset("\u201c\u201d\u201e\u2018\u2019\u201a")


def read_selector(node: Node, what: str, check: SelectorCheck | None) -> str:
    """A selector that stands alone. Raises MistakeError."""
    selector = _written(node, what)
    _refuse_faulty(selector, selector, node, check)
    return selector


def read_inner_selector(node: Node, what: str, check: SelectorCheck | None) -> str:
    """A selector within an element: one that begins with `>` begins at that element. Raises MistakeError.

    As it is given back, `:scope` stands for the element.
    """
    written = _written(node, what)
    selector = f":scope {written}" if written[:1] in tuple(_COMBINATORS) else written
    _refuse_faulty(selector, written, node, check)
    return selector


def _written(node: Node, what: str) -> str:
    if isinstance(node, Sequence):
        raise MistakeError(
            f"{what} wants one selector, not a list", hint=f"if it has brackets in it, {QUOTES}", position=node.position
        )
    return fields.text(node, what).strip()


def _refuse_faulty(selector: str, written: str, node: Node, check: SelectorCheck | None) -> None:
    if wrong := _fault(selector) or (check(selector) if check else None):
        raise MistakeError(f"`{written}` is not a CSS selector: {wrong}", hint=_EXAMPLE, position=node.position)


def _fault(selector: str) -> str | None:
    """What is plainly wrong with a selector: nothing in it, or brackets and quotes that don't pair."""
    if not selector:
        return "it is empty"
    if not _CURLY_QUOTES.isdisjoint(selector):
        return "it has curly quotes in it, and CSS has straight ones"
    opened: list[str] = []
    quote = ""
    escaped = False
    for character in selector:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "([{":
            opened.append(character)
        elif character in ")]}" and (not opened or opened.pop() != _MATCHING[character]):
            return f"`{character}` closes nothing"
    if quote:
        return "a quote is not closed"
    if opened:
        return f"`{opened[-1]}` is not closed"
    ends = f",{_COMBINATORS}"
    if selector[0] in ends or selector[-1] in ends:
        return f"it begins or ends with `{selector[0] if selector[0] in ends else selector[-1]}`"
    return None


@dataclass(slots=True)
class _Level:
    """A selector within parentheses: whether it is that of a `:has()`, and whether one was in it or just before."""

    is_has: bool
    holds_has: bool = False
    behind_has: bool = False
    has_combinator: bool = False


def goes_on_behind_has(selector: str) -> bool:
    """Whether a `:has()`, or what holds one, is followed by a combinator and another part.

    Each element that the part could be then looks through all that the `:has()` could hold.

    >>> goes_on_behind_has(".card:has(.sale) .price"), goes_on_behind_has("main .card:has(> .sale)")
    (True, False)
    """
    if ":has(" not in selector.lower():
        return False
    levels = [_Level(is_has=False)]
    bare = _NOT_STRUCTURE.sub("x", selector)
    for at, character in enumerate(bare):
        level = levels[-1]
        if character == "(":
            levels.append(_Level(is_has=bare[:at].lower().endswith(":has")))
        elif character == ")":
            closed = levels.pop()
            if closed.is_has or closed.holds_has:
                levels[-1].holds_has = levels[-1].behind_has = True
        elif character == ",":
            level.behind_has = level.has_combinator = False
        elif character.isspace() or character in _COMBINATORS:
            level.has_combinator = level.behind_has
        if level.has_combinator and not character.isspace() and character not in f"{_COMBINATORS}),":
            return True
    return False
