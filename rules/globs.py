"""Text with `*` for any characters, ignoring case: of conditions, hosts and query parameters."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TextGlob:
    """A pattern over a whole text.

    Case is ignored as Unicode folds it (`Straße` is `STRASSE`). The pieces between stars are sought from left to
    right, each once, so a hostile text costs no more than its length for each piece.

    >>> TextGlob("*bank*").matches("Sparebanken Vest")
    True
    """

    written: str
    _pieces: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_pieces", tuple(self.written.casefold().split("*")))

    def matches(self, text: str) -> bool:
        """Whether the whole text fits."""
        return self.matches_folded(text.casefold())

    def matches_folded(self, text: str) -> bool:
        """The same for a text that is folded already."""
        first, *between = self._pieces
        if not between:
            return text == first
        last = between.pop()
        if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in between:
            found = text.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True
