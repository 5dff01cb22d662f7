"""From a page and a decision to a cut: which choices can be made on this page, and what it becomes.

Pure: what is remembered of pages is `proxy.page.memory`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from proxy.page.changes import guarded_elements, operations_of
from proxy.page.charset import Charset, charset_of
from proxy.page.cut import check, cut
from proxy.page.locate import Located, RefusedError
from proxy.page.operations import Operation, conflict, effective
from proxy.page.scan import is_bomb
from proxy.page.verify import agrees, bearable
from proxy.page.writing import Hole, Pieces, escaped
from rules.decision import Choice, Decision
from rules.model import Change


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An experience that was decided for and is not on the page: at which selector, and why."""

    experience: str
    selector: str
    why: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A page with a decision's changes applied: bytes, hole, bytes, …, bytes. `shown` names what is really on it."""

    pieces: Pieces
    charset: Charset
    shown: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def holes(self) -> tuple[Hole, ...]:
        """Its holes, in order."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Hole))

    def fill(self, decision: Decision) -> list[bytes]:
        """Its pieces with this visitor's values, to be joined."""
        choices = {choice.experience.id: choice for choice in decision.choices}
        return [
            self.value(piece, choices[piece.experience]) if isinstance(piece, Hole) else piece for piece in self.pieces
        ]

    def value(self, hole: Hole, choice: Choice) -> bytes:
        """What a hole holds for this visitor."""
        rendering = choice.renderings[choice.experience.fragments[hole.fragment]]
        return self.charset.encode(escaped(rendering.values[hole.value], hole.mode))


class BombError(Exception):
    """A page that no parser should see, or that the verifier could not read in time."""


@dataclass(frozen=True, slots=True)
class _Made:
    """The operations of one choice."""

    choice: Choice
    operations: tuple[Operation, ...]


class Page:
    """An origin document, located. Raises UnreadableCharsetError and BombError."""

    __slots__ = ("body", "charset", "guarded", "located")

    def __init__(self, body: bytes, charset_label: str | None) -> None:
        self.body = body
        self.charset = charset_of(body, charset_label)
        if is_bomb(body):
            raise BombError("its formatting elements are never closed")
        self.located = Located(body)
        self.guarded = guarded_elements(self.located)


def compile_cut(page: Page, decision: Decision, *, aside: frozenset[str], verify: bool) -> Cut:
    """The page with every choice made that can be made on it, in the order in which they win.

    `aside` are the digests of experiences that are left out since an earlier verification disagreed. With `verify`
    the result is one that the second engine agrees with, and an experience that it disagrees with is left out.
    """
    made, left_out = _resolve(page, (c for c in decision.choices if c.experience.digest not in aside))
    pieces = _cut(page, made)
    if verify and made:
        if not bearable(page.located):
            raise BombError("its elements are nested too deep, or have too many attributes")
        if not _agrees(page, made):
            made, disagreed = _agreeing(page, made)
            left_out += disagreed
            pieces = _cut(page, made)
    return Cut(pieces, page.charset, tuple(each.choice.experience.id for each in made), tuple(left_out))


def _resolve(page: Page, choices: Iterable[Choice]) -> tuple[list[_Made], list[LeftOut]]:
    made: list[_Made] = []
    left_out: list[LeftOut] = []
    for choice in choices:
        operations: list[Operation] = []
        for change in choice.experience.changes:
            try:
                operations += _possible(page, change, choice, made)
            except RefusedError as error:
                if change.optional:
                    continue
                left_out.append(LeftOut(choice.experience.id, change.select, str(error)))
                break
        else:
            made.append(_Made(choice, tuple(effective(operations))))
    return made, left_out


def _possible(page: Page, change: Change, choice: Choice, made: Iterable[_Made]) -> Sequence[Operation]:
    operations = operations_of(change, choice, page.located, page.charset, page.guarded)
    check(page.located, page.body, page.charset, effective(operations))
    for winner in made:
        if any(conflict(ours, theirs) for ours in operations for theirs in winner.operations):
            raise RefusedError(f"'{winner.choice.experience.id}' changes the same place and wins")
    return operations


def _operations(made: Iterable[_Made]) -> list[Operation]:
    return [operation for each in made for operation in each.operations]


def _cut(page: Page, made: Iterable[_Made]) -> Pieces:
    return cut(page.located, page.body, page.charset, _operations(made))


def _agrees(page: Page, made: Sequence[_Made]) -> bool:
    operations = _operations(made)
    pieces = cut(page.located, page.body, page.charset, operations)
    choices = Decision(tuple(each.choice for each in made), (), b"")
    filled = b"".join(Cut(pieces, page.charset, ()).fill(choices))
    return agrees(page.located, page.body, filled, page.charset, operations)


def _agreeing(page: Page, made: Sequence[_Made]) -> tuple[list[_Made], list[LeftOut]]:
    """The choices that can be made, each tried with those that win over it, and those that can't."""
    kept: list[_Made] = []
    left_out: list[LeftOut] = []
    for each in made:
        if _agrees(page, [*kept, each]):
            kept.append(each)
            continue
        selectors = ", ".join(change.select for change in each.choice.experience.changes)
        left_out.append(LeftOut(each.choice.experience.id, selectors, DISAGREED))
    return kept, left_out


DISAGREED = "the page's markup there means something else once it is changed (misnested elements, as a rule)"
