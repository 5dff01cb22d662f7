from __future__ import annotations

import pytest

from proxy.holding import Holding


def test_pages_are_held_together_up_to_the_bound() -> None:
    holding = Holding(10)
    with holding.one() as first, holding.one() as second:
        assert first.take(6)
        assert second.take(4)
        assert not second.take(1)


def test_a_page_that_found_no_room_finds_none_when_others_are_gone() -> None:
    holding = Holding(10)
    with holding.one() as page:
        with holding.one() as other:
            other.take(10)
            assert not page.take(1)
        assert not page.take(1)


def test_a_page_gives_its_share_back_however_it_ends() -> None:
    holding = Holding(10)

    def fail() -> None:
        with holding.one() as page:
            page.take(10)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert holding.bytes == 0
