"""What a cell of an accounts file may say: names, numbers, countries, domains, ranges and network numbers.

Each function reads one cell, and raises MistakeError with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from proxy.company.domains import DomainError, is_plain_domain, read_domain
from proxy.company.ranges import AddressRange, read_ranges
from proxy.company.table import Cell
from rules.context import Value
from rules.errors import MistakeError, did_you_mean
from rules.numbers import parse_number
from rules.signals import COMMON_NAMES, COUNTRIES

MAX_TEXT_LENGTH = 500
MAX_CELL_LENGTH = 50_000
MAX_ASN = (1 << 32) - 1

_SEPARATORS = str.maketrans(",;|", "   ")
# The names of lists may have spaces in them.
_LIST_SEPARATORS = re.compile(r"\s*[,;|\n\r]+\s*")
_DASH = re.compile(r"\s*[-–]\s*")  # spreadsheets make one of the other
_GROUPED = re.compile(r"\d{1,3}(?:[ ,'’\u00a0\u202f]\d{3})+(?:\.\d+)?")
_GROUPS = re.compile(r"[ ,'’\u00a0\u202f]")
_DOTTED = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+|\d+,\d+")
_ASN = re.compile(r"(?:ASN?\s*)?(\d{1,10})", re.IGNORECASE)
_AS_AND_NUMBER = re.compile(r"\b(ASN?)\s+(?=\d)", re.IGNORECASE)
_LEADING_ZERO = re.compile(r"[+-]?0\d")
_COUNTRIES = frozenset(COUNTRIES)


def text(cell: Cell) -> str:
    """One line of text; line breaks inside of it, which spreadsheets allow, are spaces."""
    if isinstance(cell, tuple):
        raise MistakeError("one text is wanted, not a list")
    if len(cell) <= MAX_TEXT_LENGTH and cell.isascii() and cell.isprintable() and "  " not in cell:
        return cell.strip()
    words = " ".join(cell.split())
    if len(words) > MAX_TEXT_LENGTH:
        raise MistakeError(f"the text is longer than {MAX_TEXT_LENGTH} characters")
    if not words.isprintable():
        raise MistakeError("there is a control character in the text", hint="type it anew")
    return words


def listed(cell: Cell) -> tuple[str, ...]:
    """Several texts: a YAML list, or separated by `,` `;` `|` or line breaks."""
    parts = cell if isinstance(cell, tuple) else _LIST_SEPARATORS.split(_bounded(cell))
    return tuple(dict.fromkeys(word for part in parts if (word := text(part))))


def number(cell: Cell) -> float | None:
    """A number in digits, perhaps in groups of three; None where nothing is written.

    >>> number("12 500"), number("12,500"), number("0.5")
    (12500, 12500, 0.5)
    """
    word = text(cell)
    if not word:
        return None
    if (read := parse_number(word)) is not None and not _DOTTED.fullmatch(word):
        return read
    if _GROUPED.fullmatch(word):
        return parse_number(_GROUPS.sub("", word))
    if _DOTTED.fullmatch(word):
        hint = "write it without separators, with a point before decimals"
        raise MistakeError(f"`{word}` can be two numbers", hint=hint)
    hint = "write digits, such as 1200; for words take a column of your own"
    raise MistakeError(f"`{word}` is not a number", hint=hint)


def country(cell: Cell) -> str:
    """A country's two letters, ISO 3166-1 alpha-2; empty where nothing is written."""
    word = text(cell)
    code = COMMON_NAMES.get(word.lower(), word.upper())
    if not word or code in _COUNTRIES:
        return code if word else ""
    hint = did_you_mean(code, COUNTRIES) if len(code) == 2 else "such as NO or DE"
    raise MistakeError(f"`{word}` is not a country's two letters (ISO 3166-1)", hint=hint)


def domains(cell: Cell) -> tuple[str, ...]:
    """Domains, from domains, URLs or what stands behind an @; the first one is the company's own."""
    if isinstance(cell, str) and is_plain_domain(cell):
        return (cell,)
    return tuple(dict.fromkeys(map(_domain, _words(cell))))


def _domain(word: str) -> str:
    try:
        return read_domain(word)
    except DomainError as error:
        raise MistakeError(str(error), hint="write it like nordea.example") from None


def ranges(cell: Cell) -> tuple[AddressRange, ...]:
    """Ranges of addresses: networks, addresses, and first-last."""
    if isinstance(cell, str) and ("-" in cell or "–" in cell):
        cell = _DASH.sub("-", cell)
    words = _words(cell)
    if len(words) == 1:
        return read_ranges(words[0])
    return tuple(dict.fromkeys(block for word in words for block in read_ranges(word)))


def asns(cell: Cell) -> tuple[int, ...]:
    """Numbers of autonomous systems: 64496 or AS64496."""
    if isinstance(cell, str):
        cell = _AS_AND_NUMBER.sub(r"\1", cell)
    return tuple(dict.fromkeys(map(_asn, _words(cell))))


def _asn(word: str) -> int:
    read = _ASN.fullmatch(word)
    if read is None or not 0 < int(read[1]) <= MAX_ASN:
        raise MistakeError(f"`{word}` is not the number of a network", hint="write it like AS64496")
    return int(read[1])


def own_values(column: Sequence[Cell]) -> list[Value | None]:
    """A column of the team's own: numbers if all of it looks like numbers, else texts. A YAML list is a list."""
    read: dict[Cell, Value | None] = {
        cell: (listed(cell) if isinstance(cell, tuple) else text(cell)) for cell in column
    }
    numbers = {cell: _plain_number(value) for cell, value in read.items() if value}
    said = read if None in numbers.values() else numbers
    return [said.get(cell) or None if said is read else said.get(cell) for cell in column]


def _plain_number(value: Value) -> float | None:
    # A postcode keeps its zero.
    return parse_number(value) if isinstance(value, str) and not _LEADING_ZERO.match(value) else None


def _words(cell: Cell) -> tuple[str, ...]:
    if isinstance(cell, tuple):
        return tuple(word for part in cell for word in _words(part))
    if not cell:
        return ()
    return tuple(_bounded(cell).translate(_SEPARATORS).split())


def _bounded(cell: str) -> str:
    if len(cell) > MAX_CELL_LENGTH:
        raise MistakeError(f"the cell is longer than {MAX_CELL_LENGTH:,} characters")
    return cell
