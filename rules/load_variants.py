"""What an experience shows, from rule files: `change:`, `redirect:` or `serve:`, its own or each variant's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import quote

from rules import fields
from rules.errors import MistakeError
from rules.fields import Problems
from rules.fragments import Fragment
from rules.load_changes import ChangeReader
from rules.model import ORIGINAL, Variant
from rules.nodes import Entries, Node, written
from rules.urls import leads_within

KEYS = ("change", "redirect", "serve")
# A dot, a slash, a backslash, a control character, or none: what a request is refused for as well.
_AMBIGUOUS_ESCAPE = re.compile(r"%(?:2[ef]|5c|[01][0-9a-f]|7f|(?![0-9a-f]{2}))|;", re.IGNORECASE)
_WHOLE_URL = re.compile(r"\s*(?:/|\\\\|https?:)", re.IGNORECASE)
# What a path and a query may hold (RFC 3986 §3.3 and §3.4), and escapes that are there already.
_PATH_CHARACTERS = "/:@!$&'()*+,;=-._~%?"


@dataclass(frozen=True, slots=True)
class VariantReader:
    """Reads the variants of one folder. `templates_digest` stands for all of its templates.

    `link_hosts` are the hosts beside the site's own that a redirect may lead to.
    """

    changes: ChangeReader
    problems: Problems
    templates_digest: str
    link_hosts: frozenset[str]

    def variants(self, node: Node) -> tuple[Variant, ...]:
        """The variants of an experiment that are right, by their names; the original is not one of them."""
        found: list[Variant] = []
        if not (block := fields.entries(node, "`variants`")).pairs:
            raise MistakeError("`variants` is empty", hint="name what there is to see beside the original")
        for key, value in block.pairs:
            with self.problems.at(value):
                fields.identifier(key, "a variant")
                if key.text == ORIGINAL:
                    hint = f"it is the page as it is: leave it out here, and name it in `split: {{{ORIGINAL}: 50, …}}`"
                    raise MistakeError(f"`{ORIGINAL}` can't be changed", hint=hint, position=key.position)
                shown = fields.entries(value, f"variant `{key.text}`")
                fields.known_keys(shown, "a variant", KEYS, self.problems)
                variant = self.variant(shown, key.text)
                if variant is not None:
                    found.append(variant)
                elif not shown.pairs:
                    hint = f"for the page as it is, the arm is called {ORIGINAL}"
                    raise MistakeError(f"variant `{key.text}` shows nothing", hint=hint, position=key.position)
        return tuple(found)

    def variant(self, block: Entries, name: str = "") -> Variant | None:
        """What a block shows; None where it has none of the keys."""
        change, redirect, serve = (block.get(key) for key in KEYS)
        if change is None and redirect is None and serve is None:
            return None
        if redirect is not None and (other := change or serve) is not None:
            other_key = "change" if change is not None else "serve"
            self.problems.add(
                other.position, f"`{other_key}` beside `redirect` is never seen", hint="take one of them out"
            )
        target, path = None, ""
        if redirect is not None:
            with self.problems.at(redirect):
                target = self._redirect(redirect)
        if serve is not None:
            with self.problems.at(serve):
                path = _page_of_origin(fields.text(serve, "`serve`"))
        changes = self.changes.changes(change) if change is not None else ()
        shown = [node for node in (change, redirect, serve) if node is not None]
        return Variant(self._digest(*shown), changes, target, path, name)

    def _redirect(self, node: Node) -> Fragment | None:
        target = self.changes.url(node, "`redirect`")
        if target is not None and target.static is not None:
            (url,) = target.static.shape
            if not url.strip():
                raise MistakeError("`redirect` leads nowhere", hint="write a path, such as /pricing")
            if not _WHOLE_URL.match(url):
                hint = "begin a page of this site with /, and another site with https://"
                raise MistakeError(f"`{url}` is neither a path nor a URL", hint=hint)
            if not leads_within(url, self.link_hosts):
                hint = "on this site write the path alone; another one must stand in `site: {link_hosts: […]}`"
                raise MistakeError(f"`{url}` leads to another site", hint=hint)
        return target

    def _digest(self, *shown: Node) -> str:
        """A hash of what is shown as it is written, wherever it stands in the file, and of what it includes."""
        told = "\n".join(map(written, shown))
        if "template" in told or "include" in told:
            told += self.templates_digest
        return blake2b(told.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


def _page_of_origin(word: str) -> str:
    """The path of a page, with its query, percent-encoded."""
    path = word.partition("?")[0]
    if "{{" in word or "{%" in word:
        raise MistakeError("`serve` can't hold a signal", hint="make an experience for each page")
    if not word.startswith("/") or word.startswith("//") or "\\" in word:
        raise MistakeError(f"`{word}` is no path", hint="a page of this site, such as /pricing-b")
    if "*" in path:
        raise MistakeError(f"`{word}` is many pages", hint="`serve` wants one, such as /pricing-b")
    if "#" in word:
        raise MistakeError(f"`{word}` has a fragment, which is never sent", hint="leave out what begins with `#`")
    if _AMBIGUOUS_ESCAPE.search(path):
        hint = "write each character of the path as a browser shows it"
        raise MistakeError(f"`{word}` has an escape that not every site reads alike", hint=hint)
    if any(step in (".", "..") for step in path.split("/")):
        raise MistakeError(f"`{word}` has `.` or `..` in it", hint="write the path as a browser shows it")
    return quote(word, safe=_PATH_CHARACTERS)


def templates_digest(templates: Mapping[str, str]) -> str:
    """A hash of every template, name and text."""
    told = repr(sorted(templates.items()))
    return blake2b(told.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()
