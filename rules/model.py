"""The parts of a rulebook, as frozen values. `rules.load` makes them; nothing here reads a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rules.conditions import Condition
from rules.errors import Position
from rules.fragments import Fragment
from rules.pages import PagePattern
from rules.schedule import Schedule
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


Action = SetText | SetHtml | Replace | Insert | SetImage | SetLink | SetAttributes | AddClass | RemoveClass | Remove


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
class Experience:
    """Audience, place and change. `order` is its rank in the files; `digest` is a hash of all its changes."""

    id: str
    pages: tuple[PagePattern, ...]
    changes: tuple[Change, ...]
    digest: str
    position: Position
    order: int
    title: str = ""
    exclude: tuple[PagePattern, ...] = ()
    who: Condition | None = None
    when: Schedule | None = None
    priority: int = 0
    enabled: bool = True
    draft: bool = False
    fragments: tuple[Fragment, ...] = field(init=False, repr=False, compare=False)
    """Every fragment of its changes, in order, each once."""

    def __post_init__(self) -> None:
        fragments = dict.fromkeys(f for change in self.changes for f in fragments_of(change.action))
        object.__setattr__(self, "fragments", tuple(fragments))


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
        case AddClass() | RemoveClass() | Remove():
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
class RuleTest:
    """One of `tests:`: the ids of experiences that are for this visit (`shows`), and that are not (`hides`)."""

    name: str
    visit: Visit
    position: Position
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleBook:
    """A whole rulebook that loaded without an error; `audience_positions` is where each audience is named."""

    site: Site = Site()
    audiences: Mapping[str, Condition] = field(default_factory=dict)
    experiences: tuple[Experience, ...] = ()
    audience_positions: Mapping[str, Position] = field(default_factory=dict)
    tests: tuple[RuleTest, ...] = ()

    @property
    def live(self) -> tuple[Experience, ...]:
        """The experiences that visitors can see: enabled, and no drafts."""
        return tuple(e for e in self.experiences if e.enabled and not e.draft)

    def with_drafts(self) -> RuleBook:
        """The rulebook as it would be if its drafts went live: for its author's tools, never for visitors."""
        return replace(self, experiences=tuple(replace(e, draft=False) for e in self.experiences))
