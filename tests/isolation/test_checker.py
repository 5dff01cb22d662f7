"""The instrument itself: what it lets pass, and that it sees each kind of fault."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.isolation.checker import Checker, Fault
from tests.isolation.origin import encode, read_request
from tests.isolation.pages import KINDS, Ending, reply_to
from tests.isolation.visitors import Ask, Visitor
from tests.isolation.wire import BROKEN_OFF, Got

MINE = Visitor("zq00000000000000aa", consents=False)
OTHER = Visitor("zq00000000000000bb", consents=False)


def ask(kind: str, visitor: Visitor = MINE, room: str = "plain", *credentials: str) -> Ask:
    """A visitor's request."""
    method = "POST" if kind == "form" else "GET"
    return Ask(visitor, room, kind, 0, "1-first", method, credentials=frozenset(credentials))


def answer(asked: Ask) -> Got:
    """What the origin itself would answer."""
    request = read_request(asked.encode().partition(b"\r\n\r\n")[0], 1, random.Random(1))
    reply = reply_to(request)
    return Got(reply.status, reply.fields, reply.body, reply.body)


def faults(asked: Ask, got: Got) -> set[Fault]:
    checker = Checker()
    checker.check(asked, got)
    return set(checker.tally.faults)


@pytest.mark.parametrize("kind", KINDS)
def test_the_origins_own_answer_passes(kind: str) -> None:
    everything = ask(kind, MINE, "plain", "session", "authorization", "taste", "name")
    assert faults(ask(kind), answer(ask(kind))) == set()
    assert faults(everything, answer(everything)) == set()


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.personal_with == "me"])
def test_what_was_made_for_another_visitor_is_seen(kind: str) -> None:
    assert Fault.FOREIGN in faults(ask(kind), answer(ask(kind, OTHER)))


def test_a_private_page_that_answers_twice_is_seen() -> None:
    again = replace(ask("private"), nonce="2-later")
    assert faults(again, answer(ask("private"))) == {Fault.REUSED}


def test_the_page_for_everyone_in_place_of_the_visitors_own_is_seen() -> None:
    signed_in = ask("session", MINE, "plain", "session")
    assert faults(signed_in, answer(ask("session"))) == {Fault.SHARING, Fault.MISSING}


def test_a_page_of_another_url_is_seen() -> None:
    got = answer(ask("fresh"))
    assert faults(ask("fresh", MINE, "touched"), got) == {Fault.PAGE}


def test_a_page_that_was_cut_short_is_seen() -> None:
    got = answer(ask("fresh"))
    assert faults(ask("fresh"), replace(got, page=got.page[:500])) == {Fault.PAGE}


def test_a_page_that_was_not_changed_for_the_visitor_is_seen() -> None:
    named = ask("fresh", MINE, "touched", "name")
    assert Fault.MISSING in faults(named, answer(named))


def test_a_page_of_another_segment_is_seen() -> None:
    swede = replace(ask("fresh", MINE, "touched"), country="SE")
    assert faults(swede, answer(swede)) == {Fault.VARIANT}


def test_a_304_for_what_another_visitor_holds_is_seen() -> None:
    checker = Checker()
    theirs, got = ask("validated", OTHER), answer(ask("validated", OTHER))
    checker.check(theirs, got)
    assert not checker.tally.faults
    checker.check(replace(ask("validated"), tag=got.field("etag")), Got(304, (), b"", b""))
    assert set(checker.tally.faults) == {Fault.MISSING}


@pytest.mark.parametrize(("kind", "found"), [("reset", set()), ("fresh", {Fault.VARIANT})])
def test_a_304_for_the_unchanged_page_is_a_fault_but_where_the_origin_breaks_off(kind: str, found: set[Fault]) -> None:
    checker, asked = Checker(), ask(kind, MINE, "touched")
    got = answer(asked)
    checker.check(asked, got)
    in_sweden = replace(asked, country="SE", tag=got.field("etag"))
    checker.check(in_sweden, Got(304, (), b"", b""))
    assert set(checker.tally.faults) == found


def test_one_tag_for_two_pages_is_seen() -> None:
    checker, got = Checker(), answer(ask("fresh"))
    checker.check(ask("fresh"), got)
    checker.check(ask("fresh"), replace(got, page=got.page.replace(b"An item", b"One item")))
    assert set(checker.tally.faults) == {Fault.TAG}


def test_an_id_that_is_given_twice_is_seen() -> None:
    checker, got = Checker(), answer(ask("fresh"))
    same = replace(got, fields=(*got.fields, ("set-cookie", "tailor_id=abc; Path=/")))
    checker.check(ask("fresh"), same)
    checker.check(ask("fresh", OTHER), same)
    assert set(checker.tally.faults) == {Fault.IDENTITY}


def test_a_connection_that_ends_is_a_fault_only_where_the_origin_breaks_off() -> None:
    assert faults(ask("fresh"), BROKEN_OFF) == {Fault.FRAMING}
    assert faults(ask("reset"), BROKEN_OFF) == set()


def test_a_failure_is_a_fault_only_where_the_origin_fails() -> None:
    got = Got(502, (), b"", b"")
    assert faults(ask("fresh"), got) == {Fault.STATUS}
    assert faults(ask("reset"), got) == set()


def test_a_second_response_behind_the_first_bears_the_askers_canary() -> None:
    request = read_request(ask("trailing").encode(), 1, random.Random(1))
    assert encode(request, reply_to(request), Ending.TRAILING).count(MINE.canary.encode()) == 2
