"""Recut: a page that differs from one that was cut before in a few words alone gets that one's edits.

Pages that can't be cached are new each time, but as a rule by a token, a count or a name. Such words are inert where
they stand in text, or in a quoted value that nothing here reads: whatever the letters, a parser makes the same tree of
the page (HTML Standard §13.2.5), selectors find the same elements, and these lie where they lay, as much further on as
the words are longer. So there is nothing to be found anew. What is not shown to be so is for `proxy.page.compile`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from proxy.page.charset import UnreadableCharsetError, charset_of
from proxy.page.compile import Compiled, Cut
from proxy.page.cut import cut
from proxy.page.edits import Edit
from proxy.page.locate import PRESCAN_BYTES, Located
from rules.decision import Decision
from rules.html_syntax import SPACE
from rules.model import Rank

# Without what begins a tag or a reference, ends a value, or is white space to be dropped or moved where a parser would
# keep a letter; a blank is the one that names have in them.
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 +,-./:=_"
_WORD = re.compile(b"[" + re.escape(_LETTERS) + b"]*+")
_MAX_WORDS = 32
_MAX_WORD_BEFORE = 1024  # letters before the first that differs
_STEP_BYTES = 16 * 1024  # compared at once

# No selector and no operation reads these, nor does a parser; only a page's first bytes may name its charset in them.
_INERT_ATTRIBUTES = ("nonce", "value", "content")
# Of those that are alike a parser reopens three (HTML Standard §13.2.4.3), and their attributes tell them apart.
_FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
# The pseudo-classes that hang on the tree alone; others may read text, values or links.
_OF_TREE = (
    "is|not|where|has|root|empty|first-child|last-child|only-child|first-of-type|last-of-type|only-of-type|"
    "nth-child|nth-last-child|nth-of-type|nth-last-of-type"
)
_READS_WORDS = re.compile(
    rf"\\|:(?!(?:{_OF_TREE})(?![\w-]))|\[[^\]]*\b(?:{'|'.join(_INERT_ATTRIBUTES)})\b", re.IGNORECASE
)
_MAX_PROOFS = 4  # how often a page is parsed to learn which of its words are inert
# Measured on CPython 3.11: this with its sets, and one edit.
_PRECEDENT_BYTES = 2048
_EDIT_BYTES = 320


class _Word(NamedTuple):
    """Where two pages differ: the offsets in the first one, and how much longer it is in the second."""

    start: int
    end: int
    growth: int


def is_followed(decision: Decision) -> bool:
    """Whether what is decided for can be done on a page as on one that differs in inert words.

    A ranking reads the text of a list, and some selectors read text and values.
    """
    changes = [change for choice in decision.choices for change in choice.variant.changes]
    return not any(isinstance(change.action, Rank) or _READS_WORDS.search(change.select) for change in changes)


class Precedent:
    """A page that was cut, and verified, under a decision that `is_followed`: for pages that are like it."""

    __slots__ = ("_cut", "_edits", "_inert", "_label", "_proofs", "body", "size", "uses")

    def __init__(self, body: bytes, charset_label: str | None, compiled: Compiled) -> None:
        self.body = body
        self._label = charset_label
        self._cut = replace(compiled.cut, pieces=())
        self._edits = compiled.edits
        self._inert: set[tuple[int, int]] = set()
        self._proofs = 0
        self.uses = 0
        """How many pages were cut by it."""
        written = sum(len(each) for edit in compiled.edits for each in edit.pieces if isinstance(each, bytes))
        self.size = _PRECEDENT_BYTES + len(compiled.edits) * _EDIT_BYTES + written
        """What it takes in memory, beside its body."""

    def recut(self, body: bytes, charset_label: str | None) -> Cut | None:
        """The cut that compiling the page would give; None where it is not known to be like this one.

        Whether it is a bomb is not asked again: its tree is this one's.
        """
        words = _differences(self.body, body) if charset_label == self._label else None
        if words is None or not self._are_inert(words):
            return None
        if words and words[0].start < PRESCAN_BYTES and not self._has_charset(body):
            return None
        self.uses += 1
        return replace(self._cut, pieces=cut(body, _moved(self._edits, words)))

    def _are_inert(self, words: Sequence[_Word]) -> bool:
        unknown = [word for word in words if word[:2] not in self._inert]
        if unknown and self._proofs < _MAX_PROOFS:
            self._proofs += 1
            page = Located(self.body)
            self._inert.update(word[:2] for word in unknown if self._is_inert(page, word.start, word.end))
        return all(word[:2] in self._inert for word in unknown)

    def _has_charset(self, body: bytes) -> bool:
        try:
            return charset_of(body, self._label) == self._cut.charset
        except UnreadableCharsetError:
            return False

    def _is_inert(self, page: Located, start: int, end: int) -> bool:
        offsets = (offset for edit in self._edits for offset in (edit.start, edit.end))
        return _is_inert(page, start, end) and not any(start < offset < end for offset in offsets)


def _differences(one: bytes, other: bytes) -> list[_Word] | None:
    """The words in which two pages differ, each whole; None where they differ in more than a few words."""
    words: list[_Word] = []
    at = shift = 0
    while True:
        same = _same(one, at, other, at + shift)
        at += same
        if at == len(one) and at + shift == len(other):
            return words
        # What differs right behind a word is no letter.
        if not same or len(words) == _MAX_WORDS:
            return None
        before = one[max(0, at - min(same, _MAX_WORD_BEFORE)) : at]
        start = at - len(before) + len(before.rstrip(_LETTERS))
        word, other_word = _word(one, start), _word(other, start + shift)
        if start == at - len(before) or not _are_alike(word, other_word):
            return None
        at = start + len(word)
        growth = len(other_word) - len(word)
        words.append(_Word(start, at, growth))
        shift += growth


def _are_alike(word: bytes, other: bytes) -> bool:
    """Whether both have letters, and blanks before them or none: blanks before text may belong to another element."""
    return bool(word.strip() and other.strip()) and word.startswith(b" ") == other.startswith(b" ")


def _word(page: bytes, start: int) -> bytes:
    match = _WORD.match(page, start)
    return match[0] if match else b""


def _same(one: bytes, at: int, other: bytes, to: int) -> int:
    """How many bytes are the same in both, from these offsets on."""
    begin = at
    while (piece := one[at : at + _STEP_BYTES]) and other.startswith(piece, to):
        at += len(piece)
        to += len(piece)
    low, high = 0, len(piece)
    while low < high:
        middle = (low + high + 1) // 2
        if other.startswith(piece[low:middle], to + low):
            low = middle
        else:
            high = middle - 1
    return at + low - begin


def _is_inert(page: Located, start: int, end: int) -> bool:
    """Whether what stands there is in text or in an inert attribute, and would be with other letters."""
    # Behind these a letter may belong to a character reference, to a tag, or to the beginning of a comment.
    if page.reading[start - 1] in "&#<!":
        return False
    # No tag, comment or declaration begins between this tag and the word.
    tag = page.tag_at(page.reading.rfind("<", 0, start))
    if tag is None:
        # In a script it may be a sign; but where a comment was begun, letters can hide what ends the script.
        around = page.raw_text_around(start)
        return around is not None and end <= around[1] and "<!--" not in page.reading[slice(*around)]
    if tag.end <= start:
        return True
    return tag.name not in _FORMATTING and any(
        _is_in_quotes(page.reading[slice(*tag.attributes[name])], start - tag.attributes[name][0], end - start)
        for name in _INERT_ATTRIBUTES
        if name in tag.attributes
    )


def _is_in_quotes(attribute: str, start: int, length: int) -> bool:
    """Whether so much of an attribute, as it is written, is of a value in quotes."""
    value = attribute.partition("=")[2].lstrip(SPACE)
    opening = len(attribute) - len(value)
    return value[:1] in ('"', "'") and opening < start and start + length < len(attribute) and value[-1] == value[0]


def _moved(edits: Sequence[Edit], words: Sequence[_Word]) -> Sequence[Edit]:
    """The edits where they are on the other page."""
    if not any(word.growth for word in words):
        return edits
    ends = [word.end for word in words]
    growths = [0, *accumulate(word.growth for word in words)]

    def moved(offset: int) -> int:
        return offset + growths[bisect_right(ends, offset)]

    return [Edit(moved(each.start), each.phase, each.turn, moved(each.end), each.pieces) for each in edits]
