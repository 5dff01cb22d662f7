"""What was decided for one request: the one thing that crosses from `rules` to `proxy`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rules.context import Value
from rules.fragments import Fragment, Rendering
from rules.model import Experience


class Outcome(StrEnum):
    """Why an experience was chosen, or was not."""

    CHOSEN = "chosen"
    NOT_NOW = "not now"  # its `when:` is closed
    NOT_WHO = "not for this visitor"  # its condition is false
    UNKNOWN = "unknown"  # its condition hangs on a signal that has no value
    NO_VALUE = "no value"  # a text of it names a signal that has no value
    UNSAFE = "unsafe value"  # a URL of it would lead where it must not


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: `test` is the first test that decided, as written; `saw` the value it saw, None if there was none."""

    experience: str
    outcome: Outcome
    test: str = ""
    saw: Value | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """An experience that applies to this visitor, each of its fragments rendered."""

    experience: Experience
    renderings: Mapping[Fragment, Rendering]


@dataclass(frozen=True, slots=True)
class Decision:
    """Choices in the order in which they win (priority, then file order), and a Reason for every experience.

    `fingerprint` is of what was chosen (experiences, their changes, the shapes of their fragments) and never of a
    visitor's values: two visitors with one fingerprint get one cut, with their own values in its holes.
    """

    choices: tuple[Choice, ...]
    reasons: tuple[Reason, ...]
    fingerprint: bytes
