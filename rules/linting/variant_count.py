"""How many variants a URL can have: the decisions, by their fingerprints, that visitors of it can come to.

Each is a copy of the page to make, check and keep. Experiences that hang on nothing in common multiply (each shown or
not, an experiment by its arms); those that exclude each other add. A decision holds all that is for the visitor, so two
that want one place make variants too. The number is an upper bound: exact where the cases of all signals can be gone
through, and where they are too many one group after the other of experiences that exclude each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, combinations, product
from math import prod

from rules.conditions import All, AnyOf, Condition, Test, each_test
from rules.errors import Problem, warning
from rules.linting.overlaps import are_apart
from rules.linting.satisfiability import ALWAYS_KNOWN, Case, Exclusion, cases
from rules.linting.url_kinds import UrlKind, url_kinds
from rules.model import Experience, RuleBook

DEFAULT_BUDGET = 200
_MOST_EXPERIENCES = 100
_MOST_COMBINATIONS = 4_096
_MOST_DECISIONS = 4_096
_MOST_TOLD = 6
_MOST_COUNTED = 1_000_000_000


def too_many_variants(book: RuleBook, now: datetime, budget: int = DEFAULT_BUDGET) -> Iterator[Problem]:
    """A warning for each kind of URL that can have more variants than the budget."""
    told: list[frozenset[str]] = []
    known: dict[tuple[str, ...], int] = {}
    exclusion = Exclusion(now)
    for kind in url_kinds(book.live):
        ids = tuple(experience.id for experience in kind.experiences)
        if any(less.issubset(ids) for less in told):
            continue  # what is too much for fewer experiences has been told of those
        if _bound(kind.experiences, exclusion) < budget:
            continue  # the cheaper reckoning says already that it is not too much
        if ids not in known:
            # Who is held out sees the original, which may be none of the others.
            known[ids] = count_variants(kind.experiences, now) + (book.holdout > 0)
        if known[ids] > budget:
            told.append(frozenset(ids))
            yield _problem(kind, known[ids], budget)


def count_variants(experiences: Sequence[Experience], now: datetime) -> int:
    """The most decisions that visitors of one URL can come to, if these are all the experiences for it."""
    return prod(_count_of(component, now) for component in _components(experiences))


def states_of(experience: Experience) -> int:
    """In how many ways it can be shown: the arms of an experiment, the shapes of its texts."""
    shares = {} if experience.experiment is None else dict(experience.experiment.split)
    seen = [variant for variant in experience.variants if shares.get(variant.id, 1) > 0]
    return sum(prod(fragment.shapes for fragment in variant.fragments) for variant in seen)


def _problem(kind: UrlKind, count: int, budget: int) -> Problem:
    most = sorted(kind.experiences, key=lambda each: (-states_of(each), each.order))
    named = [f"{each.id} ×{states_of(each) + 1}" for each in most]
    more = f" and {len(named) - _MOST_TOLD} more" if len(named) > _MOST_TOLD else ""
    told = f"more than {_MOST_COUNTED:,}" if count > _MOST_COUNTED else f"up to {count:,}"
    message = f"`{kind.written}` can have {told} variants: {', '.join(named[:_MOST_TOLD])}{more}"
    hint = f"the budget is {budget:,} (--variants); let experiences exclude each other, or put experiments in one layer"
    return warning(most[0].position, message, hint)


def _components(experiences: Sequence[Experience]) -> list[list[Experience]]:
    """Experiences in groups that have no signal, no layer and no schedule in common with another group."""
    groups: list[tuple[set[str], list[Experience]]] = []
    for experience in experiences:
        ties = _ties(experience)
        joined = [group for group in groups if group[0] & ties]
        rest = [group for group in groups if not group[0] & ties]
        members = [member for group in joined for member in group[1]]
        groups = [*rest, (ties.union(*(group[0] for group in joined)), [*members, experience])]
    return [members for _, members in groups]


def _ties(experience: Experience) -> set[str]:
    ties = set(experience.who.signals) if experience.who is not None else set[str]()
    if experience.experiment is not None and experience.experiment.layer is not None:
        ties.add(f"layer {experience.experiment.layer.id}")
    if experience.when is not None:
        ties.add("when")
    return ties


def _count_of(experiences: Sequence[Experience], now: datetime) -> int:
    exact = _Enumeration(experiences, now).count() if len(experiences) <= _MOST_EXPERIENCES else None
    return exact if exact is not None else _bound(experiences, Exclusion(now))


def _bound(experiences: Sequence[Experience], exclusion: Exclusion) -> int:
    """A bound that is soon found: experiences that exclude each other add up, and groups of such multiply."""
    groups: list[list[Experience]] = []
    for experience in experiences:
        for group in groups:
            if all(are_apart(experience, other) or exclusion.holds(experience.who, other.who) for other in group):
                group.append(experience)
                break
        else:
            groups.append([experience])
    return prod(1 + sum(map(states_of, group)) for group in groups)


def _is_certain(experience: Experience) -> bool:
    """Whether it is shown to all that its condition is true for."""
    signals = {name for fragment in experience.fragments for name in fragment.signals}
    return experience.when is None and experience.experiment is None and signals <= ALWAYS_KNOWN


@dataclass(frozen=True, slots=True)
class _Enumeration:
    """Goes through all that can come of the tests of some experiences."""

    experiences: Sequence[Experience]
    now: datetime

    def count(self) -> int | None:
        """The decisions, None where there is too much to go through."""
        decisions: set[frozenset[int]] = set()
        met: set[tuple[int, ...]] = set()
        combinations_ = self._combinations()
        if combinations_ is None:
            return None
        for outcomes in combinations_:
            meant = tuple(
                number
                for number, each in enumerate(self.experiences)
                if each.who is None or outcomes.of(each.who) is True
            )
            if meant in met:
                continue
            met.add(meant)
            uncertain = sum(1 for number in meant if not _is_certain(self.experiences[number]))
            if 2**uncertain > _MOST_DECISIONS:
                return None
            decisions |= set(self._decisions(meant))
            if len(decisions) > _MOST_DECISIONS:
                return None
        return sum(prod(states_of(self.experiences[number]) for number in shown) for shown in decisions)

    def _combinations(self) -> Iterator[_Outcomes] | None:
        by_signal: defaultdict[str, dict[Test, None]] = defaultdict(dict)
        for test in self._tests():
            by_signal[test.signal][test] = None
        found: list[frozenset[Case]] = []
        size = 1
        for tests in by_signal.values():
            of_signal = cases(tuple(tests), self.now)
            size *= len(of_signal) if of_signal is not None else _MOST_COMBINATIONS + 1
            if of_signal is None or size > _MOST_COMBINATIONS:
                return None
            found.append(of_signal)
        columns = {test: column for column, test in enumerate(chain.from_iterable(by_signal.values()))}
        # By identity, since to hash a test anew each time would be most of the work.
        column_of = {id(test): columns[test] for test in self._tests()}
        return (_Outcomes(column_of, tuple(chain.from_iterable(way))) for way in product(*found))

    def _tests(self) -> Iterator[Test]:
        for experience in self.experiences:
            if experience.who is not None:
                yield from each_test(experience.who)

    def _decisions(self, meant: Sequence[int]) -> Iterator[frozenset[int]]:
        certain = [number for number in meant if _is_certain(self.experiences[number])]
        open_ones = [number for number in meant if number not in certain]
        for size in range(len(open_ones) + 1):
            for some in combinations(open_ones, size):
                pairs = combinations((self.experiences[number] for number in some), 2)
                if not any(are_apart(one, other) for one, other in pairs):
                    yield frozenset((*certain, *some))


@dataclass(frozen=True, slots=True)
class _Outcomes:
    """One of the ways in which all tests can come out."""

    column_of: Mapping[int, int]
    row: Case

    def of(self, condition: Condition) -> bool | None:
        """What comes of a condition then, by Kleene's tables, as `rules.conditions` has it."""
        if isinstance(condition, Test):
            return self.row[self.column_of[id(condition)]]
        parts = [self.of(part) for part in condition.parts]
        deciding = not isinstance(condition, All)
        holds = deciding if deciding in parts else None if None in parts else not deciding
        if isinstance(condition, All | AnyOf):
            return holds
        return None if holds is None else not holds
