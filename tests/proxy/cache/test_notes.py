from __future__ import annotations

from proxy.cache.notes import KEPT_SECONDS, Notes
from tests.proxy.cache.scripted import Clock

KEY, OTHER = b"https://shop.example/", b"https://shop.example/other"


def test_a_note_is_of_one_url_and_of_a_minute() -> None:
    clock = Clock()
    notes: Notes[str] = Notes(clock)
    notes.put(KEY, "too large")

    assert (notes.get(KEY), notes.get(OTHER)) == ("too large", None)

    clock.now += KEPT_SECONDS
    assert notes.get(KEY) is None


def test_a_note_is_forgotten_at_once() -> None:
    notes: Notes[str] = Notes(Clock())
    notes.put(KEY, "too large")
    notes.forget(KEY)
    notes.forget(OTHER)

    assert notes.get(KEY) is None


def test_a_note_is_put_anew() -> None:
    clock = Clock()
    notes: Notes[str] = Notes(clock)
    notes.put(KEY, "too large")
    clock.now += KEPT_SECONDS - 1
    notes.put(KEY, "too slow")
    clock.now += KEPT_SECONDS - 1

    assert notes.get(KEY) == "too slow"
