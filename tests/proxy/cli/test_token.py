from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from proxy.debug_tokens import DebugTokens
from tests.proxy.commands import tailor

KEY = "k" * 32


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def is_good(token: str, key: str, **later: float) -> bool:
    return DebugTokens([key.encode()], lambda: datetime.now(UTC) + timedelta(**later)).is_good(token.strip().encode())


def test_a_token_is_good_for_an_hour() -> None:
    result = tailor("token", TAILOR_SECRETS=KEY)
    assert result.exit_code == 0
    assert is_good(result.stdout, KEY, minutes=59)
    assert not is_good(result.stdout, KEY, minutes=61)


def test_it_says_for_how_long() -> None:
    result = tailor("token", "--minutes", "2", TAILOR_SECRETS=KEY)
    assert not is_good(result.stdout, KEY, minutes=3)


@pytest.mark.parametrize("minutes", ["0", "1441"])
def test_no_token_is_good_for_longer_than_a_day(minutes: str) -> None:
    assert tailor("token", "--minutes", minutes, TAILOR_SECRETS=KEY).exit_code == 2


def test_without_a_secret_one_is_made_where_serve_looks_for_it() -> None:
    result = tailor("token", "--data", "kept")
    assert is_good(result.stdout, Path("kept/secret").read_text().strip())


def test_a_secret_that_is_too_short_signs_nothing() -> None:
    result = tailor("token", TAILOR_SECRETS="short")
    assert (result.exit_code, result.stdout) == (2, "")
