"""Tokens by which an operator asks of a response how it came about: signed, and good for a while.

Owns what stands in one. The keys are those of `proxy.visitor.keys`, under a salt of this purpose alone; what a token is
good for is `proxy.debug`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from itsdangerous import BadData

from proxy.signing import serializer

SALT = b"tailor.debug"
MAX_BYTES = 256
MAX_MINUTES = 24 * 60


def sign_token(keys: Sequence[bytes], now: datetime, minutes: int) -> str:
    """A token that is good for so many minutes."""
    until = now + timedelta(minutes=minutes)
    return serializer(keys[:1], SALT).dumps(int(until.timestamp()))


class DebugTokens:
    """Tells a good token. `keys`: each of them verifies; without any there is none."""

    def __init__(self, keys: Sequence[bytes], now: Callable[[], datetime]) -> None:
        self._verifier = serializer(keys[::-1], SALT) if keys else None
        self._now = now

    def is_good(self, token: bytes) -> bool:
        """Whether one of our keys signed it, and its time is not over."""
        if self._verifier is None or len(token) > MAX_BYTES:
            return False
        try:
            until = self._verifier.loads(token)
        except BadData:
            return False
        return isinstance(until, int) and self._now().timestamp() < until
