"""The table of tests: what an operator is called in a rule, which types of signal it fits, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import permutations
from typing import Any

from rules import fields
from rules.context import Value
from rules.errors import MistakeError, did_you_mean
from rules.expressions import Expression
from rules.globs import TextGlob
from rules.nodes import Entries, Node, Scalar, Sequence, written
from rules.numbers import parse_number
from rules.operators import (
    Affix,
    Aged,
    InRange,
    IsOneOf,
    Known,
    Matches,
    Operator,
    as_date,
    as_moment,
    as_number,
    parse_moment,
)
from rules.periods import parse_period
from rules.positions import NEAR_EXAMPLE, read_near
from rules.signals import COMMON_NAMES, Signal, Type

_ANY_VALUE = "for any value write {known: true}"


def read_test(signal: Signal, node: Node) -> tuple[Operator, ...]:
    """What stands beside a signal in a condition; all of the operators must hold. Raise MistakeError.

    A value or a list is `IsOneOf`; a mapping names operators.
    """
    if not isinstance(node, Entries):
        return (_read_values(signal, node),)
    if not node.pairs:
        raise MistakeError("an empty test", hint="write a value, or such as {at_least: 2}", position=node.position)
    operators = tuple(_read_operator(signal, key, argument) for key, argument in node.pairs)
    _refuse_swapped_ends(operators, node)
    return operators


def _refuse_swapped_ends(operators: tuple[Operator, ...], node: Entries) -> None:
    """`{at_least: 5, at_most: 3}` is what `between` refuses, written as two."""
    ends = [
        (key.text, argument, each)
        for (key, argument), each in zip(node.pairs, operators, strict=True)
        if isinstance(each, InRange)
    ]
    for (low_name, low_node, low), (high_name, high_node, high) in permutations(ends, 2):
        if low.low is None or high.high is None or low.read is not high.read or low.low <= high.high:
            continue
        hint = f"write {{{low_name}: {written(high_node)}, {high_name}: {written(low_node)}}}"
        message = f"nothing is both `{low_name}` and `{high_name}` of these: the ends are swapped"
        raise MistakeError(message, hint=hint, position=high_node.position)


def _read_operator(signal: Signal, key: Scalar, argument: Node) -> Operator:
    name = key.text
    if name not in _TABLE:
        hint = _INSTEAD.get(name) or did_you_mean(name, _TABLE) or "one of " + ", ".join(_TABLE)
        raise MistakeError(f"unknown operator `{name}`", hint=hint, position=key.position)
    types, read = _TABLE[name]
    if signal.type not in types:
        raise MistakeError(
            f"`{name}` does not fit `{signal.name}`, which is a {signal.type.value}"
            if signal.type not in {Type.TEXT, Type.BOOLEAN}
            else f"`{name}` does not fit `{signal.name}`, which is {signal.type.value}",
            hint=signal.misfit or "it fits a " + ", a ".join(kind.value for kind in types if kind is not Type.ANY),
            position=key.position,
        )
    try:
        return read(name, signal, argument)
    except MistakeError as mistake:
        raise MistakeError(mistake.message, hint=mistake.hint, position=mistake.position or argument.position) from None


def _read_values(signal: Signal, node: Node) -> Operator:
    what = f"`{signal.name}`"
    if isinstance(node, Scalar) and node.text == "":
        raise MistakeError(
            f"{what} has no value to be compared with",
            hint="for a value that is missing write {known: false}",
            position=node.position,
        )
    words, globs, numbers = set[str](), list[TextGlob](), set[float]()
    scalars = fields.scalars(node, what)
    for scalar in scalars:
        try:
            check_value(signal, scalar.text)
        except MistakeError as mistake:
            raise MistakeError(mistake.message, hint=mistake.hint, position=scalar.position) from None
        if "*" in scalar.text and signal.type is not Type.NUMBER:
            globs.append(TextGlob(scalar.text))
        else:
            words.add(scalar.text.casefold())
        if (read := parse_number(scalar.text)) is not None:
            numbers.add(read)
    written = tuple(dict.fromkeys(scalar.text for scalar in scalars))
    return IsOneOf(frozenset(words), tuple(globs), frozenset(numbers), written)


def check_value(signal: Signal, word: str) -> None:
    """Refuse what the signal can never be."""
    what = f"`{signal.name}`"
    match signal.type:
        case Type.NUMBER:
            fields.number(word, what)
        case Type.BOOLEAN if word.lower() not in {"true", "false"}:
            raise fields.not_a_truth(word, what)
        case Type.DATE if as_date(word) is None or len(word) != len("2026-12-24"):
            raise MistakeError(f"{what} wants a date, not `{word}`", hint="write it as 2026-12-24")
        case Type.MOMENT:
            raise MistakeError(f"{what} is a moment, which no value equals", hint="use within, older_than or between")
        case Type.POSITION:
            raise MistakeError(f"{what} is a position, which no value equals", hint=f"write {NEAR_EXAMPLE}")
    if signal.values and word not in signal.values and not _fits_one(word, signal.values):
        common = COMMON_NAMES.get(word.lower(), "")
        hint = f"did you mean '{common}'?" if common in signal.values else did_you_mean(word, signal.values)
        if not hint:
            hint = f"one of {', '.join(signal.values)}" if len(signal.values) < 10 else f"such as {signal.example}"
        raise MistakeError(f"{what} is never `{word}`", hint=hint)


def _fits_one(word: str, values: Iterable[str]) -> bool:
    glob = TextGlob(word)
    return any(glob.matches(value) for value in values)


_Bound = tuple[Callable[[Value], Any], Any]


def _read_bound(name: str, signal: Signal, node: Node) -> _Bound:
    word = fields.text(node, f"`{name}`")
    moment = parse_moment(word)
    if signal.type is Type.NUMBER or (signal.type is Type.ANY and moment is None):
        return as_number, fields.number(word, f"`{name}`")
    if moment is None:
        raise MistakeError(f"`{name}` wants a date, not `{word}`", hint="write it as 2026-12-24")
    if isinstance(moment, datetime) and signal.type is not Type.DATE:
        return as_moment, as_moment(moment)
    return as_date, as_date(moment)


def _read_limit(name: str, signal: Signal, node: Node) -> Operator:
    read, bound = _read_bound(name, signal, node)
    low, high = (bound, None) if name in {"at_least", "above"} else (None, bound)
    return InRange(read, low, high, excluding_ends=name in {"above", "below"})


def _read_between(name: str, signal: Signal, node: Node) -> Operator:
    if not isinstance(node, Sequence) or len(node.items) != 2:
        raise MistakeError("`between` wants two ends", hint="write between: [1, 5]")
    (read, low), (read_high, high) = (_read_bound(name, signal, item) for item in node.items)
    if read is not read_high:
        raise MistakeError("the ends of `between` are not of one kind", hint="two numbers, or two dates")
    if low > high:
        first, second = (item.text for item in node.items if isinstance(item, Scalar))
        raise MistakeError("the ends of `between` are swapped", hint=f"write [{second}, {first}]")
    return InRange(read, low, high)


def _read_affix(name: str, signal: Signal, node: Node) -> Operator:
    words = tuple(word.casefold() for word in fields.texts(node, f"`{name}`"))
    if "" in words:
        raise MistakeError(f"`{name}` of an empty text fits everything", hint=_ANY_VALUE)
    return Affix(words, _AFFIXES[name], whole_items=name == "contains")


def _read_matches(name: str, signal: Signal, node: Node) -> Operator:
    expressions = tuple(Expression(word, ignore_case=True) for word in fields.texts(node, "`matches`"))
    if any(expression.written == "" for expression in expressions):
        raise MistakeError("`matches` of an empty text fits everything", hint=_ANY_VALUE)
    return Matches(expressions)


def _read_age(name: str, signal: Signal, node: Node) -> Operator:
    word = fields.text(node, f"`{name}`")
    age = parse_period(word)
    if age is None:
        raise MistakeError(f"`{name}` wants a length of time, not `{word}`", hint="such as 30d: m, h, d or w")
    return Aged(age, older=name == "older_than")


def _read_near(name: str, signal: Signal, node: Node) -> Operator:
    return read_near(node)


def _read_known(name: str, signal: Signal, node: Node) -> Operator:
    return Known(fields.flag(node, "`known`"))


_ORDERED = (Type.NUMBER, Type.DATE, Type.MOMENT, Type.ANY)
_TEXTUAL = (Type.TEXT, Type.LIST, Type.ANY)
_TIMED = (Type.DATE, Type.MOMENT, Type.ANY)

_AFFIXES: Mapping[str, Callable[[str, str], bool]] = {
    "contains": str.__contains__,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}

_TABLE: Mapping[str, tuple[tuple[Type, ...], Callable[[str, Signal, Node], Operator]]] = {
    "at_least": (_ORDERED, _read_limit),
    "at_most": (_ORDERED, _read_limit),
    "above": (_ORDERED, _read_limit),
    "below": (_ORDERED, _read_limit),
    "between": (_ORDERED, _read_between),
    "contains": (_TEXTUAL, _read_affix),
    "starts_with": (_TEXTUAL, _read_affix),
    "ends_with": (_TEXTUAL, _read_affix),
    "matches": (_TEXTUAL, _read_matches),
    "within": (_TIMED, _read_age),
    "older_than": (_TIMED, _read_age),
    "near": ((Type.POSITION,), _read_near),
    "known": (tuple(Type), _read_known),
}

_INSTEAD = {
    "not": "say it with `none:` around the test",
    "is_not": "say it with `none:` around the test",
    "equals": "write the value itself, without an operator",
    "is": "write the value itself, without an operator",
    "in": "write the list itself, without an operator",
    "any_of": "write the list itself, without an operator",
    "gte": "did you mean 'at_least'?",
    "min": "did you mean 'at_least'?",
    "lte": "did you mean 'at_most'?",
    "max": "did you mean 'at_most'?",
    "gt": "did you mean 'above'?",
    "more_than": "did you mean 'above'?",
    "lt": "did you mean 'below'?",
    "less_than": "did you mean 'below'?",
    "regex": "did you mean 'matches'?",
    "exists": "did you mean 'known'?",
}


def operator_names() -> tuple[str, ...]:
    """Every operator that a test may name, in the order of the documentation."""
    return tuple(_TABLE)


def operators_of(kind: Type) -> tuple[str, ...]:
    """Those of them that fit a signal of this type."""
    return tuple(name for name, (types, _) in _TABLE.items() if kind in types)
