"""Fragments: the texts of a rulebook, compiled once, with holes for what depends on the visitor.

A fragment is Jinja, cut down at load to what can't run away or reach anything (see `_Check`). Rendering it gives
a shape (what the author wrote, along the branches taken) and the visitor's values between its parts. The shape may
be cached and shared; the values never. Putting text into markup, and into a page's charset, is `proxy.page`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from html import unescape
from typing import Any, NoReturn

from jinja2 import DictLoader, Template, TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from rules.context import Context
from rules.errors import did_you_mean
from rules.markup import HOLE, UnsafePlaceError, leads_within, url_places, urls_in

# Noncharacters (Unicode 23.7) mark where a value begins and ends while Jinja joins its output.
_BEGIN, _END = HOLE, "\ufdd1"
_VALUE = re.compile(f"{_BEGIN}([^{_END}]*){_END}")
# What no text of a page may hold, and the marks themselves; a lone surrogate has no bytes in any charset.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufdd0\ufdd1]")
_NEWLINE = re.compile("\r\n?")

_FILTERS = frozenset(
    "capitalize d default first float int join last length lower round title trim truncate upper urlencode".split()
)
_MAX_OUTPUT = 256 * 1024  # characters
_MAX_INCLUDES = 100
_MAX_SHAPES = 256


class Kind(StrEnum):
    """Where a fragment will stand: as text, as markup, or as a URL."""

    TEXT = "text"
    HTML = "html"
    URL = "url"


class FragmentError(Exception):
    """A fragment that can't be used. `line` counts from 1 in its own source; `file` is set for a template file."""

    def __init__(self, message: str, *, hint: str = "", line: int = 1, file: str = "") -> None:
        super().__init__(message)
        self.message, self.hint, self.line, self.file = message, hint, line, file


class MissingValueError(Exception):
    """A name in a text has no value for this visitor: the experience does not apply."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class UnsafeValueError(Exception):
    """A URL that a signal helped build leads where it must not: the experience does not apply."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a fragment says to one visitor: shape[0] values[0] shape[1] values[1] … shape[-1].

    Of an HTML fragment both are markup, the values escaped; of text and URLs both are plain text.
    """

    shape: tuple[str, ...]
    values: tuple[str, ...] = ()


class Fragment:
    """One compiled text of a rulebook; compared by identity.

    `signals` are the names it may print or test; without any, it is the same for every visitor.
    """

    __slots__ = ("_hosts", "_template", "_url_places", "_values", "kind", "signals", "source", "static")

    def __init__(
        self,
        kind: Kind,
        source: str,
        signals: frozenset[str],
        template: Template,
        *,
        values: Mapping[str, Fragment],
        link_hosts: frozenset[str],
    ) -> None:
        self.kind = kind
        self.source = source
        self.signals: frozenset[str] = signals.union(*(fragment.signals for fragment in values.values()))
        self._template = template
        self._values = values
        self._hosts = link_hosts
        self._url_places: dict[tuple[str, ...], tuple[_UrlSlot, ...]] = {}
        self.static: Rendering | None = None
        if not self.signals:
            written = self._output(_Signals({}))
            self.static = Rendering((_VALUE.sub(r"\1", written),))

    def render(self, context: Context) -> Rendering:
        """Say it to this visitor.

        Raises MissingValueError where a name it needs has no value, UnsafeValueError where a URL leads elsewhere.
        """
        if self.static is not None:
            return self.static
        parts = _VALUE.split(self._output(_Signals(context)))
        shape, values = tuple(parts[::2]), tuple(parts[1::2])
        if values and self.kind is not Kind.TEXT:
            values = self._checked_urls(shape, values, self._hosts | {context.host})
        return Rendering(shape, values)

    def _output(self, signals: _Signals) -> str:
        try:
            given = {name: _joined(fragment, signals) for name, fragment in self._values.items()}
            written = self._template.render(signals=signals, **given)
        except UndefinedError as error:
            raise MissingValueError(str(error)) from error
        except (TypeError, ValueError, ArithmeticError) as error:
            # A filter or a comparison that the value's type doesn't allow: there is nothing to print.
            raise MissingValueError(f"{self.source[:60]!r}: {error}") from error
        if len(written) > _MAX_OUTPUT:
            raise MissingValueError(f"more than {_MAX_OUTPUT} characters")
        return _NEWLINE.sub("\n", written)

    def _checked_urls(self, shape: tuple[str, ...], values: tuple[str, ...], hosts: frozenset[str]) -> tuple[str, ...]:
        slots = self._url_places.get(shape)
        if slots is None:
            slots = tuple(_url_slots(self.kind, shape))
            if len(self._url_places) < _MAX_SHAPES:
                self._url_places[shape] = slots
        filled = list(values)
        for slot in slots:
            for hole in slot.holes[1:] if slot.starts_with_hole else slot.holes:
                text = unescape(filled[hole]) if self.kind is Kind.HTML else filled[hole]
                filled[hole] = _percent_encoded(text)
            url = slot.filled([filled[hole] for hole in slot.holes])
            if not all(leads_within(each, hosts) for each in urls_in(slot.attribute, url)):
                raise UnsafeValueError(url)
        return tuple(filled)


@dataclass(frozen=True, slots=True)
class _UrlSlot:
    attribute: str
    text: str
    holes: range

    @property
    def starts_with_hole(self) -> bool:
        return self.text.lstrip().startswith(HOLE)

    def filled(self, values: list[str]) -> str:
        """The URL that a browser would see."""
        parts = self.text.split(HOLE)
        return parts[0] + "".join(value + part for value, part in zip(values, parts[1:], strict=True))


def _url_slots(kind: Kind, shape: tuple[str, ...]) -> Iterator[_UrlSlot]:
    text = HOLE.join(shape)
    if kind is Kind.URL:
        # Also a `srcset` comes as one: its candidates are split at commas, and a URL's own comma splits nothing.
        attribute = "srcset" if re.search(r"\s\d+(?:\.\d+)?[wx]\s*(?:,|\Z)", text) else "href"
        yield _UrlSlot(attribute, text, range(len(shape) - 1))
        return
    try:
        places = url_places(text)
    except UnsafePlaceError as error:
        raise UnsafeValueError(str(error)) from error
    for place in places:
        yield _UrlSlot(place.attribute, place.text, range(place.first_hole, place.first_hole + place.text.count(HOLE)))


_RESERVED = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~/:@!$()*,;%]")


def _percent_encoded(value: str) -> str:
    """A value inside a URL stays within its part of it: what would end that part is percent-encoded.

    What `|urlencode` has encoded stays as it is.
    """
    return _RESERVED.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), value)


def _joined(fragment: Fragment, signals: _Signals) -> str:
    return _VALUE.sub(r"\1", fragment._output(signals))


class _Signals:
    """What `geo.city` in a fragment means: neither a dict nor an object with attributes of its own."""

    __slots__ = ("_context",)

    def __init__(self, context: Context | Mapping[str, Any]) -> None:
        self._context = context

    def value(self, name: str) -> Any:
        return self._context.get(name)


class _Missing(Undefined):
    """False to `or`, `if` and `default`; raises when printed, iterated or measured."""

    def _fail_with_undefined_error(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise MissingValueError(self._undefined_name or "?")

    __str__ = __iter__ = __len__ = __hash__ = _fail_with_undefined_error


def _marked(value: Any) -> str:
    if isinstance(value, Undefined):
        str(value)  # raises
    if not isinstance(value, str | int | float | date):
        raise MissingValueError(f"a {type(value).__name__} can't be printed")
    return f"{_BEGIN}{_UNPRINTABLE.sub('', str(value))}{_END}"


def _marked_markup(value: Any) -> Markup:
    # Markup is cleaned as the text it stands for, then escaped again, so that nothing a filter made counts as safe.
    return Markup(f"{_BEGIN}{escape(_marked(value)[1:-1])}{_END}")  # noqa: S704 - escaped here


class _Environment(ImmutableSandboxedEnvironment):
    """Signals are the only thing that can be looked into; the loader refuses all else, and this does again."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        # Here, since an included file is parsed by Jinja itself.
        return _with_signals(super()._parse(source, name, filename))

    def getitem(self, obj: Any, argument: Any) -> Any:
        if not isinstance(obj, _Signals):
            raise MissingValueError(f"{argument}")
        value = obj.value(argument)
        return _Missing(name=argument) if value is None else value

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj).__name__ == "LoopContext":  # checked at load: first, last, index
            return super().getattr(obj, attribute)
        raise MissingValueError(attribute)


class FragmentCompiler:
    """Compiles the fragments of one rulebook.

    `templates` maps a name in `templates/` to its text; `is_signal` tells whether the catalogue has a dotted name,
    `suggest` gives a did-you-mean hint for one that it has not; `link_hosts` are where built URLs may lead beside
    this site. Every method raises FragmentError.
    """

    def __init__(
        self,
        templates: Mapping[str, str],
        *,
        is_signal: Callable[[str], bool],
        suggest: Callable[[str], str],
        link_hosts: tuple[str, ...] = (),
    ) -> None:
        self._templates = templates
        self._is_signal = is_signal
        self._suggest = suggest
        self._hosts = frozenset(host.lower() for host in link_hosts)
        self._plain = self._environment(markup=False)
        self._markup = self._environment(markup=True)

    def _environment(self, *, markup: bool) -> _Environment:
        environment = _Environment(
            loader=DictLoader(self._templates),
            autoescape=markup,
            undefined=_Missing,
            finalize=_marked_markup if markup else _marked,
            cache_size=0,
            optimized=True,
        )
        environment.filters = {name: environment.filters[name] for name in _FILTERS}
        environment.globals = {}
        return environment

    def text(self, source: str) -> Fragment:
        """Text: rendered without escaping, and escaped once, whole, where it is put into the page."""
        return self._compile(Kind.TEXT, source, self._plain)

    def html(self, source: str) -> Fragment:
        """Markup: signals in it are escaped for where they stand."""
        return self._compile(Kind.HTML, source, self._markup)

    def url(self, source: str) -> Fragment:
        """A URL, or the candidates of a `srcset`."""
        return self._compile(Kind.URL, source, self._plain)

    def template(self, name: str, values: Mapping[str, str]) -> Fragment:
        """A file of `templates/`; each of `values` (the `with:` of the rule) is the source of a text of its own."""
        if name not in self._templates:
            raise FragmentError(f"unknown template {name!r}", hint=self._template_hint(name))
        return self._compile(
            Kind.HTML,
            self._templates[name],
            self._markup,
            file=name,
            values={key: self.text(source) for key, source in values.items()},
        )

    def _compile(
        self,
        kind: Kind,
        source: str,
        environment: _Environment,
        *,
        file: str = "",
        values: Mapping[str, Fragment] | None = None,
    ) -> Fragment:
        given = values or {}
        signals: set[str] = set()
        for name, text in self._with_includes(source, file):
            check = _Check(self._is_signal, self._suggest, frozenset(given), name)
            signals |= check.run(_parsed(environment, text, name), kind)
        try:
            template = environment.from_string(source)
            return Fragment(kind, source, frozenset(signals), template, values=given, link_hosts=self._hosts)
        except MissingValueError as error:
            raise FragmentError(f"{error.name} has no value, so this can never be shown", file=file) from error

    def _with_includes(self, source: str, file: str) -> Iterator[tuple[str, str]]:
        """The source and every file that it includes, as often as it is included: that is what a rendering costs."""
        pending: list[tuple[str, str, tuple[str, ...]]] = [(file, source, (file,))]
        count = 0
        while pending:
            name, text, chain = pending.pop()
            count += 1
            if count > _MAX_INCLUDES:
                raise FragmentError(f"includes more than {_MAX_INCLUDES} files", file=file)
            yield name, text
            for include in _parsed(self._markup, text, name).find_all(nodes.Include):
                target = include.template.value if isinstance(include.template, nodes.Const) else None
                if not isinstance(target, str) or target not in self._templates:
                    hint = self._template_hint(target) if isinstance(target, str) else "write its name in quotes"
                    message = f"unknown template {target!r}" if target else "`include` needs a file's name"
                    raise FragmentError(message, hint=hint, line=include.lineno, file=name)
                if target in chain:
                    raise FragmentError(f"{target} includes itself", line=include.lineno, file=name)
                pending.append((target, self._templates[target], (*chain, target)))

    def _template_hint(self, name: str) -> str:
        return did_you_mean(name, self._templates) or "put the file into the folder `templates/`"


def _parsed(environment: _Environment, source: str, file: str) -> nodes.Template:
    """The tree as written (names not yet rewritten)."""
    if HOLE in source or _END in source:
        raise FragmentError("holds a character that is no character (U+FDD0 or U+FDD1)", file=file)
    try:
        return ImmutableSandboxedEnvironment._parse(environment, source, None, None)
    except TemplateSyntaxError as error:
        raise FragmentError(f"{error.message}", line=error.lineno, file=file) from error


def _dotted(node: nodes.Node) -> str | None:
    """`geo.city` of Getattr(Name(geo), city); None where the chain doesn't start with a name."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr) and (start := _dotted(node.node)):
        return f"{start}.{node.attr}"
    return None


def _with_signals(tree: nodes.Template) -> nodes.Template:
    """Rewrites each dotted name to one look-up: `geo.city` becomes `signals['geo.city']`."""

    environment = tree.environment
    assert environment is not None  # noqa: S101 - the parser has set it

    def rewrite(node: nodes.Node) -> nodes.Node:
        if isinstance(node, nodes.Getattr) and (name := _dotted(node)) and not name.startswith("loop."):
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


class _Check:
    """What a fragment may be made of: nothing whose cost grows faster than the text that wrote it."""

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

    def run(self, tree: nodes.Template, kind: Kind) -> set[str]:
        """The signals it names. Raises FragmentError for the first thing that isn't allowed."""
        local = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}
        if "signals" in local | self._given:
            self._fail(tree, "`signals` can't be the name of a value", "choose another name")
        self._visit(tree, frozenset(local) | self._given, in_loop=False)
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
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            hint = "signals are always escaped" if node.name == "safe" else f"there are {', '.join(sorted(_FILTERS))}"
            self._fail(node, f"the filter `{node.name}` can't be used", hint)
        if isinstance(node, nodes.Test) and node.name not in ("defined", "undefined"):
            self._fail(node, f"the test `is {node.name}` can't be used", "there is `is defined`")
        if isinstance(node, nodes.List | nodes.Tuple) and not all(isinstance(item, nodes.Const) for item in node.items):
            self._fail(node, "a list may hold plain values only", "compare with each in turn")
        if isinstance(node, nodes.For):
            self._visit_loop(node, local, in_loop=in_loop)
            in_loop = True
        for child in node.iter_child_nodes():
            self._visit(child, local, in_loop=in_loop)

    def _visit_loop(self, node: nodes.For, local: frozenset[str], *, in_loop: bool) -> None:
        if in_loop:
            self._fail(node, "a loop in a loop can't be used", "a list signal holds plain values")
        if node.recursive or _dotted(node.iter) is None:
            self._fail(node, "a loop goes over a list signal", "as in `{% for tag in page.tags %}`")

    def _visit_name(self, node: nodes.Getattr | nodes.Name, local: frozenset[str]) -> None:
        name = _dotted(node)
        if name is None:
            self._fail(node, "only signals have parts", "as in `geo.city`")
        if name in local or name in ("loop.first", "loop.last", "loop.index"):
            return
        if not self._is_signal(name):
            self._fail(node, f"unknown signal '{name}'", self._suggest(name))
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
