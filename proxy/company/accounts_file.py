"""Reads the file of target accounts: all of it, or all that is wrong with it.

Owns how rows become accounts. Formats are `proxy.company.table`'s, what a cell may say is `proxy.company.cells`', and
what may be said and is hardly meant is `proxy.company.audit`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from proxy.collector import collector_paused
from proxy.company import cells
from proxy.company.account import FIXED_COLUMNS, Account, Accounts
from proxy.company.columns import read_layout
from proxy.company.table import Cell, Table, read_table
from rules.context import Value
from rules.errors import MistakeError, Position, Problem

T = TypeVar("T")

MAX_PROBLEMS = 100
"""So many are told of one file; one mistake in a column is made in every row."""


class AccountsError(Exception):
    """A file of accounts that can't be used; `problems` tells all that is wrong, each with its line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


def load_accounts(path: Path) -> Accounts:
    """The accounts of a file. Raise AccountsError or OSError."""
    problems = _Problems(path)
    accounts: list[Account] = []
    with collector_paused():
        with problems.at(1):
            table = read_table(path)
            with problems.at(table.header_line):
                accounts = _Reader(table, problems).accounts()
        if problems.found:
            raise AccountsError(problems.found)
        return Accounts(accounts)


class _Problems:
    """All that is wrong with one file, up to a bound."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.found: list[Problem] = []

    @contextmanager
    def at(self, line: int) -> Iterator[None]:
        """Note a MistakeError inside, at its own position or on this line."""
        try:
            yield
        except MistakeError as mistake:
            self.add(mistake, line)

    def add(self, mistake: MistakeError, line: int, column: str = "") -> None:
        """Note a mistake in a cell of `column`. Once there are too many, the file is read no further."""
        what = f"{column}: {mistake.message}" if column else mistake.message
        self.found.append(Problem(mistake.position or Position(str(self._path), line, 1), what, mistake.hint))
        if len(self.found) == MAX_PROBLEMS:
            message = f"{MAX_PROBLEMS} problems so far, the rest of the file is not read"
            self.found.append(Problem(Position(str(self._path), line, 2), message))
            raise AccountsError(self.found)


class _Reader:
    """Reads a file column by column: what a column says again and again is read once."""

    def __init__(self, table: Table, problems: _Problems) -> None:
        self._layout = read_layout(table.columns)
        self._headings = table.columns
        self._problems = problems
        self._rows = [*table.rows]

    def accounts(self) -> list[Account]:
        domains = self._column("domains", cells.domains)
        fixed: list[Sequence[Value | None]] = [
            self._column("name", _required),
            self._column("alias", cells.text),
            [own[0] if own else None for own in domains],
            self._column("industry", cells.text),
            self._column("employees", cells.number),
            self._column("revenue", cells.number),
            self._column("country", cells.country),
            self._column("tier", cells.text),
            self._column("list", cells.listed),
        ]
        own = [self._own(name, self._written(index)) for name, index in self._layout.own.items()]
        columns = (*FIXED_COLUMNS, *self._layout.own)
        values = zip(*fixed, *own, strict=True)
        read = (domains, self._column("cidrs", cells.ranges), self._column("asns", cells.asns))
        keys = ([key or () for key in column] for column in read)
        lines = [row.line for row in self._rows]
        return [Account(columns, *known) for known in zip(values, lines, *keys, strict=True)]

    def _written(self, index: int) -> list[Cell]:
        # Not all columns in one go: a long call into C keeps the event loop from running beside this thread.
        return [row.cells[index] for row in self._rows]

    def _column(self, column: str, read: Callable[[Cell], T]) -> list[T | None]:
        """What its cells say: None where nothing is said, or something wrong, which is noted."""
        index = self._layout.meant.get(column)
        if index is None:
            return [None] * len(self._rows)
        written = self._written(index)
        distinct = dict.fromkeys(written)
        with suppress(MistakeError):
            said = {cell: read(cell) or None for cell in distinct}
            return [*said.values()] if len(said) == len(written) else [said[cell] for cell in written]
        # Only now is it worth looking which of them it was.
        known: dict[Cell, T | None] = {}
        mistakes: dict[Cell, MistakeError] = {}
        for cell in distinct:
            try:
                known[cell] = read(cell) or None
            except MistakeError as mistake:
                mistakes[cell] = mistake
        self._note(mistakes, written, self._headings[index].strip())
        return [known.get(cell) for cell in written]

    def _own(self, name: str, written: Sequence[Cell]) -> list[Value | None]:
        try:
            return cells.own_values(written)
        except MistakeError:
            # Only now is it worth looking which of them it was.
            mistakes = {cell: mistake for cell in set(written) if (mistake := _mistake_in(cell))}
            self._note(mistakes, written, name)
            return [None] * len(written)

    def _note(self, mistakes: Mapping[Cell, MistakeError], written: Sequence[Cell], column: str) -> None:
        for cell, row in zip(written, self._rows, strict=True):
            if cell in mistakes:
                self._problems.add(mistakes[cell], row.line, column)


def _mistake_in(cell: Cell) -> MistakeError | None:
    try:
        cells.own_values([cell])
    except MistakeError as mistake:
        return mistake
    return None


def _required(cell: Cell) -> str:
    if name := cells.text(cell):
        return name
    raise MistakeError("there is no name", hint="each account needs one; take the row out if it is none")
