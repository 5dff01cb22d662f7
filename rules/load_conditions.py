"""`audiences:` and `who:` of rule files -> conditions.

A bare audience name stands for its condition. Audiences may name each other, not in a circle, and what they come to
is bounded: each of a chain that names the one before twice doubles the work of every request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules import fields
from rules.conditions import All, AnyOf, Condition, NoneOf, Test
from rules.errors import MistakeError, did_you_mean
from rules.fields import Problems
from rules.nodes import Entries, Node, Scalar, Sequence, written
from rules.operator_table import operator_names, read_test
from rules.signals import Signal, lookup, suggest
from rules.source import MAX_DEPTH

MAX_TESTS = 10_000

_GROUPS: Mapping[str, type[All | AnyOf | NoneOf]] = {"all": All, "any": AnyOf, "none": NoneOf}
_INSTEAD = {"not": "none", "and": "all", "or": "any", "nor": "none"}


@dataclass(frozen=True, slots=True)
class _Read:
    """A condition, and what it comes to with its audiences written out."""

    condition: Condition
    tests: int
    depth: int


class ConditionReader:
    """Reads the conditions of one folder; `named` are its audiences, by id, in the order of the files."""

    def __init__(self, named: Mapping[str, Node], problems: Problems) -> None:
        self._named = named
        self._problems = problems
        self._known: dict[str, _Read | None] = {}
        self._open: list[str] = []

    def audiences(self) -> dict[str, Condition]:
        """Every audience that is right."""
        found: dict[str, Condition] = {}
        for name in self._named:
            if (read := self._audience(name)) is not None:
                found[name] = read.condition
        return found

    def condition(self, node: Node) -> Condition | None:
        """The condition of a `who:`, or None where something is wrong with it, which the problems then hold."""
        read = self._read(node)
        return read.condition if read is not None else None

    def _audience(self, name: str) -> _Read | None:
        if name not in self._known:
            self._open.append(name)
            # A circle is told once, by the audience that closes it; to the others it is simply not there.
            self._known[name] = None
            self._known[name] = self._read(self._named[name])
            self._open.pop()
        return self._known[name]

    def _read(self, node: Node) -> _Read | None:
        with self._problems.at(node):
            match node:
                case Scalar():
                    return self._reference(node)
                case Sequence():
                    raise MistakeError("a list is not a condition", hint="put `all:` or `any:` before it")
                case Entries(pairs=()):
                    raise MistakeError("an empty condition", hint="to mean everyone, leave `who` out")
                case Entries(pairs=pairs):
                    return self._group(All, tuple(self._entry(key, value) for key, value in pairs), node)
        return None

    def _reference(self, node: Scalar) -> _Read | None:
        name = fields.text(node, "a condition")
        if name in self._open:
            circle = " → ".join([*self._open[self._open.index(name) :], name])
            raise MistakeError(f"audience `{name}` comes back to itself: {circle}", hint="take it out of one of them")
        if name not in self._named:
            hint = did_you_mean(name, self._named)
            raise MistakeError(f"unknown audience `{name}`", hint=hint or "audiences are named under `audiences:`")
        return self._audience(name)

    def _entry(self, key: Scalar, value: Node) -> _Read | None:
        if key.text in _GROUPS:
            return self._parts(key, value)
        with self._problems.at(key):
            return _Read(self._test(key, value), tests=1, depth=1)
        return None

    def _parts(self, key: Scalar, value: Node) -> _Read | None:
        """What stands under `all:`, `any:` or `none:`: a list, or a mapping whose entries are its parts."""
        with self._problems.at(value):
            match value:
                case Sequence(items=()) | Entries(pairs=()):
                    raise MistakeError(f"`{key.text}` is an empty list", hint="leave it out, or name at least one test")
                case Sequence(items=items):
                    parts = tuple(self._read(item) for item in items)
                case Entries(pairs=pairs):
                    parts = tuple(self._entry(name, test) for name, test in pairs)
                case Scalar():
                    fields.text(value, f"`{key.text}`")
                    parts = (self._read(value),)
            return self._group(_GROUPS[key.text], parts, value)
        return None

    def _group(self, kind: type[All | AnyOf | NoneOf], parts: tuple[_Read | None, ...], node: Node) -> _Read | None:
        whole = tuple(part for part in parts if part is not None)
        if len(whole) < len(parts):
            return None
        if len(whole) == 1 and kind is not NoneOf:
            return whole[0]
        tests, depth = sum(part.tests for part in whole), max(part.depth for part in whole) + 1
        if tests > MAX_TESTS or depth > MAX_DEPTH:
            raise MistakeError(
                f"with its audiences written out, this is more than {MAX_TESTS:,} tests or {MAX_DEPTH} levels",
                hint="a list of values is one test: geo.country: [NO, SE, DK]",
                position=node.position,
            )
        return _Read(kind(tuple(part.condition for part in whole)), tests, depth)

    def _test(self, key: Scalar, value: Node) -> Test:
        signal = self._signal(key.text)
        try:
            operators = read_test(signal, value)
        except MistakeError as mistake:
            at = mistake.position or value.position
            raise MistakeError(mistake.message, hint=mistake.hint, position=at) from None
        return Test(signal.name, operators, f"{signal.name}: {written(value)}", key.position)

    def _signal(self, name: str) -> Signal:
        signal = lookup(name)
        if signal is None:
            raise MistakeError(f"unknown signal `{name}`", hint=self._misplaced(name) or suggest(name))
        return signal

    def _misplaced(self, name: str) -> str:
        """The hint where the word means something, and stands where a signal should."""
        if name in _INSTEAD:
            return f"did you mean '{_INSTEAD[name]}'?"
        if name in self._named:
            return "an audience stands alone, as `who: name` or `- name` in a list"
        if name in operator_names():
            return "an operator stands under its signal"
        return did_you_mean(name, _GROUPS)
