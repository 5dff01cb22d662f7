"""When the rules of a page may turn: a moment before which no visitor's clock changes what is decided, on all of earth.

Owns a bound, not the moment itself: visitors are in every zone at once, and all clocks of today differ by whole
quarters of an hour. So a clock somewhere comes to ten past at ten past each quarter, and nowhere between. When one
schedule turns in one zone is `rules.schedule`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from rules.conditions import each_test
from rules.context import CLOCK_SIGNAL
from rules.operators import Aged
from rules.plan import Plan
from rules.schedule import Schedule

_QUARTER = timedelta(minutes=15)
_TICK = timedelta.resolution
# Further than a clock is ever from UTC, or put forward or back.
_MARGIN = timedelta(days=2)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Midnight, each full hour, and where clocks are put forward or back.
_FULL = timedelta()


def next_turn_anywhere(plan: Plan, now: datetime) -> datetime | None:
    """A moment later than `now` before which no visitor's decision changes by the clock alone, wherever they are.

    None where it never does; `now` itself where that can't be told, as how long ago something was is another moment for
    each visitor. `now` is aware.
    """
    if not plan.hangs_on_clock:
        return None
    tests = [test for each in plan.experiences if each.who is not None for test in each_test(each.who)]
    if any(isinstance(operator, Aged) for test in tests for operator in test.operators):
        return now
    turns = [turn for each in plan.experiences if each.when is not None for turn in _turns(each.when, now)]
    if any(name.startswith(CLOCK_SIGNAL) for name in plan.signals):
        turns.append(_next_quarter(now, ()))
    return min(turns, default=None)


def _turns(schedule: Schedule, now: datetime) -> Iterator[datetime]:
    """Moments later than `now`, of which none lies behind the schedule's next turn in any zone; none if it has none."""
    if schedule.days or schedule.hours or schedule.holidays is not None:
        edges = [_since_midnight(edge) for window in schedule.hours for edge in (window.start, window.end)]
        yield _next_quarter(now, edges)
    for bound in (schedule.start, schedule.until):
        if bound is not None:
            yield from _turns_at(bound, now)


def _turns_at(bound: date | datetime, now: datetime) -> Iterator[datetime]:
    if isinstance(bound, datetime) and bound.tzinfo is not None:
        # `until` is included.
        yield from (moment for moment in (bound, bound + _TICK) if moment > now)
        return
    wall = bound if isinstance(bound, datetime) else datetime.combine(bound, time())
    ahead = wall - now.astimezone(UTC).replace(tzinfo=None)
    if ahead > _MARGIN:
        yield now + (ahead - _MARGIN)
    # A date counts up to its end.
    elif ahead > -2 * _MARGIN:
        edge = _since_midnight(wall.time())
        yield _next_quarter(now, (edge, edge + _TICK))


def _next_quarter(now: datetime, edges: Iterable[timedelta]) -> datetime:
    """The next moment at which a clock somewhere is put, comes to a full hour, or so far past midnight."""
    passed = now - _EPOCH
    return now + min(_TICK + (edge - passed - _TICK) % _QUARTER for edge in (_FULL, *edges))


def _since_midnight(clock: time) -> timedelta:
    return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
