"""`change:` of rule files -> changes: a place each, and one thing to do there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rules import fields
from rules.errors import FragmentError, MistakeError, Position
from rules.fields import Problems
from rules.fragment_compiler import FragmentCompiler
from rules.fragments import Fragment
from rules.load_rank import RankReader
from rules.markup import CODE_ATTRIBUTES, URL_ATTRIBUTES
from rules.model import (
    Action,
    AddClass,
    Change,
    Insert,
    Remove,
    RemoveClass,
    Replace,
    SetAttributes,
    SetHtml,
    SetImage,
    SetLink,
    SetText,
    Where,
)
from rules.nodes import Entries, Node, Scalar
from rules.selectors import SelectorCheck, read_selector
from rules.urls import runs_script

ACTIONS = (
    "text",
    "html",
    "template",
    "replace",
    "insert",
    "image",
    "link",
    "attributes",
    "add_class",
    "remove_class",
    "remove",
    "rank",
)
OPTIONS = ("select", "with", "all", "optional", "seo")

# A whole document, scripts and all, inside an attribute.
_REFUSED_ATTRIBUTES = frozenset({"srcdoc"})
_REQUIRED = {
    "src": "say where the picture is: src: /img/new.jpg",
    "href": "say where it leads: href: /contact; for other words alone there is `text`",
}
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z_:][A-Za-z0-9_:.@-]*")
_CLASS_NAME = re.compile(r"[^\s\"'<>&]+")


@dataclass(frozen=True, slots=True)
class ChangeReader:
    """Reads the changes of one folder. `check_selector` is the engine's own opinion, where there is an engine."""

    compiler: FragmentCompiler
    problems: Problems
    templates_folder: str
    check_selector: SelectorCheck | None = None

    def changes(self, node: Node) -> tuple[Change, ...]:
        """The changes of an experience that are right; the problems hold what is not."""
        with self.problems.at(node):
            if isinstance(node, Scalar):
                hint = "such as change: [{select: h1, text: Hello}]"
                raise MistakeError("`change` wants a list of places and what happens there", hint=hint)
            return tuple(
                change for item in fields.nodes(node, "`change`") if (change := self._change(item)) is not None
            )
        return ()

    def url(self, node: Node, what: str) -> Fragment | None:
        """A URL that stands alone; None where something is wrong with it, which the problems then hold."""
        return self._fragment(self._url, node, what)

    def _change(self, node: Node) -> Change | None:
        with self.problems.at(node):
            entry = fields.entries(node, "a change")
            fields.known_keys(entry, "a change", (*OPTIONS, *ACTIONS), self.problems)
            select = self._select(entry)
            named = [key for key, _ in entry.pairs if key.text in ACTIONS]
            if not named:
                if any(key.text not in OPTIONS for key, _ in entry.pairs):
                    return None  # that key is unknown, and told so
                raise MistakeError("this change does nothing", hint=f"add one of {', '.join(ACTIONS)}")
            if len(named) > 1:
                raise MistakeError(
                    f"a change does one thing, and this one names {' and '.join(f'`{key.text}`' for key in named)}",
                    hint="make each an entry of its own with the same `select`",
                    position=named[1].position,
                )
            action = self._action(named[0], entry)
            marks = {key: self._flag(entry, key) for key in ("all", "optional", "seo")}
            if action is None or select is None:
                return None
            return Change(select, action, entry.position, **marks)
        return None

    def _select(self, entry: Entries) -> str | None:
        node = entry.get("select")
        with self.problems.at(node or entry):
            if node is None:
                raise MistakeError("a change without `select`", hint="say which place it is for, as a CSS selector")
            return read_selector(node, "`select`", self.check_selector)
        return None

    def _flag(self, entry: Entries, key: str) -> bool:
        node = entry.get(key)
        if node is not None:
            with self.problems.at(node):
                return fields.flag(node, f"`{key}`")
        return False

    def _action(self, key: Scalar, entry: Entries) -> Action | None:
        node = entry.get(key.text)
        assert node is not None  # noqa: S101 - the key is one of the entry's
        if (given := entry.get("with")) is not None and key.text != "template":
            hint = "in a text of your own write the value itself"
            self.problems.add(given.position, "`with` goes with `template`", hint=hint)
        before = len(self.problems.found)
        with self.problems.at(node):
            action = self._read_action(key.text, node, entry)
            return action if len(self.problems.found) == before else None
        return None

    def _read_action(self, name: str, node: Node, entry: Entries) -> Action | None:
        match name:
            case "text":
                text = self._fragment(self.compiler.text, node, "`text`")
                return SetText(text) if text else None
            case "html" | "template":
                html = self._markup(name, node, entry.get("with"))
                return SetHtml(html) if html else None
            case "replace":
                html = self._inner_markup(node, "`replace`")
                return Replace(html) if html else None
            case "insert":
                return self._insert(node)
            case "image":
                return self._image(node)
            case "link":
                return self._link(node)
            case "attributes":
                return self._attributes(node)
            case "add_class":
                return AddClass(_class_names(node, "`add_class`"))
            case "remove_class":
                return RemoveClass(_class_names(node, "`remove_class`"))
            case "rank":
                return RankReader(self.problems, self.check_selector).rank(node)
            case _:
                if not fields.flag(node, "`remove`"):
                    raise MistakeError("`remove: false` does nothing", hint="take the change out")
                return Remove()

    def _markup(self, name: str, node: Node, given: Node | None) -> Fragment | None:
        if name == "html":
            return self._fragment(self.compiler.html, node, "`html`")
        values = self._with(given) if given is not None else {}
        return self._fragment(lambda file: self.compiler.template(file, values), node, "`template`")

    def _with(self, node: Node) -> dict[str, str]:
        values: dict[str, str] = {}
        for key, value in fields.entries(node, "`with`").pairs:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key.text):
                self.problems.add(
                    key.position, f"`{key.text}` can't be a name in a template", hint="letters, digits, `_`"
                )
                continue
            # Compiled here as well, so that what is wrong is told where it was written.
            if self._fragment(self.compiler.text, value, f"`{key.text}`"):
                values[key.text] = fields.text(value, f"`{key.text}`")
        return values

    def _inner_markup(self, node: Node, what: str) -> Fragment | None:
        """A fragment inside another key: markup itself, or `{html: …}`, or `{template: …, with: …}`."""
        if isinstance(node, Scalar):
            return self._markup("html", node, None)
        block = fields.entries(node, what)
        fields.known_keys(block, what, ("html", "template", "with"), self.problems)
        html, template = block.get("html"), block.get("template")
        if html is not None and template is None:
            return self._markup("html", html, None)
        if template is not None and html is None:
            return self._markup("template", template, block.get("with"))
        if html is None and template is None and block.pairs:
            return None  # its keys are unknown, and told so
        raise MistakeError(f"{what} wants either `html` or `template`", hint="such as {html: '<p>Hello</p>'}")

    def _insert(self, node: Node) -> Insert | None:
        block = fields.entries(node, "`insert`")
        fields.known_keys(block, "`insert`", tuple(Where), self.problems)
        if len(block.pairs) != 1:
            hint = "such as insert: {after: '<p>Hello</p>'}; for another place make another change"
            raise MistakeError("`insert` wants one of before, after, first and last", hint=hint)
        key, value = block.pairs[0]
        html = self._inner_markup(value, f"`{key.text}`") if key.text in tuple(Where) else None
        return Insert(Where(key.text), html) if html else None

    def _image(self, node: Node) -> SetImage | None:
        block = fields.entries(node, "`image`")
        url, text = self._url, self.compiler.text
        found = self._fields(block, "`image`", {"src": url, "alt": text, "srcset": url, "sizes": text}, required="src")
        return SetImage(found["src"], found.get("alt"), found.get("srcset"), found.get("sizes")) if found else None

    def _link(self, node: Node) -> SetLink | None:
        block = fields.entries(node, "`link`")
        compilers = {"href": self._url, "text": self.compiler.text}
        found = self._fields(block, "`link`", compilers, required="href")
        return SetLink(found["href"], found.get("text")) if found else None

    def _fields(
        self, block: Entries, what: str, compilers: Mapping[str, Callable[[str], Fragment]], *, required: str
    ) -> dict[str, Fragment]:
        """The fragments of a block by key; empty where one of them is wrong."""
        fields.known_keys(block, what, compilers, self.problems)
        if block.get(required) is None:
            raise MistakeError(f"{what} without `{required}`", hint=_REQUIRED[required])
        known = [(key.text, value) for key, value in block.pairs if key.text in compilers]
        found = {key: self._fragment(compilers[key], value, f"`{key}`") for key, value in known}
        whole = {key: fragment for key, fragment in found.items() if fragment is not None}
        return whole if len(whole) == len(found) else {}

    def _attributes(self, node: Node) -> SetAttributes | None:
        block = fields.entries(node, "`attributes`")
        if not block.pairs:
            raise MistakeError("`attributes` is empty", hint="such as attributes: {title: Hello}")
        values: dict[str, Fragment | None] = {}
        for key, value in block.pairs:
            with self.problems.at(key):
                name = _attribute_name(key.text)
                if name in values:
                    raise MistakeError(f"attribute `{name}` is written twice", hint="keep one of them")
                if isinstance(value, Scalar) and value.is_null:
                    values[name] = None
                    continue
                compile_ = self._url if name in URL_ATTRIBUTES else self.compiler.text
                if (fragment := self._fragment(compile_, value, f"`{name}`")) is None:
                    continue
                if name in CODE_ATTRIBUTES and fragment.static is None:
                    raise MistakeError(f"a visitor's value can't be put into `{name}`", hint="set a class instead")
                values[name] = fragment
        return SetAttributes(tuple(values.items()))

    def _url(self, source: str) -> Fragment:
        if runs_script(source):
            raise FragmentError("this URL would run a script", hint="scripts belong into the site")
        return self.compiler.url(source)

    def _fragment(self, compile_: Callable[[str], Fragment], node: Node, what: str) -> Fragment | None:
        """Compile a text of the rulebook; what is wrong with it is told at its own line."""
        with self.problems.at(node):
            scalar = fields.scalar(node, what)
            try:
                return compile_(scalar.text)
            except FragmentError as error:
                at = self._place(scalar, error)
                raise MistakeError(error.message, hint=error.hint, position=at) from None
        return None

    def _place(self, scalar: Scalar, error: FragmentError) -> Position:
        at = scalar.position
        if error.file:
            return Position(f"{self.templates_folder}/{error.file}", error.line, 1)
        if scalar.block_text:
            return Position(at.file, at.line + error.line, 1)
        return at


def _attribute_name(written: str) -> str:
    name = written.lower()
    if not _ATTRIBUTE_NAME.fullmatch(name):
        raise MistakeError(f"`{written}` can't be the name of an attribute", hint="such as title or data-id")
    if name.startswith("on"):
        raise MistakeError(f"`{written}` would run a script", hint="event handlers belong into the site")
    if name in _REFUSED_ATTRIBUTES:
        raise MistakeError(f"`{written}` holds a whole document", hint="give the frame a `src`")
    return name


def _class_names(node: Node, what: str) -> tuple[str, ...]:
    names = tuple(name for text in fields.texts(node, what) for name in text.split())
    if not names:
        raise MistakeError(f"{what} names no class", hint="such as add_class: winter")
    for name in names:
        if name.startswith("."):
            raise MistakeError(f"`{name}` is a selector", hint=f"the class is called {name.lstrip('.')}")
        if not _CLASS_NAME.fullmatch(name):
            hint = "a class has no spaces, quotes or brackets in its name"
            raise MistakeError(f"`{name}` can't be the name of a class", hint=hint)
    return tuple(dict.fromkeys(names))
