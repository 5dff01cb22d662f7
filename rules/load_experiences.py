"""`experiences:` of rule files -> experiences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar

from rules import fields
from rules.errors import MistakeError
from rules.fields import Problems
from rules.load_changes import ChangeReader
from rules.load_conditions import ConditionReader
from rules.load_schedule import read_schedule
from rules.model import Experience
from rules.nodes import Entries, Node, Scalar, written
from rules.pages import PagePattern
from rules.schedule import Schedule

KEYS = ("title", "pages", "except", "who", "when", "priority", "enabled", "draft", "change")
_LATER = ("experiment", "variants", "holdout", "redirect", "serve", "rank")
PAGE_KEYS = ("path", "host", "query")
_MAX_PRIORITY = 1_000_000

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ExperienceReader:
    """Reads the experiences of one folder. `templates_digest` stands for all of its templates.

    `site_country` is the country under `site:`, empty where there is none.
    """

    conditions: ConditionReader
    changes: ChangeReader
    problems: Problems
    templates_digest: str
    site_country: str = ""

    def experience(self, key: Scalar, node: Node, order: int) -> Experience | None:
        """The experience, or None where something is wrong with it, which the problems then hold."""
        before = len(self.problems.found)
        with self.problems.at(node):
            block = fields.entries(node, f"experience `{key.text}`")
            fields.known_keys(block, "an experience", KEYS, self.problems, later=_LATER)
            if block.get("pages") is None:
                self.problems.add(
                    key.position, f"experience `{key.text}` has no `pages`", hint="for every page write /**"
                )
            change = block.get("change")
            if change is None and not any(block.get(later) for later in _LATER):
                self.problems.add(key.position, f"experience `{key.text}` has no `change`")
            experience = Experience(
                id=key.text,
                pages=self._optional(block, "pages", self._pages, ()),
                exclude=self._optional(block, "except", self._pages, ()),
                who=self._optional(block, "who", self.conditions.condition, None),
                when=self._optional(block, "when", self._schedule, None),
                changes=self.changes.changes(change) if change is not None else (),
                digest=self._digest(change) if change is not None else "",
                title=self._optional(block, "title", lambda value: fields.text(value, "`title`"), ""),
                priority=self._optional(block, "priority", _priority, 0),
                enabled=self._optional(block, "enabled", lambda value: fields.flag(value, "`enabled`"), True),
                draft=self._optional(block, "draft", lambda value: fields.flag(value, "`draft`"), False),
                position=key.position,
                order=order,
            )
            return experience if len(self.problems.found) == before else None
        return None

    def _optional(self, block: Entries, key: str, read: Callable[[Node], _T], default: _T) -> _T:
        node = block.get(key)
        if node is not None:
            with self.problems.at(node):
                return read(node)
        return default

    def _schedule(self, node: Node) -> Schedule | None:
        return read_schedule(node, self.problems, site_country=self.site_country)

    def _pages(self, node: Node) -> tuple[PagePattern, ...]:
        patterns: list[PagePattern] = []
        for item in fields.nodes(node, "`pages`"):
            with self.problems.at(item):
                patterns.append(self._page(item))
        return tuple(patterns)

    def _page(self, node: Node) -> PagePattern:
        if not isinstance(node, Entries):
            return PagePattern(fields.text(node, "a page"))
        fields.known_keys(node, "a page", PAGE_KEYS, self.problems)
        path, host, query = (node.get(key) for key in PAGE_KEYS)
        if path is None and host is None and query is None:
            raise MistakeError("a page without `path`")
        pairs = fields.entries(query, "`query`").pairs if query is not None else ()
        return PagePattern(
            # A host or a query alone is meant for every path.
            fields.text(path, "`path`") if path is not None else "/**",
            fields.text(host, "`host`") if host is not None else "",
            tuple((name.text, _query_value(name, value)) for name, value in pairs),
        )

    def _digest(self, change: Node) -> str:
        """A hash of the changes as they are written, wherever they stand in the file, and of what they include."""
        told = written(change)
        if "template" in told or "include" in told:
            told += self.templates_digest
        return blake2b(told.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


def _query_value(name: Scalar, value: Node) -> str:
    if isinstance(value, Scalar) and value.is_null:
        raise MistakeError(f"`{name.text}` has no value", hint='for any value write "*"', position=value.position)
    return fields.text(value, f"`{name.text}`")


def _priority(node: Node) -> int:
    priority = fields.integer(node, "`priority`")
    if abs(priority) > _MAX_PRIORITY:
        raise MistakeError(f"`priority` is beyond {_MAX_PRIORITY:,}")
    return priority


def templates_digest(templates: Mapping[str, str]) -> str:
    """A hash of every template, name and text."""
    told = repr(sorted(templates.items()))
    return blake2b(told.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()
