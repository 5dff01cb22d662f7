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


def percent(share: float) -> str:
    """A share, of 1, as a rule would write it.

    >>> percent(0.125), percent(1 / 3), percent(1.2)
    ('12.5%', '33.33%', '120%')
    """
    return f"{share * 100:.4g}%"
