"""Pairs of experiences that want one place: of which one is never seen, or only their order in the files decides.

One that redirects, or serves another page, wants the whole page. Pairs are looked for only among those that share a
place and a page, so that a folder of a thousand is checked in a moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from rules.conditions import Condition, all_of
from rules.errors import Problem, warning
from rules.linting.common_urls import common_url, covers, literal_start
from rules.model import (
    Action,
    Experience,
    Rank,
    Remove,
    Replace,
    RuleBook,
    SetAttributes,
    SetHtml,
    SetImage,
    SetLink,
    SetText,
)
from rules.pages import PagePattern

_WHOLE_PAGE = ""
_WHOLE = (Remove, Replace)
_CONTENT = (SetText, SetHtml)
_ALIKE = (SetImage, SetLink, SetAttributes, Rank)


@dataclass(frozen=True, slots=True)
class _Claim:
    """An experience at a place, and what it does there; None where that is the whole page.

    `who` is a number for its condition, and `wider` are those of conditions that hold wherever that does.
    """

    experience: Experience
    place: str
    action: Action | None
    who: int
    wider: frozenset[int]

    @property
    def redirects(self) -> bool:
        return any(variant.redirect is not None for variant in self.experience.variants)

    @property
    def leads_away(self) -> bool:
        return any(variant.leads_away for variant in self.experience.variants)


def overlaps(book: RuleBook) -> Iterator[Problem]:
    """A warning for each experience and one above it that takes a place from it."""
    numbers = _Numbers()
    index = _Index()
    for experience in sorted(book.live, key=lambda each: (-each.priority, each.order)):
        claims = tuple(_claims(experience, numbers))
        told: set[str] = set()
        for claim in claims:
            winner = next((each for each in index.meeting(claim) if _clash(each, claim)), None)
            if winner is not None and winner.experience.id not in told:
                told.add(winner.experience.id)
                yield from _problem(winner, claim)
        for claim in claims:
            if claim.place != _WHOLE_PAGE or claim.leads_away:
                index.add(claim)


def _claims(experience: Experience, numbers: _Numbers) -> Iterator[_Claim]:
    who = numbers.of(experience.who)
    wider = frozenset(map(numbers.of, (None, experience.who, *all_of(experience.who))))
    yield _Claim(experience, _WHOLE_PAGE, None, who, wider)
    for change in experience.changes:
        yield _Claim(experience, change.select, change.action, who, wider)


class _Numbers:
    """A number for each condition: to compare two whole trees takes its time."""

    def __init__(self) -> None:
        self._known: dict[Condition | None, int] = {}
        self._next = count()

    def of(self, who: Condition | None) -> int:
        """The same for equal conditions."""
        if who not in self._known:
            self._known[who] = next(self._next)
        return self._known[who]


class _Index:
    """The claims that were made, by place and page."""

    def __init__(self) -> None:
        # With what each pattern begins with: most that can't be meant together are told apart by that.
        self._places: defaultdict[str, dict[PagePattern, tuple[str, list[_Claim]]]] = defaultdict(dict)
        self._meet: dict[tuple[PagePattern, PagePattern], bool] = {}

    def add(self, claim: _Claim) -> None:
        """Let those that come later meet it."""
        place = self._places[claim.place]
        for pattern in claim.experience.pages:
            if pattern not in place:
                place[pattern] = (literal_start(pattern), [])
            place[pattern][1].append(claim)

    def meeting(self, claim: _Claim) -> Iterator[_Claim]:
        """Those that want the same place on a page that could be one of this one's."""
        place = self._places[claim.place]
        for pattern in claim.experience.pages:
            start = literal_start(pattern)
            for other, (other_start, claims) in place.items():
                begin_alike = start.startswith(other_start) or other_start.startswith(start)
                if begin_alike and self._do_meet(other, pattern):
                    yield from claims

    def _do_meet(self, one: PagePattern, other: PagePattern) -> bool:
        if (one, other) not in self._meet:
            self._meet[one, other] = common_url(one, other) is not None
        return self._meet[one, other]


def _problem(winner: _Claim, loser: _Claim) -> Iterator[Problem]:
    above, below = winner.experience, loser.experience
    if winner.who in loser.wider and _is_always_there(above) and _has_all_pages(above, below):
        whom = "everyone" if above.who is None else "the same visitors"
        does = f"changes `{winner.place}`" if winner.place else "redirects" if winner.redirects else "serves a page"
        message = f"experience `{below.id}` can never be shown: `{above.id}` {does} for {whom}"
        yield warning(below.position, message, f"give `{below.id}` a higher priority")
    elif above.priority == below.priority:
        both = f"both change `{winner.place}`" if winner.place else "both want the whole page"
        message = f"`{above.id}` and `{below.id}` {both}: the earlier one wins"
        yield warning(below.position, message, "give one of them a higher priority")


def _clash(winner: _Claim, loser: _Claim) -> bool:
    """Whether both are for the same visitors on some page, and only one can be shown."""
    above, below = winner.experience, loser.experience
    if above is below or not (winner.who in loser.wider or loser.who in winner.wider):
        return False
    if not _collide(winner, loser) or are_apart(above, below):
        return False
    return any(_share_a_url(above, below, one, other) for one in above.pages for other in below.pages)


def _collide(winner: _Claim, loser: _Claim) -> bool:
    """Whether both write the same property of the place."""
    if winner.action is None or loser.action is None:
        return winner.redirects or loser.leads_away
    if isinstance(winner.action, _WHOLE) or isinstance(loser.action, _WHOLE):
        return True
    if isinstance(winner.action, _CONTENT) and isinstance(loser.action, _CONTENT):
        return True
    return isinstance(winner.action, _ALIKE) and type(winner.action) is type(loser.action)


def are_apart(above: Experience, below: Experience) -> bool:
    """Whether no visitor can have both at one moment: experiments of one layer, schedules that never meet."""
    ours, theirs = above.experiment, below.experiment
    if ours is not None and theirs is not None and ours.layer is not None and ours.layer == theirs.layer:
        return True
    return above.when is not None and below.when is not None and above.when.is_apart_from(below.when)


def _share_a_url(above: Experience, below: Experience, one: PagePattern, other: PagePattern) -> bool:
    url = common_url(one, other)
    return url is not None and not any(url.fits(pattern) for pattern in (*above.exclude, *below.exclude))


def _is_always_there(winner: Experience) -> bool:
    """Whether it is shown to all that its condition is true for."""
    certain = not any(fragment.signals for fragment in winner.fragments)
    return certain and winner.when is None and winner.experiment is None


def _has_all_pages(winner: Experience, loser: Experience) -> bool:
    """Whether the winner is for every page that the loser is for."""
    if not set(winner.exclude) <= set(loser.exclude):
        return False
    return all(any(covers(pattern, other) for pattern in winner.pages) for other in loser.pages)
