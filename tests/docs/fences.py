"""The fenced blocks and the tables of a Markdown page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^```(\S+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, the word behind that, and its text; `line` counts from 1 in the page."""

    language: str
    note: str
    text: str
    line: int


def blocks(page: str, language: str) -> tuple[Block, ...]:
    """The blocks of one language, in the order of the page (`docs/rules.md`, from the root of the project)."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return tuple(
        Block(found[1], found[2] or "", found[3], text.count("\n", 0, found.start()) + 1)
        for found in _FENCE.finditer(text)
        if found[1] == language
    )


def prose(page: str) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))


def rows(page: str) -> Iterator[tuple[str, ...]]:
    """The cells of every table's rows, without their white space; heads are rows too."""
    for line in prose(page).splitlines():
        if line.startswith("|") and not line.startswith("|--"):
            yield tuple(cell.strip() for cell in line.strip("|").split(" | "))


def code_words(text: str) -> tuple[str, ...]:
    """What stands between backticks."""
    return tuple(re.findall(r"`([^`]+)`", text))
