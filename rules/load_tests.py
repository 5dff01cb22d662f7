"""`tests:` of rule files -> a rulebook's tests of itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from rules import fields
from rules.context import Value
from rules.errors import MistakeError, did_you_mean
from rules.fields import Problems
from rules.load_visits import read_at, read_page, read_signal
from rules.model import RuleTest
from rules.nodes import Entries, Node
from rules.signals import is_signal
from rules.visits import Visit

KEYS = ("name", "visit", "shows", "hides")
_LATER = ("places",)
VISIT_KEYS = ("page", "at", "host")


@dataclass(frozen=True, slots=True)
class TestReader:
    """Reads the tests of one folder; `experiences` are all ids in it, also of those that something is wrong with."""

    __test__ = False  # not pytest's

    experiences: Collection[str]
    problems: Problems

    def tests(self, section: Node) -> tuple[RuleTest, ...]:
        """The tests of one file that are right; the problems hold what is not."""
        with self.problems.at(section):
            if isinstance(section, Entries):
                raise MistakeError("`tests` wants a list", hint="begin each test with `- name:`")
            return tuple(test for item in fields.nodes(section, "`tests`") if (test := self._test(item)) is not None)
        return ()

    def _test(self, node: Node) -> RuleTest | None:
        before = len(self.problems.found)
        with self.problems.at(node):
            block = fields.entries(node, "a test")
            fields.known_keys(block, "a test", KEYS, self.problems, later=_LATER)
            name, visit, shows, hides = (block.get(key) for key in KEYS)
            if name is None:
                raise MistakeError("a test without `name`", hint="say who visits, and what they should see")
            if visit is None:
                raise MistakeError("a test without `visit`", hint="such as visit: {page: /, geo.country: SE}")
            if shows is None and hides is None and all(block.get(key) is None for key in _LATER):
                raise MistakeError("this test asks for nothing", hint="add `shows` or `hides`")
            shown, hidden = self._ids(shows, "`shows`"), self._ids(hides, "`hides`")
            if both := [each for each in shown if each in hidden]:
                raise MistakeError(f"`{both[0]}` can't be both shown and hidden")
            imagined = self._visit(visit)
            if len(self.problems.found) > before or imagined is None:
                return None
            return RuleTest(fields.text(name, "`name`"), imagined, node.position, shown, hidden)
        return None

    def _ids(self, node: Node | None, what: str) -> tuple[str, ...]:
        if node is None:
            return ()
        found: list[str] = []
        with self.problems.at(node):
            for item in fields.scalars(node, what):
                if item.text in self.experiences:
                    found.append(item.text)
                    continue
                hint = did_you_mean(item.text, self.experiences)
                self.problems.add(item.position, f"unknown experience `{item.text}`", hint=hint)
        return tuple(dict.fromkeys(found))

    def _visit(self, node: Node) -> Visit | None:
        with self.problems.at(node):
            block = fields.entries(node, "`visit`")
            page, at, host = (block.get(key) for key in VISIT_KEYS)
            if page is None:
                raise MistakeError("a visit without `page`", hint="such as page: /products/shoes")
            path, query = "", dict[str, str]()
            moment: datetime | None = None
            with self.problems.at(page):
                path, query = read_page(fields.text(page, "`page`"))
            if at is not None:
                with self.problems.at(at):
                    moment = read_at(fields.text(at, "`at`"))
            name = fields.text(host, "`host`").lower() if host is not None else ""
            return Visit(path, query, name, moment, self._signals(block))
        return None

    def _signals(self, visit: Entries) -> dict[str, Value]:
        signals: dict[str, Value] = {}
        for key, value in visit.pairs:
            if key.text in VISIT_KEYS:
                continue
            with self.problems.at(value if is_signal(key.text) else key):
                if not is_signal(key.text) and "." not in key.text:
                    hint = did_you_mean(key.text, VISIT_KEYS) or "a visit has page, at, host and signals"
                    raise MistakeError(f"unknown key `{key.text}` in `visit`", hint=hint)
                signals[key.text] = read_signal(key.text, self._words(key.text, value))
        return signals

    def _words(self, name: str, value: Node) -> tuple[str, ...]:
        # An unknown signal is told as such, whatever its value looks like.
        return fields.texts(value, f"`{name}`") if is_signal(name) else ()
