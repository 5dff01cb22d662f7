"""Dates of HTTP, in the three forms that recipients have to read (RFC 9110 §5.6.7). Pure."""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, datetime

_MONTHS = {name: number for number, name in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_TIME = rb"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_MONTH = rb"(?P<month>[a-z]{3})"
_FORMS = (
    # Sun, 06 Nov 1994 08:49:37 GMT
    re.compile(rb"[a-z]{3}, (?P<day>\d\d) %b (?P<year>\d{4}) %b gmt" % (_MONTH, _TIME)),
    # Sunday, 06-Nov-94 08:49:37 GMT, of RFC 850
    re.compile(rb"[a-z]{6,9}, (?P<day>\d\d)-%b-(?P<year>\d\d) %b gmt" % (_MONTH, _TIME)),
    # Sun Nov  6 08:49:37 1994, of C's asctime()
    re.compile(rb"[a-z]{3} %b (?P<day>[ \d]\d) %b (?P<year>\d{4})" % (_MONTH, _TIME)),
)


def parse_date(value: bytes, now: float) -> int | None:
    """The moment that a date tells; None for what is none of the three forms, or no day of the calendar.

    Case is ignored, and a zone other than GMT is none (RFC 9111 §4.2). `now` settles a year of two digits: one that
    seems more than 50 years ahead is the latest in the past that ends so. A leap second counts as the one before it.

    >>> parse_date(b"Sun, 06 Nov 1994 08:49:37 GMT", now=0)
    784111777
    """
    written = value.strip(b" \t").lower()
    found = next((found for form in _FORMS if (found := form.fullmatch(written))), None)
    if found is None or found["month"] not in _MONTHS:
        return None
    year = int(found["year"])
    moment = _moment(year, found) if len(found["year"]) == 4 else _nearest(year, found, now)
    return None if moment is None else timegm(moment.timetuple())


def _nearest(year: int, found: re.Match[bytes], now: float) -> datetime | None:
    """The latest moment with these last two digits of its year that is no more than 50 years ahead."""
    this = datetime.fromtimestamp(now, UTC)
    for century in range(this.year // 100 + 1, 0, -1):
        moment = _moment(century * 100 + year, found)
        # By the calendar: 50 years are not always as many days.
        if moment is not None and (moment.year - 50, *moment.timetuple()[1:6]) <= this.timetuple()[:6]:
            return moment
    return None


def _moment(year: int, found: re.Match[bytes]) -> datetime | None:
    second = 59 if found["second"] == b"60" else int(found["second"])
    day, hour, minute = (int(found[part]) for part in ("day", "hour", "minute"))
    try:
        return datetime(year, _MONTHS[found["month"]], day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
