"""A file of accounts -> rows of cells, each with the line it begins on: CSV as spreadsheets write it, or YAML.

Owns the formats and their bounds. What a column is for, and what a cell may say, is `proxy.company.columns`'s.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rules import source
from rules.errors import MistakeError, Position
from rules.nodes import Entries, Node, Scalar
from rules.nodes import Sequence as NodeList

MAX_FILE_BYTES = 64 << 20
MAX_ROWS = 250_000
MAX_COLUMNS = 100
YAML_SUFFIXES = (".yaml", ".yml")

_DELIMITERS = ",;\t|"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_AS_CSV = "in a spreadsheet choose “CSV UTF-8” when you save"

Cell = str | tuple[str, ...]
"""What stands in a cell; a list only YAML has."""


class Row(NamedTuple):
    """One account as it was written: a cell for each column, empty ones as well."""

    line: int
    cells: Sequence[Cell]


class Table(NamedTuple):
    """A file's columns, as they are headed, and its rows. Reading the rows may raise MistakeError."""

    header_line: int
    columns: tuple[str, ...]
    rows: Iterable[Row]


def read_table(path: Path) -> Table:
    """The table in a file. Raise OSError or MistakeError."""
    with path.open("rb") as file:
        raw = file.read(MAX_FILE_BYTES + 1)
    if len(raw) > MAX_FILE_BYTES:
        hint = "leave out the columns and accounts that no rule needs"
        raise MistakeError(f"the file is larger than {MAX_FILE_BYTES:,} bytes", hint=hint, position=_at(path, 1))
    return _yaml_table(path, raw) if path.suffix.lower() in YAML_SUFFIXES else _csv_table(path, raw)


def _csv_table(path: Path, raw: bytes) -> Table:
    text = _text(path, raw)
    delimiter = _delimiter(text)
    # A file of Excel's may begin by naming its separator.
    skipped = 1 if text[:4].lower() == "sep=" else 0
    lines = io.StringIO(text, newline="")
    for _ in range(skipped):
        lines.readline()
    records = _records(path, lines, delimiter, skipped)
    header = next(records, None)
    if header is None:
        hint = "begin with a line of column names, such as name,domains,cidrs"
        raise MistakeError("there is nothing in the file", hint=hint, position=_at(path, 1))
    columns = tuple(str(cell) for cell in header.cells)
    # Spreadsheets like to write a few empty columns more.
    while columns and not columns[-1].strip():
        columns = columns[:-1]
    if len(columns) > MAX_COLUMNS:
        raise MistakeError(f"there are more than {MAX_COLUMNS} columns", position=_at(path, header.line))
    return Table(header.line, columns, _even_rows(path, records, len(columns)))


def _text(path: Path, raw: bytes) -> str:
    if raw.startswith(_UTF16_MARKS):
        raise MistakeError("the file is UTF-16", hint=_AS_CSV, position=_at(path, 1))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"the file is not UTF-8 (byte 0x{raw[error.start]:02X})"
        raise MistakeError(message, hint=_AS_CSV, position=_at(path, line)) from None


def _delimiter(text: str) -> str:
    """What stands between cells: the line that names it says so, else it is what the header has most of."""
    first = next((line for line in io.StringIO(text, newline="") if line.strip()), "")
    if first[:4].lower() == "sep=" and first[4:5] in _DELIMITERS:
        return first[4]
    unquoted = "".join(first.split('"')[::2])
    return max(_DELIMITERS, key=unquoted.count)


def _records(path: Path, lines: io.StringIO, delimiter: str, skipped: int) -> Iterator[Row]:
    """The records that are not empty, each with its first line; a quoted cell may hold line breaks."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = skipped + 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield Row(line, cells)
            line = reader.line_num + skipped + 1
    except csv.Error as error:
        hint = 'write a quote inside of quotes twice: ""'
        raise MistakeError(f"no CSV from here on: {error}", hint=hint, position=_at(path, line)) from None


def _even_rows(path: Path, records: Iterator[Row], width: int) -> Iterator[Row]:
    for number, row in enumerate(records, start=1):
        if number > MAX_ROWS:
            raise _too_many_rows(path, row.line)
        line, cells = row
        if len(cells) > width:
            if any(str(cell).strip() for cell in cells[width:]):
                message = f"there are {len(cells)} cells, and {width} columns"
                hint = "put a cell that holds the separator in quotes"
                raise MistakeError(message, hint=hint, position=_at(path, line))
            row = Row(line, cells[:width])
        elif len(cells) < width:
            row = Row(line, [*cells, *[""] * (width - len(cells))])
        yield row


def _yaml_table(path: Path, raw: bytes) -> Table:
    root = source.parse(source.decode(str(path), raw))
    if isinstance(root, Entries):
        # A file may hold the list alone, or under a heading.
        root = root.get("accounts")
    if not isinstance(root, NodeList):
        hint = "write a list: `- name: …`, with the account's other columns below"
        raise MistakeError("there is no list of accounts in the file", hint=hint, position=_at(path, 1))
    accounts = [_entries(path, node) for node in root.items]
    columns = tuple(dict.fromkeys(key.text for account in accounts for key, _ in account.pairs))
    if len(columns) > MAX_COLUMNS:
        raise MistakeError(f"there are more than {MAX_COLUMNS} columns", position=_at(path, 1))
    return Table(1, columns, _yaml_rows(path, accounts, columns))


def _entries(path: Path, node: Node) -> Entries:
    if isinstance(node, Entries):
        return node
    hint = "write `- name: …`, with the account's other columns below"
    raise MistakeError("an account is `column: value` lines", hint=hint, position=node.position)


def _yaml_rows(path: Path, accounts: Iterable[Entries], columns: Sequence[str]) -> Iterator[Row]:
    for number, account in enumerate(accounts, start=1):
        if number > MAX_ROWS:
            raise _too_many_rows(path, account.position.line)
        cells = {key.text: _cell(key.text, node) for key, node in account.pairs}
        yield Row(account.position.line, [cells.get(column, "") for column in columns])


def _cell(column: str, node: Node) -> Cell:
    if isinstance(node, Scalar):
        return "" if node.is_null else node.text
    if isinstance(node, NodeList) and all(isinstance(item, Scalar) for item in node.items):
        return tuple(item.text for item in node.items if isinstance(item, Scalar))
    raise MistakeError(f"`{column}` wants a text or a list of texts", position=node.position)


def _too_many_rows(path: Path, line: int) -> MistakeError:
    hint = "leave out the accounts that no rule is for"
    return MistakeError(f"there are more than {MAX_ROWS:,} accounts", hint=hint, position=_at(path, line))


def _at(path: Path, line: int) -> Position:
    return Position(str(path), line, 1)
