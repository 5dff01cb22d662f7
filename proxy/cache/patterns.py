"""Lists of names, of parameters and of cookies: names, and globs with `*`, whose case is ignored. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class CookiePatterns:
    """A list of cookies, to be looked for in `Cookie` fields as they come: in linear time, and without parting them.

    With `in_php` a name's underscore stands for whatever PHP reads as one, too: a dot, a blank, a bracket, a plus.
    """

    globs: tuple[str, ...]
    in_php: bool = False
    _pair: re.Pattern[bytes] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = "|".join(map(_name_pattern, dict.fromkeys(self.globs)))
        if self.in_php:
            names = names.replace("_", r"[_. \[+]")
        pair = rf"(?:(?<=;)|\A)[ \t]*+(?:{names})[ \t]*+(?:=[^;]*+)?+(?:;|\Z)"
        object.__setattr__(self, "_pair", re.compile(pair.encode(), re.IGNORECASE) if names else None)

    def are_in(self, cookies: bytes) -> bool:
        """Whether one of them is there.

        >>> CookiePatterns(("SESS*", "cart")).are_in(b"theme=dark; SESSf00=1")
        True
        """
        return self._pair is not None and self._pair.search(cookies) is not None

    def taken_off(self, cookies: bytes) -> bytes:
        """The field without them; the same where none is there.

        >>> CookiePatterns(("_ga", "_ga_*")).taken_off(b"_ga=1; theme=dark; _ga_X=2")
        b'theme=dark'
        """
        if self._pair is None or (left := self._pair.sub(b"", cookies)) == cookies:
            return cookies
        return left.strip(b"; \t")


def _name_pattern(glob: str) -> str:
    """A glob's pieces are sought from left to right, each once; only what follows the last star is tried again."""
    first, *between = map(re.escape, glob.split("*"))
    if not between:
        return first
    last = between.pop()
    return first + "".join(f"(?>[^=;]*?{piece})" for piece in between) + (f"[^=;]*{last}" if last else "[^=;]*+")
