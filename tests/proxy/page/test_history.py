from __future__ import annotations

import pytest

from proxy.page.history import History

ASIDE = frozenset({"digest"})


def test_of_pages_that_are_new_each_time_one_in_sixteen_is_due() -> None:
    history = History()
    assert [number for number in range(40) if history.is_due(number)] == [0, 16, 32]


def test_a_page_that_comes_again_is_due_and_so_each_time() -> None:
    history = History()
    assert [history.is_due(page) for page in (1, 2, 2, 2, 3)] == [True, False, True, True, False]


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
