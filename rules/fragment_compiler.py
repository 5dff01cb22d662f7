"""Compiles the fragments of a rulebook: parsed, checked with all that they include, and made ready to be rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from jinja2 import TemplateSyntaxError, nodes

from rules.errors import FragmentError, MissingValueError, did_you_mean
from rules.fragment_check import FragmentCheck
from rules.fragment_prints import prints_of
from rules.fragment_shapes import count_shapes
from rules.fragments import Fragment, Kind
from rules.sandbox import BEGIN, END, FragmentEnvironment, with_signals

_MAX_INCLUDES = 100
_JINJA_NAMES = {
    "'end of print statement'": "`}}`",
    "'end of statement block'": "`%}`",
    "end of template": "end of the text",
}


_BRACES = "values stand in {{ … }}, choices in {% if … %} … {% endif %}"


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
        self._plain = FragmentEnvironment(templates, markup=False)
        self._markup = FragmentEnvironment(templates, markup=True)
        self._used: set[str] = set()

    @property
    def unused_templates(self) -> tuple[str, ...]:
        """The files of `templates/` that nothing compiled so far is made of."""
        return tuple(name for name in self._templates if name not in self._used)

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

    def check(self, name: str) -> None:
        """Look through a file that no rule uses: what it is handed by a `with:` is not known, and not asked for."""
        for file, tree, in_loop in self._with_includes(self._markup, self._templates[name], name):
            handed = frozenset(each.name for each in tree.find_all(nodes.Name)) - {"loop", "signals"}
            FragmentCheck(self._is_signal, self._suggest, handed, file).run(tree, Kind.HTML, in_loop=in_loop)

    def _compile(
        self,
        kind: Kind,
        source: str,
        environment: FragmentEnvironment,
        *,
        file: str = "",
        values: Mapping[str, Fragment] | None = None,
    ) -> Fragment:
        given = values or {}
        if not given and _is_plain(source):
            self._used.add(file)
            return Fragment.of_plain_text(kind, source)
        signals: set[str] = set()
        trees: list[nodes.Template] = []
        try:
            for name, tree, in_loop in self._with_includes(environment, source, file):
                check = FragmentCheck(self._is_signal, self._suggest, frozenset(given), name)
                signals |= check.run(tree, kind, in_loop=in_loop)
                trees.append(tree)
            shapes = count_shapes(trees) if "{%" in source else 1
            tree = with_signals(trees[0])
            prints = None if given else prints_of(tree, environment)
            template = None if prints is not None else environment.from_string(tree)
            return Fragment(
                kind,
                source,
                frozenset(signals),
                template,
                values=given,
                link_hosts=self._hosts,
                shapes=shapes,
                prints=prints,
            )
        except MissingValueError as error:
            message = f"{error.name} has no value, so this can never be shown"
            raise FragmentError(message, hint="print a signal, or a word in quotes", file=file) from error
        except RecursionError as error:
            raise FragmentError(
                "this is nested too deep", hint="take some of the brackets or `if`s apart", file=file
            ) from error

    def _with_includes(
        self, environment: FragmentEnvironment, source: str, file: str
    ) -> Iterator[tuple[str, nodes.Template, bool]]:
        """The trees of the source and of every file that it includes, and whether a loop does: what a rendering costs.

        A file stands here as often as it is included.
        """
        pending: list[tuple[str, str, tuple[str, ...], bool]] = [(file, source, (file,), False)]
        count = 0
        while pending:
            name, text, chain, in_loop = pending.pop()
            count += 1
            if count > _MAX_INCLUDES:
                hint = "put what is always together into one file"
                raise FragmentError(f"this includes more than {_MAX_INCLUDES} files", hint=hint, file=file)
            self._used.add(name)
            tree = _parsed(environment, text, name)
            yield name, tree, in_loop
            if "{%" not in text:
                continue  # it only prints, and includes nothing
            looped = {id(include) for loop in tree.find_all(nodes.For) for include in loop.find_all(nodes.Include)}
            for include in tree.find_all(nodes.Include):
                target = include.template.value if isinstance(include.template, nodes.Const) else None
                if not isinstance(target, str) or target not in self._templates:
                    hint = self._template_hint(target) if isinstance(target, str) else "write its name in quotes"
                    message = f"unknown template {target!r}" if target else "`include` needs a file's name"
                    raise FragmentError(message, hint=hint, line=include.lineno, file=name)
                if target in chain:
                    hint = "take the `include` out of one of the files"
                    raise FragmentError(f"{target} includes itself", hint=hint, line=include.lineno, file=name)
                pending.append((target, self._templates[target], (*chain, target), in_loop or id(include) in looped))

    def _template_hint(self, name: str) -> str:
        return did_you_mean(name, self._templates) or "put the file into the folder `templates/`"


def _is_plain(source: str) -> bool:
    """Whether there is nothing for Jinja to do: so it is with most texts of a rulebook, and they need no compiling."""
    return not any(mark in source for mark in ("{{", "{%", "{#", BEGIN, END))


def _parsed(environment: FragmentEnvironment, source: str, file: str) -> nodes.Template:
    """The tree as written (names not yet rewritten)."""
    if BEGIN in source or END in source:
        hint = "take it out: no font shows it, and a copied text may hold it"
        raise FragmentError("this holds a character that is no character (U+FDD0 or U+FDD1)", hint=hint, file=file)
    try:
        return environment.parse_as_written(source)
    except TemplateSyntaxError as error:
        message = f"this text can't be read: {_in_plain_words(str(error.message))}"
        raise FragmentError(message, hint=_BRACES, line=error.lineno, file=file) from error
    except ValueError as error:
        # Python reads no whole number of more than some thousand digits.
        raise FragmentError(
            "this holds a number that is too long", hint="a number has thirty digits at most", file=file
        ) from error


def _in_plain_words(complaint: str) -> str:
    """Jinja's complaint, with what is written in place of its names for it."""
    for name, written in _JINJA_NAMES.items():
        complaint = complaint.replace(name, written)
    return complaint.removesuffix(".")
