"""Regular expressions in linear time (RE2), whatever a rule's author or a visitor writes.

The only module of `rules` that speaks to google-re2. Text is handed over as UTF-8 bytes: what has none (a lone
surrogate, from a header that was not UTF-8) becomes a question mark, where the library would raise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import re2

from rules.errors import MistakeError

_MAX_LENGTH = 1_000
_MAX_MEMORY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. Compiling one that is broken, or too large, raises MistakeError."""

    written: str
    ignore_case: bool = False
    _compiled: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.written) > _MAX_LENGTH:
            raise MistakeError(
                f"a regular expression of more than {_MAX_LENGTH} characters",
                hint="make several tests of it, under `any:`",
            )
        options = re2.Options()
        options.log_errors = False
        options.never_capture = True
        options.dot_nl = True
        options.case_sensitive = not self.ignore_case
        options.max_mem = _MAX_MEMORY_BYTES
        try:
            compiled = re2.compile(self.written, options)
        except re2.error as error:
            raise MistakeError(_explained(error, self.written), hint=_hint(self.written)) from None
        object.__setattr__(self, "_compiled", compiled)

    def found_in(self, text: str) -> bool:
        """Whether it matches anywhere in the text."""
        return self._compiled.search(text.encode("utf-8", "replace")) is not None

    def fits(self, text: str) -> bool:
        """Whether it matches the whole text."""
        return self._compiled.fullmatch(text.encode("utf-8", "replace")) is not None


def quoted(text: str) -> str:
    """The expression that matches this text and no other."""
    return str(re2.escape(text))


def _explained(error: Exception, written: str) -> str:
    reason = error.args[0] if error.args else ""
    reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return f"the regular expression `{written[:80]}` can't be read: {reason}"


def _hint(written: str) -> str:
    if any(group in written for group in ("(?=", "(?!", "(?<=", "(?<!")):
        return "there is no looking ahead or behind: say it with two tests, or with `none:`"
    return "a backslash before `.`, `?`, `*`, `(` or `[` makes it a plain letter"
