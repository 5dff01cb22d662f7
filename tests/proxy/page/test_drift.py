import pytest

from proxy.page.drift import (
    FOUND_AGAIN,
    MAX_SECONDS,
    RECENT,
    USED_TO,
    Drift,
    DriftWatch,
    FoundAgain,
)

URL = "shop.example/"


class Site:
    """Pages on which one selector is looked for, a second after the other."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.watch = DriftWatch(lambda: self.now)

    def cut(
        self, *, found: bool, times: int = 1, url: str = URL, query: bytes = b"", seconds: float = 1.0
    ) -> list[Drift | FoundAgain]:
        """Cut pages; what is told of them."""
        told = []
        for _ in range(times):
            self.now += seconds
            told.append(self.watch.note("hero", "h1", url, query, is_found=found))
        return [each for each in told if each is not None]


def redesigned() -> Site:
    """A site on which the selector was found often enough, and is gone since."""
    site = Site()
    site.cut(found=True, times=USED_TO + RECENT)
    site.cut(found=False, times=RECENT)
    return site


def test_a_selector_that_was_always_found_drifts_once_it_is_missed_on_most_of_the_latest_pages() -> None:
    site = Site()
    site.cut(found=True, times=USED_TO + RECENT)
    assert site.cut(found=False, times=RECENT // 2) == []
    (drift,) = site.cut(found=False)
    assert drift == Drift("hero", "h1", URL, 1000.0 + USED_TO + RECENT + 1, 9, USED_TO + 11, USED_TO + 11)
    assert site.watch.drifts == (drift,)


def test_a_drift_is_told_once() -> None:
    site = redesigned()
    assert site.cut(found=False, times=100) == []


def test_a_selector_that_was_not_found_often_enough_does_not_drift() -> None:
    site = Site()
    site.cut(found=True, times=USED_TO - 1)
    assert site.cut(found=False, times=RECENT) == []


def test_a_selector_that_was_never_found_at_most_places_does_not_drift() -> None:
    site = Site()
    for _ in range(60):
        site.cut(found=True)
        site.cut(found=False)
    assert site.cut(found=False, times=RECENT) == []


@pytest.mark.parametrize("query", [True, False])
def test_urls_at_which_it_was_never_found_say_nothing_however_often_a_stranger_asks_for_them(query: bool) -> None:
    site = Site()
    site.cut(found=True, times=100)
    for number in range(500):
        made_up = {"query": b"q=%d" % number} if query else {"url": f"{URL}{number}"}
        assert site.cut(found=False, **made_up) == []


def test_it_is_over_when_the_selector_is_found_again_some_times_in_a_row() -> None:
    site = redesigned()
    since = site.watch.drifts[0].since
    assert site.cut(found=True, times=FOUND_AGAIN - 1) == []
    assert site.cut(found=False) == []
    assert site.cut(found=True, times=FOUND_AGAIN) == [FoundAgain("hero", "h1", since)]
    assert site.watch.drifts == ()


def test_after_that_it_has_to_be_found_often_before_it_can_drift_anew() -> None:
    site = redesigned()
    site.cut(found=True, times=FOUND_AGAIN)
    assert site.cut(found=False, times=100) == []
    site.cut(found=True, times=200)
    assert len(site.cut(found=False, times=RECENT)) == 1


def test_what_is_long_ago_counts_no_more() -> None:
    site = Site()
    site.cut(found=True, times=100)
    site.now += MAX_SECONDS
    assert site.cut(found=False, times=RECENT) == []


def test_selectors_are_watched_each_by_itself() -> None:
    site = redesigned()
    assert site.watch.note("hero", "h2", URL, b"", is_found=False) is None
    assert site.watch.note("other", "h1", URL, b"", is_found=False) is None
    assert len(site.watch.drifts) == 1


def test_another_rulebook_begins_anew_with_what_drifts_and_keeps_the_rest() -> None:
    site = redesigned()
    for _ in range(USED_TO + RECENT):
        site.watch.note("other", "p", URL, b"", is_found=True)
    site.watch.forget_drifts()
    assert site.watch.drifts == ()
    assert site.cut(found=False, times=100) == []
    told = [site.watch.note("other", "p", URL, b"", is_found=False) for _ in range(RECENT)]
    assert len([each for each in told if each]) == 1


def test_what_is_remembered_is_bounded() -> None:
    site = Site()
    for number in range(5_000):
        site.watch.note(f"e{number}", "h1", URL, b"", is_found=True)
        site.cut(found=True, url=f"{URL}{number}")
    assert len(site.watch._records) <= 1_000
    assert len(site.watch._records["hero", "h1"].urls) <= 200
    assert len(site.watch._records["hero", "h1"].cuts) <= 200
