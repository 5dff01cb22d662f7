"""Texts that print and do no more, said without Jinja: so it is with nearly all that have a value in them at all.

Owns which texts these are, told by Jinja's own tree, and that they say what Jinja would: the same values by the same
filters, the same errors. Branches, loops and includes, what `with:` hands over, and whatever else asks for more than a
value are left to Jinja.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes

from rules.errors import MissingValueError
from rules.sandbox import MAX_OUTPUT, FragmentEnvironment, Missing, printed, printed_markup

Lookup = Callable[[str], Any]
"""The value of a signal, by name; None where it has none."""

_Expression = Callable[[Lookup], Any]
_MARKS = 2  # characters, around each value of what Jinja writes
# What is nested deeper runs out of stack for one visitor and not for another, by where it is called from.
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Prints:
    """A text that prints: what its author wrote around the values (its only shape), and how each value is found."""

    shape: tuple[str, ...]
    _expressions: tuple[_Expression, ...]
    _write: Callable[[Any], str]
    _least_length: int

    def values(self, get: Lookup) -> tuple[str, ...]:
        """What it prints for one visitor. Raises MissingValueError, and what a filter raises whose value is no such."""
        length = self._least_length
        found: list[str] = []
        for expression in self._expressions:
            value = self._write(expression(get))
            length += len(value)
            if length > MAX_OUTPUT:
                raise MissingValueError(f"more than {MAX_OUTPUT} characters")
            found.append(value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value)
        return tuple(found)


def prints_of(tree: nodes.Template, environment: FragmentEnvironment) -> Prints | None:
    """What a text comes to that only prints, by its tree once names are signals; None where it does more."""
    shape = [""]
    expressions: list[_Expression] = []
    try:
        for part in _printed_parts(tree):
            if isinstance(part, nodes.TemplateData):
                shape[-1] += part.data
                continue
            expressions.append(_compiled(part, environment.filters))
            shape.append("")
    except _OtherError:
        return None
    length = sum(map(len, shape)) + _MARKS * len(expressions)
    write = printed_markup if environment.autoescape else printed
    return Prints(tuple(shape), tuple(expressions), write, length)


class _OtherError(Exception):
    """Something that is left to Jinja."""


def _printed_parts(tree: nodes.Template) -> list[nodes.Expr]:
    parts: list[nodes.Expr] = []
    for output in tree.body:
        if not isinstance(output, nodes.Output):
            raise _OtherError
        parts += output.nodes
    # What names no signal Jinja settles ahead, in a way of its own.
    if any(part.find(nodes.Name) is None for part in parts if not isinstance(part, nodes.TemplateData)):
        raise _OtherError
    return parts


def _compiled(node: nodes.Node | None, filters: Mapping[str, Callable[..., Any]], depth: int = 0) -> _Expression:
    if depth > _MAX_DEPTH:
        raise _OtherError
    match node:
        case nodes.Getitem(node=nodes.Name(name="signals"), arg=nodes.Const(value=str(name))):
            return _signal(name)
        case nodes.Const(value=str() | int() | float() as value):
            return lambda _: value
        case nodes.Or(left=left, right=right):
            return _either(_compiled(left, filters, depth + 1), _compiled(right, filters, depth + 1))
        case nodes.Filter(kwargs=[], dyn_args=None, dyn_kwargs=None):
            function = filters[node.name]
            if hasattr(function, "jinja_pass_arg"):
                raise _OtherError  # it asks for more than the value
            value_of = _compiled(node.node, filters, depth + 1)
            constants = [each.value for each in node.args if isinstance(each, nodes.Const)]
            if len(constants) == len(node.args):
                return lambda get: function(value_of(get), *constants)
            arguments = [_compiled(each, filters, depth + 1) for each in node.args]
            return lambda get: function(value_of(get), *[argument(get) for argument in arguments])
    raise _OtherError


def _signal(name: str) -> _Expression:
    missing = Missing(name=name)

    def look_up(get: Lookup) -> Any:
        value = get(name)
        return missing if value is None else value

    return look_up


def _either(left: _Expression, right: _Expression) -> _Expression:
    return lambda get: left(get) or right(get)
