"""What a fragment may be made of: nothing whose cost grows faster than the text that wrote it, and no unsafe place."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from jinja2 import nodes

from rules.errors import FragmentError
from rules.fragments import Kind
from rules.markup import HOLE, UnsafePlaceError, url_places
from rules.sandbox import FILTERS, dotted
from rules.signals import Type, lookup

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Const, nodes.If,
    nodes.CondExpr, nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Filter, nodes.Keyword,
    nodes.For, nodes.Assign, nodes.Include, nodes.Test, nodes.List, nodes.Tuple,
)  # fmt: skip
_REFUSED = {
    nodes.Call: "calls",
    nodes.Macro: "macros",
    nodes.Import: "imports",
    nodes.FromImport: "imports",
    nodes.Extends: "inheritance",
    nodes.Block: "blocks",
    nodes.AssignBlock: "`set` with a block",
    nodes.Concat: "`~`",
    nodes.Getitem: "`[…]`",
    nodes.Dict: "mappings",
}

_MAX_DECIMALS = 15  # a float has no more


class FragmentCheck:
    """Checks one file's part of a fragment. `given` are the names of its `with:`; `file` is told in what is wrong."""

    def __init__(
        self,
        is_signal: Callable[[str], bool],
        suggest: Callable[[str], str],
        given: frozenset[str],
        file: str,
    ) -> None:
        self._is_signal = is_signal
        self._suggest = suggest
        self._given = given
        self._file = file
        self._signals: set[str] = set()

    def run(self, tree: nodes.Template, kind: Kind, *, in_loop: bool = False) -> set[str]:
        """The signals it names; `in_loop` where a loop includes it. Raises FragmentError for what isn't allowed."""
        local = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}
        if "signals" in local | self._given:
            self._fail(tree, "`signals` can't be the name of a value", "choose another name")
        self._visit(tree, frozenset(local) | self._given, in_loop=in_loop)
        if kind is Kind.HTML:
            self._refuse_unsafe_places(tree)
        return self._signals

    def _visit(self, node: nodes.Node, local: frozenset[str], *, in_loop: bool) -> None:
        if not isinstance(node, _ALLOWED):
            what = _REFUSED.get(type(node), "arithmetic" if isinstance(node, nodes.BinExpr) else "this")
            self._fail(
                node,
                f"{what} can't be used in a text",
                "if, for, set, include, or, default are what there is",
            )
        if isinstance(node, nodes.Getattr | nodes.Name):
            self._visit_name(node, local)
            return
        if isinstance(node, nodes.Filter):
            self._check_filter(node, local)
        if isinstance(node, nodes.Test) and node.name not in ("defined", "undefined"):
            self._fail(node, f"the test `is {node.name}` can't be used", "there is `is defined`")
        if isinstance(node, nodes.List | nodes.Tuple) and not all(isinstance(item, nodes.Const) for item in node.items):
            self._fail(node, "a list may hold plain values only", "compare with each in turn")
        if isinstance(node, nodes.For):
            self._visit_loop(node, in_loop=in_loop)
            in_loop = True
        for child in node.iter_child_nodes():
            self._visit(child, local, in_loop=in_loop)

    def _check_filter(self, node: nodes.Filter, local: frozenset[str]) -> None:
        if node.name not in FILTERS:
            hint = "signals are always escaped" if node.name == "safe" else f"there are {', '.join(sorted(FILTERS))}"
            self._fail(node, f"the filter `{node.name}` can't be used", hint)
        arguments = [*node.args, *(keyword.value for keyword in node.kwargs)]
        written = [argument.value for argument in arguments if isinstance(argument, nodes.Const)]
        if node.name in ("default", "d") and not arguments:
            self._fail(node, f"`{node.name}` without a text leaves a hole", "as in `default('your town')`")
        if node.name not in ("default", "d") and len(written) < len(arguments):
            self._fail(node, f"what `{node.name}` is given has to be written there", "a signal can be a default only")
        if node.name == "round" and any(
            isinstance(value, int) and not 0 <= value <= _MAX_DECIMALS for value in written
        ):
            self._fail(node, f"`round` leaves 0 to {_MAX_DECIMALS} decimals", "as in `round(1)`")
        if node.name == "join" and not self._can_be_joined(node.node, local):
            # What was joined once could be joined again, and grow each time.
            self._fail(node, "`join` goes over a list signal", "as in `page.tags|join(', ')`")

    def _can_be_joined(self, node: nodes.Node | None, local: frozenset[str]) -> bool:
        if isinstance(node, nodes.Getattr | nodes.Name):
            return dotted(node) not in local
        return isinstance(node, nodes.List | nodes.Tuple)

    def _visit_loop(self, node: nodes.For, *, in_loop: bool) -> None:
        if in_loop:
            self._fail(node, "a loop in a loop can't be used", "a list signal holds plain values")
        if node.recursive or dotted(node.iter) is None:
            self._fail(node, "a loop goes over a list signal", "as in `{% for tag in page.tags %}`")

    def _visit_name(self, node: nodes.Getattr | nodes.Name, local: frozenset[str]) -> None:
        name = dotted(node)
        if name is None:
            self._fail(node, "only signals have parts", "as in `geo.city`")
        if name in local or name in ("loop.first", "loop.last", "loop.index"):
            return
        if not self._is_signal(name):
            self._fail(node, f"unknown signal '{name}'", self._suggest(name))
        if (signal := lookup(name)) is not None and signal.type is Type.POSITION:
            # Where exactly somebody is belongs into conditions, and no format of two numbers is everyone's.
            self._fail(node, f"'{name}' is a position, which no text can say", "print geo.city; `near` is a test of it")
        self._signals.add(name)

    def _refuse_unsafe_places(self, tree: nodes.Template) -> None:
        """The same look as at rendering, over all branches in a row, so that most is found at load."""
        markup = "".join(
            node.data if isinstance(node, nodes.TemplateData) else HOLE
            for output in tree.find_all(nodes.Output)
            for node in output.nodes
        )
        try:
            url_places(markup)
        except UnsafePlaceError as error:
            raise FragmentError(
                f"a visitor's value can't be put into {error}",
                hint="print it as text or inside a quoted attribute",
                file=self._file,
            ) from error

    def _fail(self, node: nodes.Node, message: str, hint: str) -> NoReturn:
        raise FragmentError(message, hint=hint, line=node.lineno, file=self._file)
