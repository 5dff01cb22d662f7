from datetime import UTC, date, datetime, timedelta

from rules.visits import Visit
from tests.rules.reading import NOON


def test_a_visit_has_what_is_always_known() -> None:
    context = Visit("/").context(NOON, "UTC")
    assert (context.get("source.medium"), context.get("device.type")) == ("direct", "desktop")
    assert (context.get("time.date"), context.get("page.path")) == (date(2026, 12, 2), "/")


def test_the_page_gives_its_query_as_signals() -> None:
    context = Visit("/search", {"q": "tent", "empty": ""}).context(NOON, "UTC")
    assert (context.get("page.query.q"), context.get("page.query.empty")) == ("tent", None)


def test_a_moment_without_an_offset_is_on_the_visitors_clock_or_else_the_sites() -> None:
    nine = datetime(2026, 12, 2, 9)  # noqa: DTZ001
    here = Visit("/", at=nine).context(NOON, "Europe/Oslo")
    there = Visit("/", at=nine, signals={"geo.timezone": "America/New_York"}).context(NOON, "Europe/Oslo")
    assert (here.now.utcoffset(), there.now.utcoffset()) == (timedelta(hours=1), timedelta(hours=-5))
    assert (here.get("time.hour"), there.get("time.hour")) == (9, 9)


def test_a_moment_with_an_offset_is_that_moment() -> None:
    assert Visit("/", at=NOON).context(datetime(2020, 1, 1, tzinfo=UTC), "Asia/Tokyo").get("time.hour") == 21


def test_a_visit_is_the_first_page_of_a_first_visit_that_was_consented_to() -> None:
    context = Visit("/offers", signals={"source.medium": "email"}).context(NOON, "UTC")
    assert (context.get("visits.count"), context.get("visits.pages"), context.get("visitor.new")) == (1, 1, True)
    assert (context.get("session.pages"), context.get("session.landing")) == (1, "/offers")
    assert (context.get("session.started"), context.get("visits.first")) == (NOON, NOON)
    assert (context.get("first_source.medium"), context.get("visits.last")) == ("email", None)


def test_a_visit_that_is_not_the_first_is_said_to_be() -> None:
    context = Visit("/", signals={"visits.count": 3}).context(NOON, "UTC")
    assert (context.get("visits.count"), context.get("visitor.new")) == (3, False)
    assert (context.get("visits.first"), context.get("first_source.medium")) == (None, None)
