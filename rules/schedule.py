"""When an experience is open: `when:` as a frozen value.

All of it is read on the clock on the wall of one time zone: the visitor's, the site's, or a named one. Moments are
compared as instants, so that an hour that comes twice, or not at all, is read once. Reading `when:` from a file is
`rules.load_schedule`'s; which days are holidays is for `rules.calendars`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from rules.calendars import is_holiday
from rules.context import Context
from rules.timezones import clock_change, visitor_zone

_DAY = timedelta(days=1)
_TICK = timedelta.resolution
# Further than a clock is ever from UTC, or put forward or back.
_MARGIN = timedelta(days=2)
# A week, and two more: what the clock skips one week is there the next.
_DAYS_TO_A_TURN = timedelta(days=22)
# Holidays may fall on one of `days` in some years only, or never.
_DAYS_TO_A_HOLIDAY = timedelta(days=4 * 366)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hours:
    """A daily window: `start` included, `end` not. One whose end is not after its start runs over midnight."""

    start: time
    end: time

    def day_of(self, local: datetime) -> date | None:
        """The day on which the window that is open now began; None where it is closed."""
        clock = local.time()
        if self.start < self.end:
            return local.date() if self.start <= clock < self.end else None
        if clock >= self.start:
            return local.date()
        return local.date() - _DAY if clock < self.end else None


@dataclass(frozen=True, slots=True)
class Holidays:
    """Only on public holidays, or with `wanted` false only on other days. Without a `country` it is the visitor's."""

    wanted: bool = True
    country: str | None = None

    def admits(self, day: date, visitor_country: object) -> bool:
        """Whether it is such a day; never where the country is not known."""
        return is_holiday(self.country or visitor_country, day) is self.wanted


@dataclass(frozen=True, slots=True)
class Schedule:
    """`when:` of an experience. `start` and `until` are inclusive, each a date, a moment of the zone, or an instant.

    `days` are ISO weekdays less one (Monday is 0), empty for every day. A window over midnight belongs to the day on
    which it began, for `days` and for `holidays`. `zone` is the zone that a rule names; without one it is the
    visitor's, or with `of_site` the site's.
    """

    start: date | datetime | None = None
    until: date | datetime | None = None
    days: frozenset[int] = frozenset()
    hours: tuple[Hours, ...] = ()
    holidays: Holidays | None = None
    zone: tzinfo | None = None
    of_site: bool = False
    written: str = ""

    @property
    def signals(self) -> frozenset[str]:
        """What it hangs on beside the clock."""
        zone = frozenset[str]() if self.zone is not None or self.of_site else frozenset({"geo.timezone"})
        of_visitor = self.holidays is not None and self.holidays.country is None
        return zone | {"geo.country"} if of_visitor else zone

    def is_open(self, context: Context, site_timezone: str) -> bool:
        """Whether the experience may be shown now."""
        return self._holds(self.local_time(context, site_timezone), context.get("geo.country"))

    def next_turn(self, after: datetime, zone: tzinfo, country: str | None = None) -> datetime | None:
        """The first moment later than `after` at which it opens or closes, in UTC; None where it never does.

        `zone` is the visitor's, or with `of_site` the site's; it does not count where the rule names one. `country` is
        the visitor's, for holidays; those are looked for four years ahead.
        """
        zone = self.zone or zone
        was_open = self._holds(after.astimezone(zone), country)
        for instant in self._possible_turns(after.astimezone(UTC), zone, country):
            if self._holds(instant.astimezone(zone), country) is not was_open:
                return instant
        return None

    def is_over(self, now: datetime) -> bool:
        """Whether it has closed for good, wherever on earth the visitor is."""
        if self.until is None:
            return False
        if isinstance(self.until, datetime) and self.until.tzinfo is not None:
            return now > self.until
        # The last place to leave a day is twelve hours behind UTC.
        return (now.astimezone(UTC) - timedelta(hours=12)).date() > _date_of(self.until)

    def is_apart_from(self, other: Schedule) -> bool:
        """Whether the two are surely never open at one moment, wherever the visitors of each are."""
        if _ends_before(self.until, other.start) or _ends_before(other.until, self.start):
            return True
        one_clock = self.zone == other.zone and self.of_site is other.of_site
        # A window over midnight belongs to the day before.
        by_day = not any(window.end <= window.start for window in (*self.hours, *other.hours))
        return one_clock and by_day and bool(self.days and other.days) and not self.days & other.days

    def can_open(self, now: datetime) -> bool:
        """Whether there is a moment at which it is open to somebody; without `from`, one that is still to come."""
        named = self.holidays is None or self.holidays.country is not None
        schedule = self if named else replace(self, holidays=None)
        if not (schedule.days or schedule.hours or schedule.holidays):
            return True
        if schedule.until is None and schedule.holidays is None:
            return True
        zone = schedule.zone or UTC
        begin = now if schedule.start is None else _rough(schedule.start, zone)
        return schedule.next_turn(begin - _MARGIN, zone) is not None

    def local_time(self, context: Context, site_timezone: str) -> datetime:
        """The clock that it is read by."""
        if self.zone is not None:
            return context.now.astimezone(self.zone)
        claimed = None if self.of_site else context.get("geo.timezone")
        return context.now.astimezone(visitor_zone(claimed, site_timezone))

    def _holds(self, local: datetime, country: object) -> bool:
        return self._within_dates(local) and self._within_hours(local, country)

    def _possible_turns(self, after: datetime, zone: tzinfo, country: object) -> Iterator[datetime]:
        """Every instant later than `after` at which it may turn, as far ahead as a turn can be."""
        ahead = _DAYS_TO_A_HOLIDAY if self.holidays is not None else _DAYS_TO_A_TURN
        closes = _rough(self.until if self.until is not None else date.max, zone)
        begin = after
        if self.start is not None:
            begin = max(after, _rough(self.start, zone) - _MARGIN)
        end = closes + _MARGIN
        yield from self._turns_between(begin, begin + min(end - begin, ahead), zone, country)
        if self.until is not None:
            yield from self._turns_between(max(after, closes - _MARGIN), end, zone, country)

    def _turns_between(self, begin: datetime, end: datetime, zone: tzinfo, country: object) -> Iterator[datetime]:
        """Day by day: where the clock comes to a bound, to midnight or the edge of a window, and where it is put."""
        moments = [bound for bound in (self.start, self.until) if isinstance(bound, datetime)]
        bounds = {_instant(moment, zone, fold) for moment in moments for fold in (0, 1)}
        bounds |= {instant + _TICK for instant in bounds if instant < _LAST}  # `until` is included
        edges = {time()}.union(*((window.start, window.end) for window in self.hours))
        while begin < end:
            first = begin.astimezone(zone).date()
            # A day of UTC has a part in two days of a zone, and in more where the clock is put over midnight.
            days = [first + step * _DAY for step in (-1, 0, 1, 2)]
            if any(self._is_day(day, country) for day in days):
                walls = [datetime.combine(day, edge) for day in days for edge in edges]
                found = bounds.union(_instant(wall, zone, fold) for wall in walls for fold in (0, 1))
                if (change := clock_change(zone, begin, begin + _DAY)) is not None:
                    found.add(change)
                yield from sorted(instant for instant in found if begin < instant <= begin + _DAY)
            begin += _DAY

    def _within_dates(self, local: datetime) -> bool:
        if self.start is not None and _is_before(local, self.start, fold=0):
            return False
        return self.until is None or not _is_after(local, self.until, fold=1)

    def _within_hours(self, local: datetime, country: object) -> bool:
        if not self.hours:
            return self._is_day(local.date(), country)
        days = (window.day_of(local) for window in self.hours)
        return any(day is not None and self._is_day(day, country) for day in days)

    def _is_day(self, day: date, country: object) -> bool:
        if self.days and day.weekday() not in self.days:
            return False
        return self.holidays is None or self.holidays.admits(day, country)


def _is_before(local: datetime, bound: date | datetime, *, fold: int) -> bool:
    if not isinstance(bound, datetime):
        return local.date() < bound
    return local.astimezone(UTC) < _instant(bound, local.tzinfo, fold)


def _is_after(local: datetime, bound: date | datetime, *, fold: int) -> bool:
    if not isinstance(bound, datetime):
        return local.date() > bound
    return local.astimezone(UTC) > _instant(bound, local.tzinfo, fold)


def _instant(moment: datetime, zone: tzinfo | None, fold: int) -> datetime:
    """The moment in UTC: two moments of one zone would be compared by the clock on the wall, which turns back."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone, fold=fold)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        # People write 9999-12-31 for "never", and west of Greenwich that ends in the year 10000.
        return _LAST if moment.year == _LAST.year else _FIRST


def _rough(bound: date | datetime, zone: tzinfo) -> datetime:
    """The bound in UTC, to a day; far enough from the ends of the calendar to reckon with."""
    moment = bound if isinstance(bound, datetime) else datetime.combine(bound, time())
    return min(max(_instant(moment, zone, 0), _FIRST + 2 * _MARGIN), _LAST - 2 * _MARGIN)


def _ends_before(until: date | datetime | None, start: date | datetime | None) -> bool:
    """Whether an end comes before a beginning in every zone on earth."""
    return until is not None and start is not None and _date_of(start) - _date_of(until) > _MARGIN


def _date_of(bound: date | datetime) -> date:
    return bound.date() if isinstance(bound, datetime) else bound
