"""What a page says of an item of a list -> values that items are ranked by.

Pages are written for people, so a number comes with a currency, a unit and the separators of its country. Where in the
item it stands is the page's business.
"""

from __future__ import annotations

import re

from rules.numbers import parse_number

# More is no fact of an item.
_MAX_CHARACTERS = 1_000

# A number among other signs: groups of three (or of two before the last, as in India) and then decimals, or without
# groups. What goes on behind it with another separator is a date, a version or an address, and no number.
_WRITTEN_NUMBER = re.compile(
    r"""
    (?: (?<!\w) (?P<minus>[-−]) [$€£¥]? \ ? )?
    (?<![0-9][.,]) (?<![0-9])
    (?: (?P<grouped> [1-9][0-9]{0,2} (?P<separator>[.,'’ ]) (?:[0-9]{2,3}(?P=separator))* [0-9]{3} )
        (?: (?!(?P=separator)) [.,] (?P<decimals>[0-9]++) )?
      | (?P<plain> [0-9]{1,30} (?:[.,][0-9]{1,30})? | (?<![\w.,])\.[0-9]{1,30} )
    )
    (?! [0-9] | [.,][0-9] )
    """,
    re.VERBOSE,
)


def read_text(shown: str) -> str | None:
    """A text with single spaces; None where there is none.

    >>> read_text("  Rain \\n jacket ")
    'Rain jacket'
    """
    return " ".join(shown[:_MAX_CHARACTERS].split()) or None


def read_number(shown: str) -> float | None:
    """The first number in a text as a page shows it; None where there is none.

    A separator before exactly three digits groups thousands, unless a 0 stands before it; any other `.` or `,` begins
    the decimals.

    >>> [read_number(text) for text in ("$1,299.00", "1 299,50 kr", "1.299,-", "-12 %", "0,125 l", "v1.2.3")]
    [1299.0, 1299.5, 1299, -12, 0.125, None]
    """
    found = _WRITTEN_NUMBER.search(read_text(shown) or "")
    if found is None:
        return None
    if found["grouped"] is None:
        digits = found["plain"].replace(",", ".")
    else:
        digits = found["grouped"].replace(found["separator"], "")
        digits += f".{found['decimals']}" if found["decimals"] else ""
    number = parse_number(digits)
    return -number if number is not None and found["minus"] else number


def read_attribute_number(value: str) -> float | None:
    """The same of an attribute, which is for programs: where all of it is a plain number, its point is a point.

    >>> read_attribute_number("1.250"), read_attribute_number("1.250 kg")
    (1.25, 1250)
    """
    plain = parse_number(value.strip())
    return read_number(value) if plain is None else plain
