"""IANA time zones by name: of the site, of a schedule, and of visitors, whose proxies may claim anything."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from rules.errors import MistakeError, did_you_mean


@lru_cache(maxsize=1024)
def find_zone(name: str) -> ZoneInfo | None:
    """The zone of that name, None where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # ValueError: a name that leaves the folder of zones; OSError: the name of a folder ("Europe"), or too long.
        return None


def require_zone(name: str) -> ZoneInfo:
    """The zone of that name. Raise MistakeError with the nearest name."""
    zone = find_zone(name)
    if zone is not None:
        return zone
    known = sorted(available_timezones())
    same_city = [zone for zone in known if zone.rpartition("/")[2].lower() == name.rpartition("/")[2].lower()]
    hint = f"did you mean '{same_city[0]}'?" if same_city else did_you_mean(name, known)
    raise MistakeError(f"unknown time zone `{name}`", hint=hint or "a name such as Europe/Oslo")


def visitor_zone(claimed: object, site_timezone: str) -> ZoneInfo:
    """The visitor's zone: what `geo.timezone` says where it names one, else the site's."""
    zone = find_zone(claimed) if isinstance(claimed, str) and claimed else None
    return zone or find_zone(site_timezone) or ZoneInfo("UTC")


def clock_change(zone: tzinfo, begin: datetime, end: datetime) -> datetime | None:
    """The instant later than `begin`, and up to `end`, at which the zone's clock is put forward or back.

    None where its distance from UTC is the same at both; so let them lie no more than a day apart.
    """
    offset = begin.astimezone(zone).utcoffset()
    if end.astimezone(zone).utcoffset() == offset:
        return None
    while end - begin > timedelta.resolution:
        middle = begin + (end - begin) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            begin = middle
        else:
            end = middle
    return end
