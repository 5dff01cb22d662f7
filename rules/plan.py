"""Which experiences could apply to a URL, and which signals it takes to decide.

What hangs on host and path is a Shortlist, which can be kept for a URL as long as its rulebook; the query, of which
there are endlessly many, is put to it for each request.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from weakref import WeakValueDictionary

from rules.conditions import each_test
from rules.context import CLOCK_SIGNAL, Context
from rules.model import Experience, RuleBook
from rules.operators import Aged
from rules.pages import PagePattern
from rules.word_index import WordIndex


@dataclass(frozen=True, slots=True)
class Plan:
    """The experiences that are live on a URL, in the order in which they win, and the signals that they hang on.

    `hangs_on_clock` tells whether the same signals may come to another decision a moment later.
    """

    experiences: tuple[Experience, ...]
    signals: frozenset[str]
    site_timezone: str = "UTC"
    holdout: float = 0.0
    hangs_on_clock: bool = False
    index: WordIndex | None = field(default=None, repr=False, compare=False)

    def possible(self, context: Context) -> Sequence[Experience]:
        """The experiences whose condition can be true, and no more than some whose can't, in the same order."""
        if self.index is None:
            return self.experiences
        return [self.experiences[number] for number in self.index.possible(context)]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An experience whose place fits, with the patterns that are left for the query to settle."""

    experience: Experience
    any_of: tuple[PagePattern, ...]
    none_of: tuple[PagePattern, ...]
    signals: frozenset[str]
    hangs_on_clock: bool

    def fits(self, query: Mapping[str, str]) -> bool:
        wanted = not self.any_of or any(pattern.matches_query(query) for pattern in self.any_of)
        return wanted and not any(pattern.matches_query(query) for pattern in self.none_of)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Shortlist:
    """What could apply to a host and path, whatever the query; `asks_query` tells whether it matters at all."""

    whole: Plan
    _candidates: tuple[_Candidate, ...] = ()
    asks_query: bool = False

    def plan(self, query: Mapping[str, str]) -> Plan:
        """The plan for one query; the same object for every query where none of the patterns asks for one."""
        if not self.asks_query:
            return self.whole
        fitting = [each for each in self._candidates if each.fits(query)]
        return _plan(fitting, self.whole.site_timezone, self.whole.holdout)


class _Fit(NamedTuple):
    """An experience that is live at a place, and which of its patterns are left for the query to settle."""

    experience: Experience
    any_of: tuple[PagePattern, ...]
    none_of: tuple[PagePattern, ...]

    @property
    def identity(self) -> tuple[int, ...]:
        """The same for the same parts of one rulebook."""
        return id(self.experience), len(self.any_of), *map(id, self.any_of), *map(id, self.none_of)


class Shortlists:
    """Those of one rulebook. Places at which the same could apply have one in common while anybody keeps it."""

    def __init__(self, book: RuleBook) -> None:
        self._book = book
        self._kept: WeakValueDictionary[tuple[tuple[int, ...], ...], Shortlist] = WeakValueDictionary()

    def at(self, host: str, path: str) -> Shortlist:
        """The live experiences whose `pages:` name this host and canonical path, and whose `except:` does not."""
        fits = self._fits(host, path)
        identity = tuple([fit.identity for fit in fits])
        shortlist = self._kept.get(identity)
        if shortlist is None:
            shortlist = self._kept[identity] = self._made(fits)
        return shortlist

    def _fits(self, host: str, path: str) -> list[_Fit]:
        fits: list[_Fit] = []
        for experience in self._book.live:
            pages = [pattern for pattern in experience.pages if pattern.matches_place(host, path)]
            if not pages:
                continue
            exclude = tuple(pattern for pattern in experience.exclude if pattern.matches_place(host, path))
            if any(not pattern.query for pattern in exclude):
                continue
            is_settled = any(not pattern.query for pattern in pages)
            fits.append(_Fit(experience, () if is_settled else tuple(pages), exclude))
        fits.sort(key=lambda fit: (-fit.experience.priority, fit.experience.order))
        return fits

    def _made(self, fits: Sequence[_Fit]) -> Shortlist:
        candidates = [_candidate(fit) for fit in fits]
        asks_query = any(each.any_of or each.none_of for each in candidates)
        # Worth its making where it serves many requests: what hangs on the query is planned for each.
        index = None if asks_query else WordIndex([each.experience.who for each in candidates])
        whole = replace(_plan(candidates, self._book.site.timezone, self._book.holdout), index=index)
        return Shortlist(whole, tuple(candidates), asks_query)


def _candidate(fit: _Fit) -> _Candidate:
    signals = signals_of(fit.experience)
    return _Candidate(*fit, signals, _hangs_on_clock(fit.experience, signals))


def make_plan(book: RuleBook, host: str, path: str, query: Mapping[str, str]) -> Plan:
    """The plan for one URL: its host, canonical path and decoded query parameters."""
    return Shortlists(book).at(host, path).plan(query)


def _plan(candidates: Collection[_Candidate], site_timezone: str, holdout: float) -> Plan:
    signals = frozenset[str]().union(*(each.signals for each in candidates))
    experiences = tuple(each.experience for each in candidates)
    hangs_on_clock = any(each.hangs_on_clock for each in candidates)
    return Plan(experiences, signals, site_timezone, holdout, hangs_on_clock)


def _hangs_on_clock(experience: Experience, signals: frozenset[str]) -> bool:
    if experience.when is not None or any(name.startswith(CLOCK_SIGNAL) for name in signals):
        return True
    tests = () if experience.who is None else each_test(experience.who)
    return any(isinstance(operator, Aged) for test in tests for operator in test.operators)


def signals_of(experience: Experience) -> frozenset[str]:
    """Every signal that its condition, its schedule and its texts name, and what those are told by."""
    who = experience.who.signals if experience.who is not None else frozenset[str]()
    when = experience.when.signals if experience.when is not None else frozenset[str]()
    named = who.union(when, *(fragment.signals for fragment in experience.fragments))
    # The signals of time are told on the visitor's clock, and holidays are those of the visitor's country.
    clock = {"geo.timezone"} if any(name.startswith(CLOCK_SIGNAL) for name in named) else set[str]()
    return named | clock | ({"geo.country"} if "time.holiday" in named else set[str]())
