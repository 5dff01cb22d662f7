from __future__ import annotations

import tracemalloc
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from proxy.ledger import ENTRY_BYTES, Ledger

ROOM_FOR_THREE = 3 * (ENTRY_BYTES + 100)


class Shelf:
    """A cache that holds nothing: it knows what it would."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.held: list[str] = []

    def enter(self, key: str, size: int = 100, body: bytes = b"") -> bool:
        is_entered = self.ledger.enter(key, size, partial(self.drop, key), body=body)
        if is_entered:
            self.held.append(key)
        return is_entered

    def drop(self, key: str) -> None:
        self.held.remove(key)


def shelf_of(*keys: str) -> Shelf:
    shelf = Shelf(Ledger(ROOM_FOR_THREE))
    for key in keys:
        assert shelf.enter(key)
    return shelf


def test_the_least_recently_used_of_all_goes_first() -> None:
    shelf = shelf_of("a", "b", "c")
    other = Shelf(shelf.ledger)
    shelf.ledger.touch("a")
    other.enter("d")
    assert (shelf.held, other.held) == (["a", "c"], ["d"])
    assert (len(shelf.ledger), shelf.ledger.evictions) == (3, 1)


def test_as_many_go_as_one_takes_the_place_of() -> None:
    shelf = shelf_of("a", "b", "c")
    shelf.enter("large", 100 + ENTRY_BYTES + 1)
    assert shelf.held == ["c", "large"]
    assert shelf.ledger.bytes <= ROOM_FOR_THREE


def test_what_is_over_the_bound_alone_is_not_entered_and_nothing_goes_for_it() -> None:
    shelf = shelf_of("a", "b", "c")
    assert not shelf.enter("large", ROOM_FOR_THREE)
    assert not shelf.enter("large", 0, body=bytes(ROOM_FOR_THREE))
    assert not shelf.enter("a", ROOM_FOR_THREE)
    assert shelf.held == ["a", "b", "c"]
    assert len(shelf.ledger) == 3


def test_what_is_entered_again_takes_the_place_of_what_it_was() -> None:
    ledger = shelf_of("a").ledger
    assert ledger.enter("a", 50, lambda: None)
    assert (len(ledger), ledger.bytes, ledger.evictions) == (1, ENTRY_BYTES + 50, 0)


def test_what_grows_makes_others_go() -> None:
    shelf = shelf_of("a", "b", "c")
    shelf.ledger.resize("c", 101)
    assert shelf.held == ["b", "c"]


def test_what_grows_goes_itself_if_it_was_used_before_the_others() -> None:
    shelf = shelf_of("a", "b", "c")
    shelf.ledger.resize("a", 101)
    assert shelf.held == ["b", "c"]


def test_what_grows_over_the_bound_goes_alone() -> None:
    shelf = shelf_of("a", "b", "c")
    shelf.ledger.resize("b", ROOM_FOR_THREE)
    assert shelf.held == ["a", "c"]
    assert shelf.ledger.bytes == 2 * (ENTRY_BYTES + 100)


def test_what_is_forgotten_is_told_of_to_nobody() -> None:
    shelf = shelf_of("a", "b")
    shelf.ledger.forget("a")
    assert shelf.held == ["a", "b"]
    assert (len(shelf.ledger), shelf.ledger.evictions) == (1, 0)


def test_what_is_gone_can_be_touched_resized_and_forgotten() -> None:
    ledger = Ledger(1000)
    ledger.touch("a")
    ledger.resize("a", 5000)
    ledger.forget("a")
    assert (len(ledger), ledger.bytes) == (0, 0)


def test_a_body_that_several_have_is_counted_once_for_as_long_as_one_of_them_is_left() -> None:
    ledger, body = Ledger(1 << 20), bytes(5000)
    for key in ("a", "b"):
        ledger.enter(key, 0, lambda: None, body=body)
    assert ledger.bytes == 2 * ENTRY_BYTES + 5000
    ledger.forget("a")
    assert ledger.bytes == ENTRY_BYTES + 5000
    ledger.forget("b")
    assert ledger.bytes == 0


def test_equal_bodies_are_two_if_they_are_two_objects() -> None:
    ledger = Ledger(1 << 20)
    for key in ("a", "b"):
        ledger.enter(key, 0, lambda: None, body=bytes(5000))
    assert ledger.bytes == 2 * (ENTRY_BYTES + 5000)


def test_what_drops_an_entry_may_use_the_ledger() -> None:
    ledger = Ledger(ROOM_FOR_THREE)
    dropped: list[str] = []

    def drop(key: str) -> None:
        dropped.append(key)
        ledger.forget(key)
        ledger.forget("b")
        ledger.resize("c", 50)
        if key == "a":
            ledger.enter("instead", 100, partial(drop, "instead"))

    for key in ("a", "b", "c", "d"):
        ledger.enter(key, 100, partial(drop, key))
    assert dropped == ["a"]
    assert (len(ledger), ledger.bytes) == (3, 3 * ENTRY_BYTES + 250)


def test_an_entry_takes_what_it_is_said_to() -> None:
    ledger, count = Ledger(1 << 40), 20_000
    keys = [object() for _ in range(count)]
    bodies = [bytes(number % 100 + 1) for number in range(count)]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number, key in enumerate(keys):
        ledger.enter(key, 10_000 + number, partial(id, key), body=bodies[number])
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert 0.8 * taken < count * ENTRY_BYTES < 1.25 * taken


BODIES = (b"", bytes(300), bytes(700))
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["enter", "touch", "resize", "forget"]),
        st.integers(0, 5),
        st.integers(0, 2500),
        st.sampled_from(BODIES),
    ),
    max_size=60,
)


@given(STEPS)
def test_the_bound_holds_and_the_sum_is_right_whatever_happens(steps: list[tuple[str, int, int, bytes]]) -> None:
    ledger = Ledger(4000)
    held: dict[int, tuple[int, bytes]] = {}
    for step, key, size, body in steps:
        match step:
            case "enter":
                if ledger.enter(key, size, partial(held.pop, key), body=body):
                    held[key] = (size, body)
            case "touch":
                ledger.touch(key)
            case "resize":
                if key in held:
                    held[key] = (size, held[key][1])
                ledger.resize(key, size)
            case _:
                ledger.forget(key)
                held.pop(key, None)
        own = sum(ENTRY_BYTES + size for size, _ in held.values())
        assert ledger.bytes == own + sum(len(body) for body in {body for _, body in held.values()})
        assert ledger.bytes <= 4000
        assert len(ledger) == len(held)
