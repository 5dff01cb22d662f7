"""When the origin is left alone: it is down, and whoever asked it would wait for nothing.

Pure: owns the rule alone. Five failures in a row within ten seconds open it; from then on one request in each rest goes
out to try the origin, and whatever answer comes closes it. There is no other origin to turn to, so it must never part
visitors from one that lives: a failure counts only where the origin has answered nobody since that request began. Then
it says something of the origin, and not of a slow page. (nginx never gives up on the only server of a group, Envoy
ejects one after five gateway failures in a row, for 30 seconds at first.)
"""

from __future__ import annotations

from collections.abc import Callable

WINDOW_SECONDS = 10.0
"""Failures that are further apart than this are not of one outage, as with nginx's `fail_timeout`."""


class Breaker:
    """Counts what requests to one origin came to.

    `failures` in a row open it, 0 never does. While it is open one request in `rest_seconds` may go out: an origin that
    restarts is missed for no longer than that. `clock` counts seconds, never backwards.
    """

    def __init__(self, *, clock: Callable[[], float], failures: int = 5, rest_seconds: float = 1.0) -> None:
        self._clock = clock
        self._most_failures = failures
        self._rest_seconds = rest_seconds
        self._failures = 0
        self._first_failed_at = 0.0
        self._answered_at = float("-inf")
        self._tried_at = 0.0
        self.is_open = False
        self.opened = 0
        """How often it opened."""

    def begin(self) -> float | None:
        """The moment at which a request begins, for what comes of it; None where it should not go out."""
        now = self._clock()
        if self.is_open:
            if now < self._tried_at + self._rest_seconds:
                return None
            # Nobody waits for how it ends: a browser may leave in the midst of it.
            self._tried_at = now
        return now

    def note_answer(self) -> bool:
        """The origin said something, be it an error; whether that closes it."""
        was_open, self.is_open = self.is_open, False
        self._answered_at, self._failures = self._clock(), 0
        return was_open

    def note_failure(self, began_at: float) -> bool:
        """A request that began then got no connection, or no answer in time; whether that opens it."""
        now = self._clock()
        if self._most_failures == 0 or self._answered_at >= began_at:
            return False
        if self.is_open:
            self._tried_at = now
            return False
        if self._failures == 0 or now - self._first_failed_at > WINDOW_SECONDS:
            self._failures, self._first_failed_at = 0, now
        self._failures += 1
        if self._failures < self._most_failures:
            return False
        self.is_open, self._tried_at = True, now
        self.opened += 1
        return True
