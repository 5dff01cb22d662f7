"""Lists of names that operators write, of parameters and of cookies: names, and globs with `*`. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from rules.globs import TextGlob


@dataclass(frozen=True, slots=True)
class NamePatterns:
    """A list of names and globs, ready to be asked; case is ignored."""

    names: frozenset[str]
    globs: tuple[TextGlob, ...]

    @classmethod
    def of(cls, written: Iterable[str]) -> Self:
        """The list of what is written."""
        folded = dict.fromkeys(pattern.casefold() for pattern in written)
        return cls(
            frozenset(pattern for pattern in folded if "*" not in pattern),
            tuple(TextGlob(pattern) for pattern in folded if "*" in pattern),
        )

    def has(self, name: str) -> bool:
        """Whether a name is listed.

        >>> NamePatterns.of(["utm_*", "gclid"]).has("UTM_source")
        True
        """
        folded = name.casefold()
        return folded in self.names or any(glob.matches_folded(folded) for glob in self.globs)
