from datetime import timedelta

import pytest

from rules.periods import parse_period


@pytest.mark.parametrize(
    ("word", "period"),
    [
        ("2m", timedelta(minutes=2)),
        ("12h", timedelta(hours=12)),
        ("30d", timedelta(days=30)),
        ("2 w", timedelta(weeks=2)),
        ("99999d", timedelta(days=99999)),
    ],
)
def test_a_number_and_a_unit_are_a_period(word: str, period: timedelta) -> None:
    assert parse_period(word) == period


@pytest.mark.parametrize("word", ["", "d", "0d", "-1d", "1.5h", "30", "30s", "30D", "100000d", "7d ", "1h30m"])
def test_anything_else_is_none(word: str) -> None:
    assert parse_period(word) is None
