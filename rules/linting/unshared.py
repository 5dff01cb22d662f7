"""What keeps pages from being shared by a cache in front: for who runs one, in edge mode.

What may be shared is `proxy.edge`'s to say, for each response. This tells beforehand which experiences stand against
it, and on whose pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.conditions import each_test
from rules.errors import Problem, warning
from rules.linting.printed import prints
from rules.model import Experience, RuleBook
from rules.operators import Aged
from rules.plan import signals_of
from rules.signals import Tier, lookup

_REMEMBERED_TIERS = (Tier.SESSION, Tier.PERSISTENT)
_REMEMBERED = "source."  # what brought a known visitor is what brought them to this visit


def unshared(book: RuleBook) -> Iterator[Problem]:
    """A warning for each live experience and reason, in no order."""
    for experience in book.live:
        for message, hint in _reasons(experience):
            yield warning(experience.position, f"`{experience.id}` {message}", hint)


def _reasons(experience: Experience) -> Iterator[tuple[str, str]]:
    if any(variant.leads_away for variant in experience.variants):
        yield "leads to another page: of the pages it is for, none is shared", "let it be for as few pages as it can"
    tests = () if experience.who is None else each_test(experience.who)
    if any(isinstance(operator, Aged) for test in tests for operator in test.operators):
        message = "asks how long ago something was: of the pages it is for, none is shared"
        yield message, "let it be for as few pages as it can"
    if printed := _names(name for each in experience.fragments for name in each.signals if prints(each, name)):
        yield (
            f"prints {printed}: who is shown it has a page of their own",
            "ask for the value, and print your own words",
        )
    if remembered := _names(filter(_is_remembered, signals_of(experience))):
        message = f"hangs on {remembered}: who is remembered has pages of their own, wherever it is for"
        yield message, "let it be for as few pages as it can"


def _is_remembered(name: str) -> bool:
    signal = lookup(name)
    return name.startswith(_REMEMBERED) or (signal is not None and signal.tier in _REMEMBERED_TIERS)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(set(names)))
