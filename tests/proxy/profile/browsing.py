"""Profiles that came about by browsing, for the tests of what is remembered."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from proxy.profile.database import PARTITIONS, connect_to_write
from proxy.profile.model import PageView, Profile, Source
from proxy.profile.observe import DIRECT, observe

TUESDAY = datetime(2026, 12, 1, 10, tzinfo=UTC)
SEARCH = Source("search", "google", term="tent")


def after(*minutes: float, profile: Profile | None = None, source: Source = DIRECT, path: str = "/") -> Profile:
    """The profile after page views so many minutes after Tuesday at ten."""
    for each in minutes:
        profile = observe(profile, PageView(path, source), TUESDAY + timedelta(minutes=each))
    assert profile is not None
    return profile


def break_profiles(path: Path) -> None:
    """Take every table out of a file, under the hands of whoever reads it."""
    with closing(connect_to_write(path)) as other:
        other.execute("DROP TABLE total")
        for partition in range(PARTITIONS):
            other.execute(f"DROP TABLE profile_{partition:02x}")
