"""`tests:` of rule files -> a rulebook's tests of itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rules import fields
from rules.context import Value
from rules.errors import MistakeError, did_you_mean
from rules.fields import Problems
from rules.load_visits import read_arm, read_at, read_page, read_signal
from rules.model import RuleTest
from rules.nodes import Entries, Node
from rules.selectors import SelectorCheck, read_selector
from rules.signals import is_signal
from rules.visits import Visit

KEYS = ("name", "visit", "shows", "hides", "places")
VISIT_KEYS = ("page", "at", "host", "id", "variants")


@dataclass(frozen=True, slots=True)
class TestReader:
    """Reads the tests of one folder; `experiences` are all ids in it, also of those that something is wrong with.

    Of an experiment it has the arms. `check_selector` is an engine's opinion of the selectors of `places`.
    """

    __test__ = False  # not pytest's

    experiences: Mapping[str, Collection[str]]
    problems: Problems
    check_selector: SelectorCheck | None = None

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
            fields.known_keys(block, "a test", KEYS, self.problems)
            name, visit, shows, hides, places = (block.get(key) for key in KEYS)
            if name is None:
                raise MistakeError("a test without `name`", hint="say who visits, and what they should see")
            if visit is None:
                raise MistakeError("a test without `visit`", hint="such as visit: {page: /, geo.country: SE}")
            if shows is None and hides is None and places is None:
                raise MistakeError("this test asks for nothing", hint="add `shows`, `hides` or `places`")
            shown, hidden = self._ids(shows, "`shows`"), self._ids(hides, "`hides`")
            if both := [each for each in shown if each in hidden]:
                hint = "take it out of `shows` or of `hides`"
                raise MistakeError(f"`{both[0]}` can't be both shown and hidden", hint=hint)
            texts = self._texts(places) if places is not None else ()
            imagined = self._visit(visit)
            if len(self.problems.found) > before or imagined is None:
                return None
            return RuleTest(fields.text(name, "`name`"), imagined, node.position, shown, hidden, texts)
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

    def _texts(self, node: Node) -> tuple[tuple[str, str], ...]:
        """What should stand where: pairs of selector and text."""
        with self.problems.at(node):
            pairs = fields.entries(node, "`places`").pairs
            if not pairs:
                raise MistakeError("`places` names no place", hint='such as places: {"#hero h1": "Welcome back"}')
            return tuple(
                (read_selector(key, "a place", self.check_selector), fields.text(value, f"`{key.text}`"))
                for key, value in pairs
            )
        return ()

    def _visit(self, node: Node) -> Visit | None:
        with self.problems.at(node):
            block = fields.entries(node, "`visit`")
            page, at, host, id_, variants = (block.get(key) for key in VISIT_KEYS)
            if page is None:
                raise MistakeError("a visit without `page`", hint="such as page: /products/shoes")
            read = self.problems.read
            path, query = read(page, lambda node: read_page(fields.text(node, "`page`")), ("", dict[str, str]()))
            moment = read(at, lambda node: read_at(fields.text(node, "`at`")), None)
            name = fields.text(host, "`host`").lower() if host is not None else ""
            visitor_id = fields.text(id_, "`id`") if id_ is not None else ""
            given = self._given(variants) if variants is not None else {}
            return Visit(path, query, name, moment, self._signals(block), visitor_id, given)
        return None

    def _given(self, node: Node) -> dict[str, str]:
        """The arms of experiments that a visitor is given."""
        given: dict[str, str] = {}
        for key, value in fields.entries(node, "`variants`").pairs:
            with self.problems.at(value if self.experiences.get(key.text) else key):
                given[key.text] = read_arm(self.experiences, key.text, fields.text(value, f"`{key.text}`"))
        return given

    def _signals(self, visit: Entries) -> dict[str, Value]:
        signals: dict[str, Value] = {}
        for key, value in visit.pairs:
            if key.text in VISIT_KEYS:
                continue
            with self.problems.at(value if is_signal(key.text) else key):
                if not is_signal(key.text) and "." not in key.text:
                    hint = did_you_mean(key.text, VISIT_KEYS) or "a visit has page, at, host, id, variants and signals"
                    raise MistakeError(f"unknown key `{key.text}` in `visit`", hint=hint)
                signals[key.text] = read_signal(key.text, self._words(key.text, value))
        return signals

    def _words(self, name: str, value: Node) -> tuple[str, ...]:
        # An unknown signal is told as such, whatever its value looks like.
        return fields.texts(value, f"`{name}`") if is_signal(name) else ()
