from __future__ import annotations

import logging
from dataclasses import dataclass

import pytest

from proxy.server.connections import Connections


@dataclass(eq=False)
class Chair:
    """A connection that was asked for something so often."""

    requests: int = 0
    is_gone: bool = False

    def give_way(self, since: int) -> bool:
        self.is_gone = self.requests == since
        return self.is_gone


def test_within_the_bound_everyone_comes_and_nobody_goes() -> None:
    connections, idle = Connections(2), Chair()
    connections.note_idle(idle, 0)

    assert connections.admit(Chair(), 2)
    assert not idle.is_gone


def test_who_idles_for_longest_makes_room() -> None:
    connections, chairs = Connections(2), [Chair(), Chair(), Chair()]
    for chair in chairs:
        connections.note_idle(chair, 0)
    # The first has asked and idles anew; the second is seen to idle still.
    chairs[0].requests = 1
    connections.note_idle(chairs[0], 1)
    connections.note_idle(chairs[1], 0)

    assert connections.admit(Chair(), 3)
    assert [chair.is_gone for chair in chairs] == [False, True, False]


def test_who_has_asked_since_is_passed_over() -> None:
    connections, busy, idle = Connections(1), Chair(), Chair()
    connections.note_idle(busy, 0)
    connections.note_idle(idle, 0)
    busy.requests = 1

    assert connections.admit(Chair(), 2)
    assert (busy.is_gone, idle.is_gone) == (False, True)


def test_who_is_closed_makes_no_room() -> None:
    connections, closed = Connections(1), Chair()
    connections.note_idle(closed, 0)
    connections.forget(closed)

    assert not connections.admit(Chair(), 2)


def test_that_there_is_no_room_is_said_once_until_there_is_some(caplog: pytest.LogCaptureFixture) -> None:
    connections = Connections(10)

    with caplog.at_level(logging.WARNING, "proxy"):
        assert [connections.admit(Chair(), opened) for opened in (11, 12, 12, 13)] == [False, False, True, False]
        assert len(caplog.records) == 1
        connections.admit(Chair(), 9)
        connections.admit(Chair(), 14)
    assert [record.getMessage() for record in caplog.records] == [
        "All 10 connections are at work: new ones get a 503"
    ] * 2


def test_who_is_turned_away_takes_nobodys_place() -> None:
    connections, first, second = Connections(2), Chair(), Chair()

    assert not connections.admit(first, 3)
    assert not connections.admit(second, 4)
    assert connections.admit(Chair(), 4)
    connections.forget(first)
    assert not connections.admit(Chair(), 4)


def test_not_all_who_are_turned_away_can_be_told_why() -> None:
    connections = Connections(16)

    told = []
    for opened in range(17, 17 + 12):
        connections.admit(Chair(), opened)
        told.append(connections.has_time)
    assert told == [True] * 10 + [False] * 2
