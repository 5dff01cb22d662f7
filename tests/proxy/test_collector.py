import gc

import pytest

from proxy.collector import collector_paused


def fail(seen: list[bool]) -> None:
    with collector_paused():
        seen.append(gc.isenabled())
        raise ZeroDivisionError


def test_the_collector_is_off_meanwhile_and_on_again_whatever_happens() -> None:
    seen: list[bool] = []
    with pytest.raises(ZeroDivisionError):
        fail(seen)
    assert seen == [False]
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
