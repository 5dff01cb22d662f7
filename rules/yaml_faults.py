"""What libyaml says of a file that is not YAML, told in the words of someone who edits rules.

Most of it is one mistake: a value that begins with a character of YAML's own, and is not in quotes.
"""

from __future__ import annotations

import re

from rules.errors import MistakeError, Position
from rules.nodes import QUOTES, Source

_VALUE = re.compile(r"""^\s*(?:-\s+)*(?:(?P<key>[\w.-]+|"[^"]*"|'[^']*')\s*:\s+)?(?P<value>\S.*)$""")
# What stands before the second `: ` where a condition was begun behind its key.
_CONDITION = re.compile(r"\s*(?:-\s+)*\w+:\s+\w+\.[\w.-]+")
_INDICATORS = frozenset("*&!@`%>|")
_OUT_OF_LINE = ("did not find expected key", "did not find expected '-'", "could not find expected ':'")
_CLOSING = {"[": "]", "{": "}"}


def explain_fault(source: Source, problem: str, context: str, began: Position, at: Position) -> MistakeError:
    """The parser's complaint in the words of someone who edits rules, at the place where the trouble began.

    `problem` and `context` are libyaml's messages, `at` and `began` their places.
    """
    line = source.line(at.line)
    if "\t" in line[: len(line) - len(line.lstrip())] or line[at.column - 1 : at.column] == "\t":
        return MistakeError("a tab where YAML wants spaces", hint="indent with spaces", position=at)
    if problem.startswith("found unexpected end of stream"):
        return MistakeError(
            "a quote that opens here is never closed", hint="close it; is the file whole?", position=began
        )
    if problem.startswith("mapping values are not allowed"):
        before = line[: at.column - 1]
        if ": " not in before:
            hint = "line it up with its neighbours"
            return MistakeError("this line is indented further than the one above allows", hint=hint, position=at)
        condition = "write the condition on the next line, indented"
        hint = condition if _CONDITION.fullmatch(before) else f"if it belongs to the text, {QUOTES}"
        return MistakeError("a second `: ` on one line", hint=hint, position=at)
    if (trap := _trap(source, began) or _trap(source, at)) is not None:
        return trap
    if problem.startswith("did not find expected node content"):
        here = line[at.column - 1 : at.column]
        if here in (",", "]", "}"):
            return MistakeError(
                f"something is missing before this `{here}`", hint="take it out, or add it", position=at
            )
        began = _last_open_bracket(source) or began
    if "flow" not in context and problem.startswith(_OUT_OF_LINE):
        return _out_of_line(source, at)
    if "flow" in context:
        message = "a bracket that opens here is not closed where it should be"
        return MistakeError(message, hint=f"close it; if it belongs to a text, {QUOTES}", position=began)
    return MistakeError(
        f"not YAML: {problem}", hint="look at the indentation of this line and the one above", position=at
    )


def _out_of_line(source: Source, at: Position) -> MistakeError:
    """A line that is no `key: value`, which YAML notices there or one line on; or one that is indented differently."""
    written = [number for number in range(1, min(at.line, len(source.lines)) + 1) if source.line(number).strip()]
    for number in reversed(written[-2:]):
        line = source.line(number)
        word = line.strip()
        if ":" not in word and word[0] not in "#-[]{}":
            place = Position(source.file, number, len(line) - len(line.lstrip()) + 1)
            hint = "add the colon and a value; is the file whole?"
            return MistakeError(f"`{word[:40]}` is no `key: value`", hint=hint, position=place)
    hint = "indent it as its neighbours are"
    return MistakeError("this line does not line up with those above", hint=hint, position=at)


def _trap(source: Source, at: Position) -> MistakeError | None:
    """A value at the place of a complaint, or on its line, that begins with a character of YAML's own."""
    line = source.line(at.line)
    here = line[at.column - 1 : at.column]
    if here in _INDICATORS:
        return MistakeError(f"a value that begins with `{here}` is not in quotes", hint=QUOTES, position=at)
    found = _VALUE.match(line)
    if found is None or found["value"][0] not in "[{\"'" or not _goes_on(found["value"]):
        return None
    value = found["value"]
    place = Position(source.file, at.line, found.start("value") + 1)
    if value.startswith("{{"):
        return MistakeError("`{{ … }}` is not in quotes", hint=QUOTES, position=place)
    if value[0] in "[{":
        return MistakeError(f"a value goes on after its `{_CLOSING[value[0]]}`", hint=QUOTES, position=place)
    hint = "put the whole value into quotes of the other kind"
    return MistakeError("a value goes on after its closing quote", hint=hint, position=place)


def _last_open_bracket(source: Source) -> Position | None:
    """The innermost bracket that is open where the file ends; those in quotes count, and mostly come in pairs."""
    still_open: list[Position] = []
    for number, line in enumerate(source.lines, start=1):
        for column, character in enumerate(line, start=1):
            if character in _CLOSING:
                still_open.append(Position(source.file, number, column))
            elif character in _CLOSING.values() and still_open:
                still_open.pop()
    return still_open[-1] if still_open else None


def _goes_on(value: str) -> bool:
    closing = _CLOSING.get(value[0], value[0])
    last = value.rfind(closing)
    return last > 0 and value[last + 1 :].strip() != "" and not value[last + 1 :].lstrip().startswith(("#", ","))
