from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.cache.dates import parse_date
from tests.proxy.cache.table import START, Case, cases

MOMENTS = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)).map(  # noqa: DTZ001 - bounds
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
NOWS = st.integers(min_value=0, max_value=4_000_000_000)


@pytest.mark.parametrize("case", cases("dates"))
def test_a_date_is_read_as_the_table_says(case: Case) -> None:
    now = parse_date(case.text("now").encode(), START) if case.has("now") else START
    assert now is not None
    assert parse_date(case.text("date").encode(), now) == case.number("result")


@given(MOMENTS)
def test_a_date_is_read_as_it_was_written(moment: datetime) -> None:
    assert parse_date(format_datetime(moment, usegmt=True).encode(), START) == moment.timestamp()


@given(MOMENTS)
def test_a_date_of_asctime_is_read_as_it_was_written(moment: datetime) -> None:
    written = f"{moment:%a %b} {moment.day:2} {moment:%H:%M:%S} {moment.year:04}"
    assert parse_date(written.encode(), START) == moment.timestamp()


@given(MOMENTS, NOWS)
def test_a_year_of_two_digits_is_at_most_50_years_ahead(moment: datetime, now: int) -> None:
    written = f"{moment:%A, %d-%b-}{moment.year % 100:02} {moment:%H:%M:%S} GMT"
    read = parse_date(written.encode(), now)
    # A 29th of February may be in none of the years.
    assert read is None or read - now <= 50 * 366 * 86400
    assert read is not None or (moment.month, moment.day) == (2, 29)


@given(st.binary(max_size=80), NOWS)
def test_no_bytes_are_too_strange_to_be_no_date(value: bytes, now: int) -> None:
    parse_date(value, now)
