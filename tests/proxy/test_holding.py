from __future__ import annotations

import asyncio

import pytest

from proxy.holding import End, Holding, hold


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


class Pieces:
    """A body in pieces; an empty one never comes, and the last may be a failure."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self._pieces = [*pieces]

    @property
    def at_end(self) -> bool:
        return not self._pieces

    async def read_chunk(self) -> bytes:
        piece = self._pieces[0]
        if isinstance(piece, Exception):
            raise piece
        if not piece:
            await asyncio.Future()
        del self._pieces[0]
        return piece


@pytest.mark.parametrize(
    ("body", "held"),
    [
        (Pieces(b"ab", b"cd"), (b"abcd", End.WHOLE)),
        (Pieces(), (b"", End.WHOLE)),
        (Pieces(b"abc", b"def"), (b"abcdef", End.TOO_LARGE)),
        (Pieces(b"abcdef", b"g"), (b"abcdef", End.TOO_LARGE)),
        (Pieces(b"ab", b""), (b"ab", End.TOO_SLOW)),
        (Pieces(b"ab", OSError()), (b"ab", End.BROKEN)),
        (Pieces(b"ab", b"!", b"c"), (b"ab!", End.CROWDED)),
    ],
)
def test_a_body_is_held_to_its_end_or_as_far_as_it_may_be(body: Pieces, held: tuple[bytes, End]) -> None:
    async def run() -> tuple[bytes, End]:
        return await hold(body, limit=4, seconds=0.05, failures=(OSError,), has_room=lambda size: size != 1)

    assert asyncio.run(run()) == held
