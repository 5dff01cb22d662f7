"""What a site may vouch for of a visitor: which names and values become signals `visitor.<name>`, however they come.

Who is believed, and how that is checked, is `proxy.visitor.vouched`'s and its neighbours'.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from itertools import islice

from proxy.settings.vouched import is_attribute
from proxy.visitor.cookies import MAX_VALUE_LENGTH
from rules.context import Value

Attributes = Mapping[str, Value]
"""Values by the names of attributes, without `visitor.`."""

MAX_ATTRIBUTES = 50
MAX_ITEMS = 50
MAX_NUMBER = 2**53
"""Beyond it not every program reads the same number (RFC 8259 §6)."""
LEEWAY = timedelta(minutes=1)
"""How far the clocks of the site and of Tailor may be apart."""

logger = logging.getLogger(__name__)


def attributes_of(told: Mapping[str, object]) -> dict[str, Value]:
    """What can be a signal, of values as JSON has them; dates stay texts, and what is nested is left out.

    >>> attributes_of({"plan": "pro", "seats": 5, "lists": ["a", "b"], "address": {"city": "Oslo"}, "new": True})
    {'plan': 'pro', 'seats': 5, 'lists': ('a', 'b')}
    """
    values = ((name, _value(value)) for name, value in told.items() if is_attribute(name))
    return dict(islice(((name, value) for name, value in values if value is not None), MAX_ATTRIBUTES))


def seconds_of(told: object) -> float:
    """A moment as tokens tell it, in seconds since 1970 (NumericDate, RFC 7519 §2). Raises ValueError."""
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise ValueError("no number")
    try:
        seconds = float(told)
    except OverflowError as error:
        raise ValueError("too large a number") from error
    if math.isnan(seconds):
        raise ValueError("no number")
    return seconds


def _value(told: object) -> Value | None:
    match told:
        case bool():
            return told
        case int() | float():
            return told if abs(told) <= MAX_NUMBER else None
        case str():
            return told if _is_text(told) else None
        case list() if 0 < len(told) <= MAX_ITEMS and all(isinstance(each, str) and _is_text(each) for each in told):
            return tuple(told)
        case _:
            return None


def _is_text(told: str) -> bool:
    return 0 < len(told) <= MAX_VALUE_LENGTH and told.isprintable()


class Refusals:
    """Counts what was not believed, by reason, and tells the first of each in the log, without quoting it.

    A site that signs wrongly should be seen, and whoever sends thousands should not fill the disk.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self.counts: Counter[str] = Counter()

    def note(self, why: str) -> None:
        """One more was not believed."""
        self.counts[why] += 1
        if self.counts[why] == 1:
            logger.warning(
                "%s was not believed: %s. Others like it are counted in the status, not logged", self._what, why
            )

    def fitting(self, told: Mapping[str, object]) -> Attributes:
        """The attributes that were told; one that can't be a signal is noted. What is empty was not told."""
        given = {name: value for name, value in told.items() if value not in (None, "", [])}
        attributes = attributes_of(given)
        if len(attributes) < len(given):
            self.note("a name or a value in it can't be a signal")
        return attributes
