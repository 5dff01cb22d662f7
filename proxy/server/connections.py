"""The open connections of one listener: how many there may be, and which one goes when there is no room.

As nginx has it: who has asked for nothing, or is done, makes room for who comes; where all are at work, who comes is
turned away. How each is closed is the connection's own to say.
"""

from __future__ import annotations

import logging
from typing import Protocol

logger = logging.getLogger(__name__)


class Seat(Protocol):
    """A connection that may be asked to go."""

    def give_way(self, since: int) -> bool:
        """Close if nothing was asked after the request of number `since`; whether it does."""


class Connections:
    """Room for `most` connections, and for a few more who are being turned away.

    Those that idle stand in the order in which they were seen to. That costs them nothing while they work: what is
    noted of one that has asked since is out of date, and is passed over.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._idle: dict[Seat, int] = {}
        self._turned_away: set[Seat] = set()
        self._is_full = False

    def admit(self, seat: Seat, opened: int) -> bool:
        """Whether a new one may stay, with which `opened` are open. Who idles for longest goes for it."""
        opened -= len(self._turned_away)
        if opened <= self.most:
            self._is_full = self._is_full and opened > self.most * 0.9
            return True
        while self._idle:
            idle, since = next(iter(self._idle.items()))
            del self._idle[idle]
            if idle.give_way(since):
                return True
        if not self._is_full:
            self._is_full = True
            logger.warning("All %d connections are at work: new ones get a 503", self.most)
        self._turned_away.add(seat)
        return False

    @property
    def has_time(self) -> bool:
        """Whether so few are being turned away that each can be told why."""
        return len(self._turned_away) <= self.most // 8 + 8

    def note_idle(self, seat: Seat, since: int) -> None:
        """It has asked for nothing after the request of number `since`, and all that is answered."""
        if self._idle.get(seat) != since:
            self._idle.pop(seat, None)
            self._idle[seat] = since

    def forget(self, seat: Seat) -> None:
        """It is closed."""
        self._idle.pop(seat, None)
        self._turned_away.discard(seat)
