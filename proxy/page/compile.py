"""From a page and a decision to a cut: which choices can be made on this page, and what it becomes.

Pure: what is remembered of pages is `proxy.page.memory`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from proxy.page.changes import guarded_elements, operations_of
from proxy.page.charset import Charset, charset_of
from proxy.page.cut import cut, edits_of
from proxy.page.edits import Edit
from proxy.page.locate import Located, MissedError, RefusedError
from proxy.page.operations import Operation, conflict, effective
from proxy.page.scan import is_bomb
from proxy.page.verify import agrees, bearable
from proxy.page.writing import SAMPLE, Hole, Pieces, escaped
from rules.decision import Choice, Decision
from rules.model import Change

DISAGREED = "the page's markup there means something else once it is changed (misnested elements, as a rule)"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An experience that was decided for and is not on the page: at which selector, and why.

    `is_missed` is whether that is because the selector does not find its place.
    """

    experience: str
    selector: str
    why: str
    is_missed: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """A page with a decision's changes applied: bytes, hole, bytes, …, bytes. `shown` names what is really on it."""

    pieces: Pieces
    charset: Charset
    shown: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()
    holes: tuple[tuple[int, Hole], ...] = field(init=False, repr=False, compare=False)
    """Its holes, in order, each with its number among the pieces."""

    def __post_init__(self) -> None:
        holes = tuple((number, piece) for number, piece in enumerate(self.pieces) if isinstance(piece, Hole))
        object.__setattr__(self, "holes", holes)

    def fill(self, decision: Decision | None) -> list[bytes]:
        """Its pieces with this visitor's values, to be joined; without holes it needs no decision."""
        choices = {choice.experience.id: choice for choice in decision.choices} if decision else {}
        filled: list[bytes | Hole] = list(self.pieces)
        for number, hole in self.holes:
            filled[number] = self._value(hole, choices[hole.experience])
        return cast("list[bytes]", filled)

    def _value(self, hole: Hole, choice: Choice) -> bytes:
        """What a hole holds for this visitor."""
        rendering = choice.renderings[choice.variant.fragments[hole.fragment]]
        return self.charset.encode(escaped(rendering.values[hole.value], hole.mode))


def uncut(markup: bytes) -> Cut:
    """A page as it is, whatever its charset: nothing is shown on it."""
    return Cut((markup,), Charset("undeclared", "ascii"), ())


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
            raise BombError("it has, or would become, too many elements")
        self.located = Located(body)
        self.guarded = guarded_elements(self.located)


class Compiled(NamedTuple):
    """A cut, and the edits of the page's bytes that make it."""

    cut: Cut
    edits: tuple[Edit, ...]


def compile_cut(page: Page, decision: Decision, *, aside: frozenset[str], verify: bool) -> Cut:
    """The same without the edits."""
    return compiled(page, decision, aside=aside, verify=verify).cut


def compiled(page: Page, decision: Decision, *, aside: frozenset[str], verify: bool) -> Compiled:
    """The page with every choice made that can be made on it, in the order in which they win.

    `aside` are the digests of variants that are left out since an earlier verification disagreed. With `verify`
    the result is one that the second engine agrees with, and an experience that it disagrees with is left out.
    """
    made, left_out, edits = _resolve(page, (c for c in decision.choices if c.variant.digest not in aside))
    pieces = cut(page.body, edits)
    if verify and made:
        if not bearable(page.located):
            raise BombError("its elements are nested too deep, or have too many attributes")
        if not _agrees(page, made, pieces):
            made, disagreed, edits = _agreeing(page, made)
            left_out += disagreed
            pieces = cut(page.body, edits)
    shown = tuple(each.choice.experience.id for each in made)
    return Compiled(Cut(pieces, page.charset, shown, tuple(left_out)), edits)


def _resolve(page: Page, choices: Iterable[Choice]) -> tuple[list[_Made], list[LeftOut], tuple[Edit, ...]]:
    """The choices that can be made, those that can't, and the edits of all that can."""
    made: list[_Made] = []
    left_out: list[LeftOut] = []
    edits: tuple[Edit, ...] = ()
    for choice in choices:
        try:
            operations, edits = _make(page, choice, made)
        except _LeftOutError as error:
            cause = error.__cause__
            is_missed = isinstance(cause, MissedError)
            left_out.append(LeftOut(choice.experience.id, error.change.select, str(cause), is_missed))
            continue
        if operations:
            made.append(_Made(choice, operations))
        else:
            first = choice.variant.changes[0].select
            left_out.append(LeftOut(choice.experience.id, first, "none of its changes, all optional, could be made"))
    return made, left_out, edits


class _LeftOutError(Exception):
    """An experience can't be made since this change can't; the cause says why."""

    def __init__(self, change: Change) -> None:
        super().__init__(change.select)
        self.change = change


def _make(page: Page, choice: Choice, winners: Sequence[_Made]) -> tuple[tuple[Operation, ...], tuple[Edit, ...]]:
    """The experience's operations, and the edits of all that win and of these together."""
    steps: list[tuple[Change, list[Operation]]] = []
    for change in choice.variant.changes:
        try:
            operations = operations_of(change, choice, page.located, page.charset, page.guarded)
            _refuse_conflict(operations, winners)
            if change.optional:
                _edits(page, winners, [*_flat(steps), *operations])
        except RefusedError as error:
            if change.optional:
                continue
            raise _LeftOutError(change) from error
        steps.append((change, operations))
    try:
        return tuple(effective(_flat(steps))), _edits(page, winners, _flat(steps))
    except RefusedError as error:
        # All together at first, since that is how it nearly always goes; now to find the one.
        raise _LeftOutError(_first_refused(page, winners, steps)) from error


def _first_refused(page: Page, winners: Sequence[_Made], steps: Sequence[tuple[Change, list[Operation]]]) -> Change:
    for count, (change, _) in enumerate(steps, 1):
        try:
            _edits(page, winners, _flat(steps[:count]))
        except RefusedError:
            return change
    return steps[-1][0]


def _flat(steps: Iterable[tuple[Change, list[Operation]]]) -> list[Operation]:
    return [operation for _, operations in steps for operation in operations]


def _refuse_conflict(operations: Sequence[Operation], winners: Iterable[_Made]) -> None:
    for winner in winners:
        if conflict(operations, winner.operations):
            raise RefusedError(f"'{winner.choice.experience.id}' changes the same place and wins")


def _edits(page: Page, winners: Iterable[_Made], operations: Iterable[Operation]) -> tuple[Edit, ...]:
    return edits_of(page.located, page.body, page.charset, [*_operations(winners), *effective(operations)])


def _operations(made: Iterable[_Made]) -> list[Operation]:
    return [operation for each in made for operation in each.operations]


def _agrees(page: Page, made: Sequence[_Made], pieces: Pieces) -> bool:
    sample = page.charset.encode(SAMPLE)
    filled = b"".join(sample if isinstance(piece, Hole) else piece for piece in pieces)
    return agrees(page.located, page.body, filled, page.charset, _operations(made))


def _agreeing(page: Page, made: Sequence[_Made]) -> tuple[list[_Made], list[LeftOut], tuple[Edit, ...]]:
    """The choices that can be made, each tried with those that win over it, those that can't, and the edits."""
    kept: list[_Made] = []
    left_out: list[LeftOut] = []
    edits: tuple[Edit, ...] = ()
    for each in made:
        tried = _edits(page, kept, each.operations)
        if _agrees(page, [*kept, each], cut(page.body, tried)):
            kept.append(each)
            edits = tried
            continue
        selectors = ", ".join(change.select for change in each.choice.variant.changes)
        left_out.append(LeftOut(each.choice.experience.id, selectors, DISAGREED))
    return kept, left_out, edits
