"""Whether the places of experiences are still there: what cuts say of it, and which experiences are paused for it.

Owns what a cut tells of a selector. When that makes a drift is `proxy.page.drift`'s, how it is told `notices`'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from proxy.page.compile import Cut
from proxy.page.drift import Drift, DriftWatch
from proxy.page.notices import Notices
from rules.decision import Decision

PROBE = 4
"""Of the cuts from which an experience is paused, each of this number tries it all the same: how it comes back."""


class Places:
    """Watches selectors. With `pauses` an experience one of whose selectors drifts is left out of new cuts meanwhile.

    `now` is in seconds since the epoch.
    """

    def __init__(self, now: Callable[[], float], notices: Notices, *, pauses: bool) -> None:
        self._watch = DriftWatch(now)
        self._notices = notices
        self._pauses = pauses
        # Of each paused experience, from how many cuts it was left out, or could have been.
        self._paused: Counter[str] = Counter()

    @property
    def drifts(self) -> tuple[Drift, ...]:
        """What drifts at the moment."""
        return self._watch.drifts

    def pauses(self, decision: Decision | None) -> bool:
        """Whether one of a decision's experiences is paused, if only in most cuts."""
        if decision is None or not self._paused:
            return False
        return any(choice.experience.id in self._paused for choice in decision.choices)

    def paused(self, decision: Decision) -> frozenset[str]:
        """The experiences of a decision that are left out of the cut that is made now."""
        if not self._paused:
            return frozenset()
        chosen = {choice.experience.id for choice in decision.choices} & self._paused.keys()
        self._paused.update(chosen)
        return frozenset(name for name in chosen if self._paused[name] % PROBE)

    def note(self, url: str, query: bytes, decision: Decision, cut: Cut) -> bool:
        """Hear of a cut; whether an experience is no longer paused."""
        is_resumed = False
        for experience, selector, is_found in _told(decision, cut):
            match self._watch.note(experience, selector, url, query, is_found=is_found):
                case Drift() as drift:
                    if self._pauses:
                        self._paused.setdefault(experience, 0)
                    self._notices.drifts(drift, is_paused=self._pauses)
                case None:
                    pass
                case again:
                    self._notices.found_again(again)
                    is_resumed |= self._resume(experience)
        return is_resumed

    def resume(self) -> bool:
        """Pause nothing, and begin anew with what drifts; whether anything was paused."""
        self._watch.forget_drifts()
        was_paused = bool(self._paused)
        self._paused.clear()
        return was_paused

    def _resume(self, experience: str) -> bool:
        if any(drift.experience == experience for drift in self._watch.drifts):
            return False
        return self._paused.pop(experience, None) is not None


def _told(decision: Decision, cut: Cut) -> Iterator[tuple[str, str, bool]]:
    """Of each selector that a cut says something of, whether it was found.

    Of an experience that is left out this is the one for which it is. What is optional is expected to be missing.
    """
    missed = {each.experience: each.selector for each in cut.left_out if each.is_missed}
    for choice in decision.choices:
        name = choice.experience.id
        if name in missed:
            yield name, missed[name], False
        elif name in cut.shown:
            selectors = dict.fromkeys(change.select for change in choice.variant.changes if not change.optional)
            yield from ((name, selector, True) for selector in selectors)
