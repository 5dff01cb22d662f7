"""How long a client may take for its part of an exchange, and when it has taken too long. Pure; `proxy.server.protocol`
looks.

A connection is looked at now and then, and not at each of its bytes, so a deadline costs a request nothing. That makes
it coarse: what begins between two looks begins with the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

MIN_RATE = 500
"""Bytes a second that a body, or a response, has to come to in the long run; Apache's mod_reqtimeout asks as many."""

LOOK_SECONDS = 5.0
"""The time between two looks, at most; with short deadlines it is a quarter of the shortest."""


class Stage(Enum):
    """Whose turn it is on a connection, and for what."""

    NEW = auto()
    """The client's, who has sent nothing yet."""
    HEAD = auto()
    """The client's, to end the head that it began."""
    BODY = auto()
    """The client's, to send more of a body."""
    RESPONSE = auto()
    """The client's, to take what was sent to it."""
    IDLE = auto()
    """The client's, to ask again or to leave."""
    OURS = auto()
    """Not the client's."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds for each part that is the client's."""

    head_seconds: float = 20.0
    """For all of a head from its first byte, and for the first byte of a connection."""
    body_seconds: float = 30.0
    """Without a byte of a body, or ahead of which MIN_RATE would be."""
    send_seconds: float = 60.0
    """The same of a response."""
    idle_seconds: float = 75.0
    """Longer than those of the usual load balancers (60 s): an idle connection is theirs to close first."""

    def seconds_of(self, stage: Stage) -> float | None:
        """How long a stage may take; None where the client is not to blame."""
        match stage:
            case Stage.NEW | Stage.HEAD:
                return self.head_seconds
            case Stage.BODY:
                return self.body_seconds
            case Stage.RESPONSE:
                return self.send_seconds
            case Stage.IDLE:
                return self.idle_seconds
            case Stage.OURS:
                return None

    @property
    def look_seconds(self) -> float:
        """The time between two looks."""
        return min(LOOK_SECONDS, min(self.head_seconds, self.body_seconds, self.send_seconds, self.idle_seconds) / 4)


class Wait:
    """What one connection waits for, and until when; it begins with the connection."""

    __slots__ = ("_deadlines", "_moved_bytes", "_request", "_stage", "_until")

    def __init__(self, deadlines: Deadlines, now: float) -> None:
        self._deadlines = deadlines
        self._stage = Stage.NEW
        self._request = 0
        self._moved_bytes = 0
        self._until: float | None = now + deadlines.head_seconds

    def look(self, stage: Stage, request: int, moved_bytes: int, now: float) -> bool:
        """Whether the client has taken too long for `stage` of its request of that number.

        `moved_bytes` is a running total of what moved in this stage. A reserve of the stage's seconds is what time uses
        up and bytes refill, one second by each MIN_RATE of them: so a client may stall, but not for ever trickle.
        """
        seconds = self._deadlines.seconds_of(stage)
        if seconds is None or (stage, request) != (self._stage, self._request):
            self._stage, self._request = stage, request
            self._moved_bytes = moved_bytes
            self._until = None if seconds is None else now + seconds
            return False
        if self._until is None:
            return False
        if moved_bytes > self._moved_bytes:
            self._until = min(now + seconds, self._until + (moved_bytes - self._moved_bytes) / MIN_RATE)
            self._moved_bytes = moved_bytes
        return now >= self._until

    def seconds_to_look(self, now: float) -> float:
        """When to look next."""
        left = self._deadlines.look_seconds
        # An event loop's timers may come a moment early.
        return left if self._until is None else max(0.001, min(left, self._until - now))
