from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from proxy.frames import GOING_AWAY, FrameReader, close_frame

LIMIT = 1000


def frame(opcode: Opcode, length: int, *, final: bool = True, masked: bool = False) -> bytes:
    return Frame(opcode, b"x" * length, fin=final).serialize(mask=masked)


def read_whole(data: bytes, *, limit: int = LIMIT) -> tuple[bytes, FrameReader]:
    reader = FrameReader(limit)
    return reader.read(data), reader


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65535, 65536])
@pytest.mark.parametrize("masked", [False, True])
def test_a_frame_passes_as_it_is(length: int, masked: bool) -> None:
    data = frame(Opcode.BINARY, length, masked=masked)

    passed, reader = read_whole(data, limit=1 << 20)

    assert passed == data
    assert reader.at_boundary
    assert not reader.is_over


controls = st.builds(frame, st.just(Opcode.PING), st.sampled_from([0, 1, 125]), masked=st.booleans())
fragments = st.builds(
    frame,
    st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.CONT]),
    st.sampled_from([0, 1, 5, 124, 125, 126, 400, 1200]),
    final=st.booleans(),
    masked=st.booleans(),
)


@given(st.lists(controls | fragments, max_size=6), st.lists(st.integers(0, 700), max_size=12))
def test_how_frames_are_cut_into_chunks_changes_nothing(sent: list[bytes], cuts: list[int]) -> None:
    data = b"".join(sent)
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    whole, expected = read_whole(data)

    reader = FrameReader(LIMIT)
    passed = b"".join(reader.read(data[begin:end]) for begin, end in pairwise(edges))

    assert passed == whole
    assert (reader.at_boundary, reader.is_over) == (expected.at_boundary, expected.is_over)


def test_what_has_passed_never_ends_within_a_header() -> None:
    data = frame(Opcode.BINARY, 70_000, masked=True)
    reader = FrameReader(1 << 20)

    assert reader.read(data[:9]) == b""
    assert reader.at_boundary
    assert reader.read(data[9:11]) == data[:11]
    assert not reader.at_boundary


def test_the_longest_message_passes_and_a_longer_one_does_not() -> None:
    longest, too_long = frame(Opcode.TEXT, LIMIT), frame(Opcode.TEXT, LIMIT + 1)

    passed, reader = read_whole(longest + too_long)

    assert passed == longest
    assert reader.is_over
    assert reader.at_boundary
    assert reader.read(longest) == b""


def test_the_bound_is_on_all_fragments_of_a_message_together() -> None:
    begun = frame(Opcode.TEXT, 600, final=False) + frame(Opcode.CONT, 400, final=False)

    passed, reader = read_whole(begun + frame(Opcode.CONT, 1))

    assert passed == begun
    assert reader.is_over


def test_a_message_counts_anew_and_what_stands_between_its_fragments_does_not_count() -> None:
    one = frame(Opcode.TEXT, 600, final=False) + frame(Opcode.PING, 125) + frame(Opcode.CONT, 400)

    passed, reader = read_whole(one * 3)

    assert passed == one * 3
    assert not reader.is_over


def test_a_control_frame_is_bounded_too() -> None:
    _, reader = read_whole(bytes([0x89, 127]) + (LIMIT + 1).to_bytes(8))

    assert reader.is_over


def test_a_length_beyond_all_bounds_is_known_before_its_payload_comes() -> None:
    passed, reader = read_whole(bytes([0x82, 0x80 | 127]) + b"\xff" * 8)

    assert passed == b""
    assert reader.is_over


def test_behind_a_stop_the_frame_under_way_ends_and_nothing_follows() -> None:
    first, second = frame(Opcode.TEXT, 10), frame(Opcode.TEXT, 20)
    reader = FrameReader(LIMIT)
    reader.read(first[:4])
    reader.stop()

    assert not reader.at_boundary
    assert reader.read(first[4:] + second) == first[4:]
    assert reader.at_boundary
    assert reader.read(second) == b""
    assert not reader.is_over


@pytest.mark.parametrize("masked", [False, True])
def test_a_close_frame_is_what_a_library_would_send(masked: bool) -> None:
    written = close_frame(GOING_AWAY, masked=masked)

    assert written[:2] == bytes([0x88, 0x82 if masked else 0x02])
    assert written[-2:] == GOING_AWAY.to_bytes(2)
    assert written[2:-2] == (bytes(4) if masked else b"")
