from datetime import UTC, datetime, timedelta

import pytest

from proxy.company.links import sign_company
from proxy.debug_tokens import SALT, DebugTokens, sign_token
from proxy.signing import serializer

KEYS = (b"k" * 32, b"o" * 32)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
TOKEN = sign_token(KEYS, NOON, 60).encode()


def is_good(token: bytes, keys: tuple[bytes, ...] = KEYS, minutes: float = 0) -> bool:
    return DebugTokens(keys, lambda: NOON + timedelta(minutes=minutes)).is_good(token)


def test_a_token_is_good_until_its_time_is_over() -> None:
    assert is_good(TOKEN)
    assert is_good(TOKEN, minutes=59.9)
    assert not is_good(TOKEN, minutes=60)


def test_a_key_that_signs_no_longer_still_verifies() -> None:
    assert is_good(TOKEN, keys=(b"n" * 32, *KEYS))


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"x",
        TOKEN + b"x",
        TOKEN[:-1],
        TOKEN.swapcase(),
        b"\xff" * 40,
        b"x" * 100_000,
        sign_token((b"n" * 32,), NOON, 60).encode(),
        sign_company("Nordea", KEYS).encode(),
        serializer(KEYS[:1], SALT).dumps("9999999999").encode(),
        serializer(KEYS[:1], SALT).dumps(None).encode(),
    ],
)
def test_nothing_else_is_a_token(token: bytes) -> None:
    assert not is_good(token)


def test_without_keys_there_is_no_good_token() -> None:
    assert not is_good(TOKEN, keys=())
