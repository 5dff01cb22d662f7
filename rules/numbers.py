"""Numbers as text: of rules, and of signals that arrive as text. No locale, no exponent, no infinity."""

from __future__ import annotations

import re

# Thirty digits: more is no number of anyone's, and int() would take its time.
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?|[+-]?\.[0-9]{1,30}")


def parse_number(word: str) -> float | None:
    """The number that a text says, None where it says none.

    >>> parse_number("12"), parse_number("-.5"), parse_number("1,000"), parse_number("1e9")
    (12, -0.5, None, None)
    """
    if _NUMBER.fullmatch(word) is None:
        return None
    return float(word) if "." in word else int(word)
