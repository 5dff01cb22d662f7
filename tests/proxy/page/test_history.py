from __future__ import annotations

import pytest

from proxy.page.compile import Page, compiled
from proxy.page.history import History
from proxy.page.recut import Precedent
from tests.proxy.page.cutting import decided, one

ASIDE = frozenset({"digest"})
PAGE = b"<p>a</p><h1>Hi</h1>"


def precedent() -> Precedent:
    decision = decided(one("- {select: h1, text: Hello}"))
    return Precedent(PAGE, None, compiled(Page(PAGE, None), decision, aside=frozenset(), verify=False))


def test_of_pages_that_are_new_each_time_one_in_sixteen_is_due() -> None:
    history = History()
    assert [number for number in range(40) if history.is_due(number)] == [0, 16, 32]


def test_a_page_that_comes_again_is_due_and_so_each_time() -> None:
    history = History()
    assert [history.is_due(page) for page in (1, 2, 2, 2, 3)] == [True, False, True, True, False]


def test_of_pages_that_are_cut_by_a_precedent_fewer_are_due_and_they_count_apart() -> None:
    history = History()
    alike = [number for number in range(1, 300) if history.is_due(number, is_alike=True)]
    assert alike == [128, 256]
    assert [number for number in range(300, 340) if history.is_due(number)] == [300, 316, 332]


def test_a_page_that_is_cut_by_a_precedent_and_comes_again_is_due() -> None:
    history = History()
    assert [history.is_due(page, is_alike=True) for page in (1, 2, 2, 3)] == [False, False, True, False]


def test_a_precedent_is_wanted_of_samples_behind_the_first() -> None:
    history = History()
    wanted = [number for number in range(40) if history.is_due(number) and history.wants_precedent()]
    assert wanted == [16, 32]


@pytest.mark.parametrize(("uses", "wanted"), [(0, [256]), (1, [16 * number for number in range(1, 20)])])
def test_a_precedent_that_never_served_is_seldom_replaced(uses: int, wanted: list[int]) -> None:
    history = History(precedent=precedent())
    assert history.precedent is not None
    history.precedent.uses = uses
    assert [number for number in range(320) if history.is_due(number) and history.wants_precedent()] == wanted


@pytest.mark.parametrize("trouble", ["aside", "refused"])
def test_trouble_under_one_query_is_none_of_another_ones(trouble: str) -> None:
    history = History()
    if trouble == "aside":
        history.note_verified(b"q=1", ASIDE, is_due=True)
    else:
        history.note_refused(b"q=1", "a bomb")
    assert history.is_troubled_elsewhere(b"q=2")
    assert not history.is_troubled_elsewhere(b"q=1")


def test_a_good_page_under_another_query_takes_trouble_back_only_when_it_is_due() -> None:
    history = History()
    history.note_verified(b"q=1", ASIDE, is_due=True)
    history.note_verified(b"q=2", frozenset(), is_due=False)
    assert history.aside == ASIDE
    history.note_verified(b"q=2", frozenset(), is_due=True)
    assert history.aside == frozenset()


def test_a_page_that_could_be_read_takes_a_refusal_back() -> None:
    history = History()
    history.note_refused(b"", "a bomb")
    assert history.refused == "a bomb"
    history.note_verified(b"", frozenset(), is_due=True)
    assert history.refused == ""
