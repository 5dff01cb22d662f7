"""Texts that a stranger can write: what a link says of itself is printed, and any words would do.

`?ref=…` and `utm_…` are whatever the one who wrote the link put there. A page that prints them says under the site's
own name what somebody else wrote; escaping keeps it from being code, not from being read.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.conditions import Condition, Test, all_of
from rules.errors import Problem, warning
from rules.fragments import Fragment, Kind
from rules.linting.printed import prints
from rules.model import Experience, RuleBook
from rules.operators import IsOneOf, Matches
from rules.signals import lookup

_SET_BY_LINKS = ("page.query.", "source.", "first_source.")


def forged_links(book: RuleBook) -> Iterator[Problem]:
    """A warning for each experience and signal of a link that it prints, and whose words it does not name."""
    for experience in book.experiences:
        printed = {name for fragment in experience.fragments for name in fragment.signals if _prints(fragment, name)}
        for name in sorted(filter(_can_be_forged, printed)):
            if not _is_narrow(experience.who, name):
                yield _problem(experience, name)


def _problem(experience: Experience, name: str) -> Problem:
    message = f"anybody can write the text of `{experience.id}` by a link: it prints `{name}`, whatever that says"
    hint = f"test for words of your own before, such as {name}: [spring, summer]"
    return warning(experience.position, message, hint)


def _can_be_forged(name: str) -> bool:
    signal = lookup(name)
    return name.startswith(_SET_BY_LINKS) and signal is not None and not signal.values


def _prints(fragment: Fragment, name: str) -> bool:
    """Whether people may read it."""
    return fragment.kind is not Kind.URL and prints(fragment, name)


def _is_narrow(who: Condition | None, name: str) -> bool:
    """Whether the experience is only for values that its author has thought of."""
    return any(
        _leaves_no_room(operator)
        for part in all_of(who)
        if isinstance(part, Test) and part.signal == name
        for operator in part.operators
    )


def _leaves_no_room(operator: object) -> bool:
    if isinstance(operator, Matches):
        return all(each.written.startswith("^") and each.written.endswith("$") for each in operator.expressions)
    return isinstance(operator, IsOneOf) and not operator.globs
