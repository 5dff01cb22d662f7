"""Edits of a page's bytes: flat, in order, none over another; and a page's bytes with them made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise

from proxy.page.locate import RefusedError
from proxy.page.writing import Hole, Pieces


class Phase(IntEnum):
    """What is written first at an offset where a start tag, several ends and the next start tag meet."""

    BEGIN = 0
    END = 1
    NEXT = 2


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replaces `start:end`; several at one offset are written by `phase`, then `turn`."""

    start: int
    phase: Phase
    turn: tuple[int, int]
    end: int = field(compare=False)
    pieces: Pieces = field(compare=False)


def refuse_overlaps(edits: Iterable[Edit]) -> None:
    """Raises RefusedError where one of the edits, which are in order, reaches over the next."""
    if any(one.end > other.start for one, other in pairwise(edits)):
        raise RefusedError("its places overlap in a way that can't be cut")


def spliced(body: bytes, edits: Iterable[Edit], start: int, end: int) -> Pieces:
    """The bytes `start:end` with the edits made, which are in order; holes left open: bytes, hole, …, bytes."""
    return _joined(_spliced(body, edits, start, end))


def _spliced(body: bytes, edits: Iterable[Edit], start: int, end: int) -> Iterable[bytes | Hole]:
    position = start
    for edit in edits:
        yield body[position : edit.start]
        yield from edit.pieces
        position = edit.end
    yield body[position:end]


def _joined(pieces: Iterable[bytes | Hole]) -> Pieces:
    joined: list[bytes | Hole] = []
    run: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, Hole):
            joined += [b"".join(run), piece]
            run = []
        else:
            run.append(piece)
    return (*joined, b"".join(run))
