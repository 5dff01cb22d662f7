from __future__ import annotations

from proxy.recent import Recent


def test_what_was_put_is_found() -> None:
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)

    assert (recent.get("a"), recent.get("b")) == (1, None)


def test_the_last_ones_stay_and_no_more_than_twice_as_many() -> None:
    recent: Recent[int, str] = Recent(3)
    for number in range(100):
        recent.put(number, str(number))

    assert [recent.get(number) for number in (97, 98, 99)] == ["97", "98", "99"]
    assert len(recent) <= 6


def test_what_is_asked_for_again_and_again_outlives_what_is_not() -> None:
    recent: Recent[int, str] = Recent(3)
    recent.put(0, "kept")
    for number in range(1, 100):
        recent.put(number, str(number))
        assert recent.get(0) == "kept"


def test_a_value_is_replaced_in_both_generations() -> None:
    recent: Recent[str, int] = Recent(1)
    recent.put("a", 1)
    recent.put("b", 2)
    recent.put("a", 3)

    assert recent.get("a") == 3


def test_nothing_is_found_once_it_is_cleared() -> None:
    recent: Recent[str, int] = Recent(1)
    recent.put("a", 1)
    recent.put("b", 2)
    recent.clear()

    assert (recent.get("a"), recent.get("b"), len(recent)) == (None, None, 0)
