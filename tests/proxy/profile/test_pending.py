from __future__ import annotations

from proxy.profile.model import PageView, Profile
from proxy.profile.pending import MAX_STEPS_OF_ONE, Pending, Step, follow
from tests.proxy.profile.browsing import TUESDAY, after

A, B = b"a", b"b"
PAGE = Step(PageView("/"), TUESDAY)
ERASURE = Step(None, TUESDAY)


def nothing(_: bytes) -> Profile | None:
    return None


def unread(_: bytes) -> Profile | None:
    raise AssertionError("the disk is not to be asked")


def pages(pending: Pending, on_disk: Profile | None = None) -> int:
    profile = pending.read(A, lambda _: on_disk)
    return profile.pages if profile is not None else 0


def test_steps_that_wait_are_put_on_what_the_disk_holds() -> None:
    pending = Pending(10)
    pending.add(A, PAGE)
    pending.add(A, PAGE)
    assert pages(pending) == 2
    assert pages(pending, on_disk=after(0)) == 3
    assert pending.read(B, nothing) is None


def test_no_step_is_missed_or_seen_twice_on_its_way_to_the_disk() -> None:
    pending = Pending(10)
    pending.add(A, PAGE)
    batch = pending.take()
    assert pages(pending) == 1
    pending.add(A, PAGE)
    assert pages(pending) == 2
    pending.settle(A, follow(None, batch[A]))
    settled = pending.read(A, unread)
    assert settled is not None
    assert settled.pages == 2
    pending.done()
    assert pages(pending, on_disk=after(0)) == 2
    assert len(pending) == 1


def test_what_is_committed_while_the_disk_is_read_is_not_seen_twice() -> None:
    pending, on_disk = Pending(10), [after(0), after(0, 1)]
    pending.add(A, PAGE)
    batch = pending.take()

    def load(_: bytes) -> Profile | None:
        if len(on_disk) > 1:
            # The writer is done under the reader's hands, and this one has read before or after it.
            pending.settle(A, follow(on_disk.pop(0), batch[A]))
            pending.done()
        return on_disk[0]

    profile = pending.read(A, load)
    assert profile is not None
    assert profile.pages == 2


def test_a_batch_that_could_not_be_written_waits_again_before_what_came_since() -> None:
    pending = Pending(10)
    pending.add(A, ERASURE)
    batch = pending.take()
    pending.settle(A, follow(None, batch[A]))
    pending.add(A, PAGE)
    pending.put_back()
    assert pages(pending, on_disk=after(0, 1, 2)) == 1
    assert pending.take() == {A: [ERASURE, PAGE]}


def test_an_erased_profile_is_gone_at_once() -> None:
    pending = Pending(10)
    pending.add(A, PAGE)
    pending.add(A, ERASURE)
    assert pending.read(A, lambda _: after(0)) is None


def test_beyond_the_limit_only_erasures_find_room() -> None:
    pending = Pending(2)
    assert [pending.add(A, PAGE) for _ in range(3)] == [True, True, False]
    assert pending.add(A, ERASURE) is True
    pending.take()
    assert pending.add(A, PAGE) is False
    assert pending.drop() == 3
    assert pending.add(A, PAGE) is True
    assert len(pending) == 1


def test_one_visitor_can_not_make_everyone_wait_for_their_many_steps() -> None:
    pending = Pending(10 * MAX_STEPS_OF_ONE)
    for _ in range(MAX_STEPS_OF_ONE):
        assert pending.add(A, PAGE) is True
    pending.take()
    assert pending.add(A, PAGE) is False
    assert pending.add(B, PAGE) is True
    assert pending.add(A, ERASURE) is True
    assert pages(pending) == 0


def test_what_waits_outlives_an_erasure_of_what_came_before() -> None:
    pending = Pending(10)
    pending.add(A, PAGE)
    pending.erase_before(A, TUESDAY)
    assert pages(pending, on_disk=after(0, 1, 2)) == 1
    assert len(pending) == 2
