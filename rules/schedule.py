"""When an experience is open: `when:` as a frozen value.

All of it is read on the clock on the wall of one time zone: the visitor's, the site's, or a named one. Moments are
compared as instants, so that an hour that comes twice, or not at all, is read once. Reading `when:` from a file is
`rules.load_schedule`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from rules.context import Context
from rules.timezones import visitor_zone

_DAY = timedelta(days=1)


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
class Schedule:
    """`when:` of an experience. `start` and `until` are inclusive, each a date, a moment of the zone, or an instant.

    `days` are ISO weekdays less one (Monday is 0), empty for every day. A window over midnight belongs to the day on
    which it began. `zone` is the zone that a rule names; without one it is the visitor's, or with `of_site` the site's.
    """

    start: date | datetime | None = None
    until: date | datetime | None = None
    days: frozenset[int] = frozenset()
    hours: tuple[Hours, ...] = ()
    zone: tzinfo | None = None
    of_site: bool = False
    written: str = ""

    @property
    def signals(self) -> frozenset[str]:
        """What it hangs on beside the clock."""
        return frozenset() if self.zone is not None or self.of_site else frozenset({"geo.timezone"})

    def is_open(self, context: Context, site_timezone: str) -> bool:
        """Whether the experience may be shown now."""
        local = self.local_time(context, site_timezone)
        return self._within_dates(local) and self._within_days(local)

    def is_over(self, now: datetime) -> bool:
        """Whether it has closed for good, wherever on earth the visitor is."""
        if self.until is None:
            return False
        if isinstance(self.until, datetime) and self.until.tzinfo is not None:
            return now > self.until
        # The last place to leave a day is twelve hours behind UTC.
        return (now.astimezone(UTC) - timedelta(hours=12)).date() > _date_of(self.until)

    def local_time(self, context: Context, site_timezone: str) -> datetime:
        """The clock that it is read by."""
        if self.zone is not None:
            return context.now.astimezone(self.zone)
        claimed = None if self.of_site else context.get("geo.timezone")
        return context.now.astimezone(visitor_zone(claimed, site_timezone))

    def _within_dates(self, local: datetime) -> bool:
        if self.start is not None and _is_before(local, self.start, fold=0):
            return False
        return self.until is None or not _is_after(local, self.until, fold=1)

    def _within_days(self, local: datetime) -> bool:
        if not self.hours:
            return not self.days or local.weekday() in self.days
        for window in self.hours:
            day = window.day_of(local)
            if day is not None and (not self.days or day.weekday() in self.days):
                return True
        return False


def _is_before(local: datetime, bound: date | datetime, *, fold: int) -> bool:
    if not isinstance(bound, datetime):
        return local.date() < bound
    return local.astimezone(UTC) < _instant(bound, local, fold)


def _is_after(local: datetime, bound: date | datetime, *, fold: int) -> bool:
    if not isinstance(bound, datetime):
        return local.date() > bound
    return local.astimezone(UTC) > _instant(bound, local, fold)


def _instant(bound: datetime, local: datetime, fold: int) -> datetime:
    """The bound in UTC: two moments of one zone would be compared by the clock on the wall, which turns back."""
    if bound.tzinfo is None:
        bound = bound.replace(tzinfo=local.tzinfo, fold=fold)
    return bound.astimezone(UTC)


def _date_of(bound: date | datetime) -> date:
    return bound.date() if isinstance(bound, datetime) else bound
