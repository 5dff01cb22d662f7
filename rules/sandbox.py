"""Jinja, cut down to what a fragment needs: names are signals, and whatever is printed is marked as a value.

The syntax that is left is checked at load, by `rules.fragment_check`; what runs is kept small here once more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, NoReturn

from jinja2 import DictLoader, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from rules.context import Context
from rules.errors import MissingValueError
from rules.markup import HOLE

# Noncharacters (Unicode 23.7) mark where a value begins and ends while Jinja joins its output.
BEGIN, END = HOLE, "\ufdd1"
VALUE = re.compile(f"{BEGIN}([^{END}]*){END}")
# What no text of a page may hold, and the marks themselves; a lone surrogate has no bytes in any charset.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0\ufdd1]")
_PRINTED_TYPES = (str, int, float, date)
MAX_OUTPUT = 256 * 1024
"""Characters that a fragment may come to, its marks among them."""

FILTERS = frozenset(
    "capitalize d default first float int join last length lower round title trim truncate upper urlencode".split()
)


class Signals:
    """What `geo.city` in a fragment means: neither a dict nor an object with attributes of its own."""

    __slots__ = ("_context",)

    def __init__(self, context: Context | Mapping[str, Any]) -> None:
        self._context = context

    def value(self, name: str) -> Any:
        return self._context.get(name)


class Missing(Undefined):
    """False to `or`, `if` and `default`; raises when printed, iterated or measured."""

    def _fail_with_undefined_error(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise MissingValueError(self._undefined_name or "?")

    __str__ = __iter__ = __len__ = __hash__ = _fail_with_undefined_error


def printed(value: Any) -> str:
    """A value as text, without what no page may hold. Raises MissingValueError where it is nothing that prints."""
    if not isinstance(value, _PRINTED_TYPES):
        if isinstance(value, Undefined):
            str(value)  # raises
        raise MissingValueError(f"a {type(value).__name__} can't be printed")
    text = str(value)
    # Nearly all text is printable, which is told five times sooner than what of it is not.
    return text if text.isprintable() else _UNPRINTABLE.sub("", text)


def printed_markup(value: Any) -> str:
    """The same, escaped: markup that stands for that text."""
    # Markup is cleaned as the text it stands for, then escaped again, so that nothing a filter made counts as safe.
    text = value.unescape() if isinstance(value, Markup) else value
    return str(escape(printed(text)))


def _marked(value: Any) -> str:
    return f"{BEGIN}{printed(value)}{END}"


def _marked_markup(value: Any) -> Markup:
    return Markup(f"{BEGIN}{printed_markup(value)}{END}")  # noqa: S704 - escaped here


class FragmentEnvironment(ImmutableSandboxedEnvironment):
    """Signals are the only thing that can be looked into; the loader refuses all else, and this does again."""

    def __init__(self, templates: Mapping[str, str], *, markup: bool) -> None:
        super().__init__(
            loader=DictLoader(templates),
            autoescape=markup,
            undefined=Missing,
            finalize=_marked_markup if markup else _marked,
            cache_size=0,
        )
        self.filters = {name: self.filters[name] for name in FILTERS}
        self.globals = {}

    def parse_as_written(self, source: str) -> nodes.Template:
        """The tree of a fragment with its names not yet rewritten. Raises jinja2.TemplateSyntaxError."""
        return super()._parse(source, None, None)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        # Here, since an included file is parsed by Jinja itself.
        return with_signals(super()._parse(source, name, filename))

    def getitem(self, obj: Any, argument: Any) -> Any:
        if not isinstance(obj, Signals):
            raise MissingValueError(f"{argument}")
        value = obj.value(argument)
        return Missing(name=argument) if value is None else value

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj).__name__ == "LoopContext":  # checked at load: first, last, index
            return super().getattr(obj, attribute)
        raise MissingValueError(attribute)


def dotted(node: nodes.Node) -> str | None:
    """`geo.city` of Getattr(Name(geo), city); None where the chain doesn't start with a name."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr) and (start := dotted(node.node)):
        return f"{start}.{node.attr}"
    return None


def with_signals(tree: nodes.Template) -> nodes.Template:
    """Rewrites each dotted name to one look-up: `geo.city` becomes `signals['geo.city']`."""

    environment = tree.environment
    assert environment is not None  # noqa: S101 - the parser has set it

    def rewrite(node: nodes.Node) -> nodes.Node:
        if isinstance(node, nodes.Getattr) and (name := dotted(node)) and not name.startswith("loop."):
            lookup = nodes.Getitem(nodes.Name("signals", "load"), nodes.Const(name), "load")
            return lookup.set_lineno(node.lineno).set_environment(environment)
        for field, value in node.iter_fields():
            if isinstance(value, list):
                setattr(node, field, [rewrite(v) if isinstance(v, nodes.Node) else v for v in value])
            elif isinstance(value, nodes.Node):
                setattr(node, field, rewrite(value))
        return node

    rewritten = rewrite(tree)
    assert isinstance(rewritten, nodes.Template)  # noqa: S101 - its own type
    return rewritten
