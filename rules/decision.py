"""What was decided for one request: the one thing that crosses from `rules` to `proxy`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rules.context import Value
from rules.fragments import Fragment, Rendering
from rules.model import Experience, Variant


class Outcome(StrEnum):
    """Why an experience was chosen, or was not."""

    CHOSEN = "chosen"
    CONTROL = "sees the original"  # an experiment gave the visitor the arm that changes nothing
    NOT_NOW = "not now"  # its `when:` is closed
    NOT_WHO = "not for this visitor"  # its condition is false
    UNKNOWN = "unknown"  # its condition hangs on a signal that has no value
    HELD_OUT = "held out"  # the visitor is one of the `holdout`
    NOT_ENROLLED = "not enrolled"  # an experiment, and a visitor without an id
    NOT_COVERED = "not covered"  # an experiment that the visitor takes no part in
    NO_VALUE = "no value"  # a text of it names a signal that has no value
    UNSAFE = "unsafe value"  # a URL of it would lead where it must not


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: `test` is the first test that decided, as written; `saw` the value it saw, None if there was none.

    `arm` is what an experiment gave the visitor: the id of a variant, or `original`.
    """

    experience: str
    outcome: Outcome
    test: str = ""
    saw: Value | None = None
    arm: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """An experience that applies to this visitor, by one of its variants, each of its fragments rendered."""

    experience: Experience
    variant: Variant
    renderings: Mapping[Fragment, Rendering]


@dataclass(frozen=True, slots=True)
class Decision:
    """Choices in the order in which they win (priority, then file order); `why` tells a Reason for every experience.

    A choice whose variant leads away is among them: what it comes to, and what becomes of those that win over it, is
    for the proxy to settle.

    `fingerprint` is of what was chosen (experiences, their changes, the shapes of their fragments) and never of a
    visitor's values: two visitors with one fingerprint get one cut, with their own values in its holes.
    """

    choices: tuple[Choice, ...]
    why: Callable[[], tuple[Reason, ...]] = field(repr=False, compare=False)
    fingerprint: bytes

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """A Reason for every experience, found anew at each look: only its author's tools ask for them."""
        return self.why()
