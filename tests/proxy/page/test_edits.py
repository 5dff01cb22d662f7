from __future__ import annotations

import pytest

from proxy.page.edits import Edit, Phase, refuse_overlaps, spliced
from proxy.page.locate import RefusedError
from proxy.page.writing import Hole, Mode

HOLE = Hole("a", 0, 0, Mode.TEXT)


def edit(start: int, end: int, *pieces: bytes | Hole, phase: Phase = Phase.BEGIN) -> Edit:
    return Edit(start, phase, (0, 0), end, pieces)


def test_a_part_of_a_page_is_spliced_with_its_holes_left_open() -> None:
    edits = [edit(2, 2, b"+"), edit(3, 5, b"<", HOLE, b">")]
    assert spliced(b"0123456789", edits, 1, 7) == (b"1+2<", HOLE, b">56")
    assert spliced(b"0123456789", [], 1, 3) == (b"12",)


def test_edits_at_one_offset_are_in_the_order_of_their_phases() -> None:
    edits = [edit(1, 2, phase=phase) for phase in (Phase.NEXT, Phase.BEGIN, Phase.END)]
    assert [each.phase for each in sorted(edits)] == [Phase.BEGIN, Phase.END, Phase.NEXT]


def test_edits_that_reach_over_each_other_are_refused() -> None:
    refuse_overlaps([edit(0, 2), edit(2, 2), edit(2, 5)])
    with pytest.raises(RefusedError, match="its places overlap"):
        refuse_overlaps([edit(0, 3), edit(2, 5)])
