"""Lengths of time as rules write them: `30d`, `2w`, `12h`, `5m`."""

from __future__ import annotations

import re
from datetime import timedelta

PERIOD = r"[1-9]\d{0,4}[mhdw]"
"""The pattern of one, as it stands in the name of a signal."""

_WRITTEN = re.compile(r"([1-9]\d{0,4}) ?(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_period(word: str) -> timedelta | None:
    """The length of time, or None where the word is none.

    >>> parse_period("30d")
    datetime.timedelta(days=30)
    """
    found = _WRITTEN.fullmatch(word)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found is not None else None
