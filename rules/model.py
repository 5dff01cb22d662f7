"""The parts of a rulebook, as frozen values. `rules.load` makes them; nothing here reads a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rules.conditions import Condition
from rules.errors import Position
from rules.fragments import Fragment, Rendering
from rules.pages import PagePattern
from rules.schedule import Schedule
from rules.signals import Type
from rules.visits import Visit


@dataclass(frozen=True, slots=True)
class SetText:
    """`text:` replaces the content with text."""

    text: Fragment


@dataclass(frozen=True, slots=True)
class SetHtml:
    """`html:` or `template:` replaces the content with a fragment."""

    html: Fragment


@dataclass(frozen=True, slots=True)
class Replace:
    """`replace:` puts a fragment in the element's own place."""

    html: Fragment


class Where(StrEnum):
    """The four places beside and inside an element where a fragment can be inserted."""

    BEFORE = "before"
    AFTER = "after"
    FIRST = "first"
    LAST = "last"

    @property
    def is_inside(self) -> bool:
        """Whether it is a part of the element's content."""
        return self in (Where.FIRST, Where.LAST)


@dataclass(frozen=True, slots=True)
class Insert:
    """`insert:` adds a fragment beside or inside the element."""

    where: Where
    html: Fragment


@dataclass(frozen=True, slots=True)
class SetImage:
    """`image:` swaps a picture: the element's own and all that loads the old one."""

    src: Fragment
    alt: Fragment | None = None
    srcset: Fragment | None = None
    sizes: Fragment | None = None


@dataclass(frozen=True, slots=True)
class SetLink:
    """`link:` is a call to action: where it leads and, if given, what it says."""

    href: Fragment
    text: Fragment | None = None


@dataclass(frozen=True, slots=True)
class SetAttributes:
    """`attributes:` sets each name to a text, or takes it away (None)."""

    values: tuple[tuple[str, Fragment | None], ...]


@dataclass(frozen=True, slots=True)
class AddClass:
    """`add_class:` one or more class names."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveClass:
    """`remove_class:` one or more class names."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remove:
    """`remove: true` takes the element out of the page."""


@dataclass(frozen=True, slots=True)
class ItemField:
    """A value that is read of each item: the text, or an attribute, of the first match in it, or of the item itself."""

    name: str
    select: str = ""
    attribute: str = ""
    type: Type = Type.TEXT


@dataclass(frozen=True, slots=True)
class Boost:
    """What an item's score gains where the condition, which is on `item.<name>`, is true of it."""

    weight: float
    where: Condition


@dataclass(frozen=True, slots=True)
class Rank:
    """`rank:` puts the items of a list in another order. Its selectors are within the list, which is their `:scope`.

    Items that `pin` finds, and the first `keep_first`, stay at their place.
    """

    items: str
    read: tuple[ItemField, ...]
    by: tuple[Boost, ...]
    pin: str = ""
    keep_first: int = 0


Action = (
    SetText | SetHtml | Replace | Insert | SetImage | SetLink | SetAttributes | AddClass | RemoveClass | Remove | Rank
)


@dataclass(frozen=True, slots=True)
class Change:
    """What happens at a place: `select` names exactly one element, or with `all` every match.

    An `optional` change may be left out alone. Only with `seo` may it touch what search engines read of a page.
    """

    select: str
    action: Action
    position: Position
    all: bool = False
    optional: bool = False
    seo: bool = False


@dataclass(frozen=True, slots=True)
class Variant:
    """What an experience shows: its changes, or another page of the origin (`serve`), or another URL (`redirect`).

    `serve` is a path, with its query if it has one. `digest` is a hash of all this as it is written. The id is empty
    for the one variant of an experience that is no experiment.
    """

    digest: str
    changes: tuple[Change, ...] = ()
    redirect: Fragment | None = None
    serve: str = ""
    id: str = ""
    fragments: tuple[Fragment, ...] = field(init=False, repr=False, compare=False)
    """Every fragment of it, in order, each once."""
    varying: tuple[Fragment, ...] = field(init=False, repr=False, compare=False)
    """Those that don't say the same to every visitor."""
    settled: Mapping[Fragment, Rendering] = field(init=False, repr=False, compare=False)
    """What the others say."""
    told: dict[tuple[object, ...], bytes] = field(init=False, repr=False, compare=False, default_factory=dict)
    """What a fingerprint covers of it, by the shapes of the varying ones: for `rules.decide` to keep."""

    def __post_init__(self) -> None:
        of_changes = (fragment for change in self.changes for fragment in fragments_of(change.action))
        redirect = () if self.redirect is None else (self.redirect,)
        fragments = tuple(dict.fromkeys((*redirect, *of_changes)))
        object.__setattr__(self, "fragments", fragments)
        object.__setattr__(self, "varying", tuple(each for each in fragments if each.static is None))
        object.__setattr__(self, "settled", {each: each.static for each in fragments if each.static is not None})

    @property
    def leads_away(self) -> bool:
        """Whether the visitor gets another page than the one that was asked for."""
        return self.redirect is not None or self.serve != ""


ORIGINAL = "original"
"""The arm of an experiment that sees the page as it is."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Experiments that exclude each other: for each, in the order of the files, the share of visitors it covers."""

    id: str
    coverages: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Experiment:
    """Who sees which variant: `split` gives each arm, ORIGINAL among them, its share of those who take part.

    Shares are of 1. `coverage` is the share of all visitors who take part; None is everyone, or an even part of the
    layer.
    """

    split: tuple[tuple[str, float], ...]
    coverage: float | None = None
    goal: str = ""
    layer: Layer | None = None


@dataclass(frozen=True, slots=True)
class Experience:
    """Audience, place and change. `order` is its rank in the files.

    Without an `experiment` it has one variant, and everyone it is for sees that.
    """

    id: str
    pages: tuple[PagePattern, ...]
    variants: tuple[Variant, ...]
    position: Position
    order: int
    experiment: Experiment | None = None
    title: str = ""
    exclude: tuple[PagePattern, ...] = ()
    who: Condition | None = None
    when: Schedule | None = None
    priority: int = 0
    enabled: bool = True
    draft: bool = False

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms of its experiment; none if it is no experiment."""
        return () if self.experiment is None else tuple(name for name, _ in self.experiment.split)

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes of all its variants."""
        return tuple(change for variant in self.variants for change in variant.changes)

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        """The fragments of all its variants."""
        return tuple(fragment for variant in self.variants for fragment in variant.fragments)


def fragments_of(action: Action) -> tuple[Fragment, ...]:
    """The fragments that an action renders."""
    match action:
        case SetText(text):
            return (text,)
        case SetHtml(html) | Replace(html) | Insert(_, html):
            return (html,)
        case SetImage(src, alt, srcset, sizes):
            return tuple(f for f in (src, alt, srcset, sizes) if f is not None)
        case SetLink(href, text):
            return (href,) if text is None else (href, text)
        case SetAttributes(values):
            return tuple(f for _, f in values if f is not None)
        case AddClass() | RemoveClass() | Remove() | Rank():
            return ()


@dataclass(frozen=True, slots=True)
class Site:
    """`site:` of a rulebook: its IANA time zone, its languages, hosts that built links may lead to, and its country.

    The country is an ISO 3166-1 code, empty where none is given.
    """

    timezone: str = "UTC"
    languages: tuple[str, ...] = ()
    link_hosts: tuple[str, ...] = ()
    country: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """What an experiment is to bring about: a visit to one of these pages."""

    id: str
    pages: tuple[PagePattern, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One of `tests:`: the ids of experiences that are for this visit (`shows`), and that are not (`hides`).

    `places` are texts that should stand on the page, each with the selector of its place.
    """

    name: str
    visit: Visit
    position: Position
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    places: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RuleBook:
    """A whole rulebook that loaded without an error; `audience_positions` is where each audience is named.

    `holdout` is the share of visitors, of 1, who always see the original. `unused_templates` is where the files of
    `templates/` begin that no rule uses.
    """

    site: Site = Site()
    audiences: Mapping[str, Condition] = field(default_factory=dict)
    experiences: tuple[Experience, ...] = ()
    audience_positions: Mapping[str, Position] = field(default_factory=dict)
    tests: tuple[RuleTest, ...] = ()
    goals: tuple[Goal, ...] = ()
    holdout: float = 0.0
    unused_templates: tuple[Position, ...] = ()

    @property
    def live(self) -> tuple[Experience, ...]:
        """The experiences that visitors can see: enabled, and no drafts."""
        return tuple(e for e in self.experiences if e.enabled and not e.draft)

    @property
    def arms(self) -> Mapping[str, tuple[str, ...]]:
        """The arms of every experiment, by its id."""
        return {each.id: each.arms for each in self.experiences if each.experiment is not None}

    def with_drafts(self) -> RuleBook:
        """The rulebook as it would be if its drafts went live: for its author's tools, never for visitors."""
        return replace(self, experiences=tuple(replace(e, draft=False) for e in self.experiences))
