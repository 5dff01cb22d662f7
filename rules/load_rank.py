"""`rank:` of rule files -> how a list is ranked: its items, what is read of them, and what counts how much."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from rules import fields
from rules.errors import MistakeError, did_you_mean
from rules.fields import Problems
from rules.load_conditions import ConditionReader
from rules.model import Boost, ItemField, Rank
from rules.nodes import Node, Scalar
from rules.rank import ITEM
from rules.selectors import SelectorCheck, read_inner_selector
from rules.signals import Signal, Type, is_signal

KEYS = ("items", "read", "by", "pin", "keep_first")
READ_KEYS = ("select", "attribute", "as")
BY_KEYS = ("boost", "where")
LATER = ("affinity",)
TYPES: Mapping[str, Type] = {"text": Type.TEXT, "number": Type.NUMBER}
"""What a value can be read `as`."""

MAX_FIELDS = 20
_MAX_WEIGHT = 1_000_000
_ATTRIBUTE_NAME = re.compile(r"[^\s\"'<>/=@]+")


@dataclass(frozen=True, slots=True)
class RankReader:
    """Reads the ranks of one folder. `check_selector` is the engine's own opinion, where there is an engine."""

    problems: Problems
    check_selector: SelectorCheck | None = None

    def rank(self, node: Node) -> Rank | None:
        """The rank, or None where something is wrong with it, which the problems then hold."""
        before = len(self.problems.found)
        block = fields.entries(node, "`rank`")
        fields.known_keys(block, "`rank`", KEYS, self.problems)
        items, read, by, pin, keep_first = (block.get(key) for key in KEYS)
        if items is None:
            raise MistakeError("`rank` without `items`", hint='say what it sorts, such as items: "> li"')
        if read is None:
            raise MistakeError("`rank` without `read`", hint="name what it sorts by: {brand: '@data-brand'}")
        if by is None:
            raise MistakeError("`rank` without `by`", hint="say what counts: {boost: 2, where: {item.brand: …}}")
        facts = self._facts(read)
        boosts = self._boosts(by, facts)
        items_selector, pin_selector = self._selector(items, "`items`"), self._selector(pin, "`pin`")
        kept = self.problems.read(keep_first, _keep_first, 0)
        if len(self.problems.found) > before:
            return None
        return Rank(items_selector, facts, boosts, pin_selector, kept)

    def _selector(self, node: Node | None, what: str) -> str:
        return self.problems.read(node, lambda one: read_inner_selector(one, what, self.check_selector), "")

    def _facts(self, node: Node) -> tuple[ItemField, ...]:
        facts: list[ItemField] = []
        with self.problems.at(node):
            pairs = fields.entries(node, "`read`").pairs
            if not pairs:
                raise MistakeError("`read` is empty", hint="name what is to be sorted by: {brand: '@data-brand'}")
            if len(pairs) > MAX_FIELDS:
                raise MistakeError(f"`read` names more than {MAX_FIELDS} things", hint="leave out what `by` never asks")
            for key, value in pairs:
                with self.problems.at(value):
                    name = fields.identifier(key, "a value of an item")
                    facts.append(self._fact(name, value))
        return tuple(facts)

    def _fact(self, name: str, node: Node) -> ItemField:
        if isinstance(node, Scalar):
            word = fields.text(node, f"`{name}`").strip()
            if word.startswith("@"):
                return ItemField(name, attribute=_attribute(word[1:]))
            return ItemField(name, select=read_inner_selector(node, f"`{name}`", self.check_selector))
        block = fields.entries(node, f"`{name}`")
        fields.known_keys(block, f"`{name}`", READ_KEYS, self.problems)
        select, attribute, as_ = (block.get(key) for key in READ_KEYS)
        if not block.pairs:
            hint = "say where in the item it stands, such as select: .price; {as: text} is the item's own text"
            raise MistakeError(f"`{name}` reads nothing", hint=hint)
        return ItemField(
            name,
            self._selector(select, "`select`"),
            _attribute(fields.text(attribute, "`attribute`").strip()) if attribute is not None else "",
            _type(as_) if as_ is not None else Type.TEXT,
        )

    def _boosts(self, node: Node, facts: tuple[ItemField, ...]) -> tuple[Boost, ...]:
        conditions = _ItemConditions(facts, self.problems)
        with self.problems.at(node):
            every = (self._boost(item, conditions) for item in fields.nodes(node, "`by`"))
            return tuple(boost for boost in every if boost is not None)
        return ()

    def _boost(self, node: Node, conditions: ConditionReader) -> Boost | None:
        with self.problems.at(node):
            block = fields.entries(node, "an entry of `by`")
            fields.known_keys(block, "an entry of `by`", BY_KEYS, self.problems, later=LATER)
            boost, where = (block.get(key) for key in BY_KEYS)
            if boost is None and where is None and any(block.get(key) for key in LATER):
                return None
            if boost is None:
                hint = "how much it counts, such as boost: 2; less than 0 moves items down"
                raise MistakeError("an entry of `by` without `boost`", hint=hint)
            if where is None:
                hint = "which items it is for, such as where: {item.price: {below: 100}}"
                raise MistakeError("a `boost` without `where`", hint=hint)
            weight = self.problems.read(boost, _weight, 0.0)
            condition = conditions.condition(where)
            return Boost(weight, condition) if condition is not None else None
        return None


class _ItemConditions(ConditionReader):
    """Reads conditions whose tests are of what `read` names."""

    def __init__(self, facts: tuple[ItemField, ...], problems: Problems) -> None:
        super().__init__({}, problems)
        self._signals = {ITEM + fact.name: _signal(fact) for fact in facts}

    def _signal(self, name: str) -> Signal:
        if name in self._signals:
            return self._signals[name]
        if is_signal(name):
            hint = "`who` is for visitors; `where` is for items, and tests what `read` names"
            raise MistakeError(f"`{name}` is of the visitor", hint=hint)
        if ITEM + name in self._signals:
            raise MistakeError(f"unknown signal `{name}`", hint=f"did you mean '{ITEM}{name}'?")
        hint = did_you_mean(name, self._signals) or self._misplaced(name)
        raise MistakeError(f"unknown signal `{name}`", hint=hint or f"`read` has {', '.join(self._signals)}")

    def _reference(self, node: Scalar) -> NoReturn:
        name = fields.text(node, "`where`")
        hint = f"an audience is of visitors; write a test, such as {{{next(iter(self._signals), 'item.brand')}: …}}"
        raise MistakeError(f"`{name}` is no test of an item", hint=hint)


def _signal(fact: ItemField) -> Signal:
    """What a test of it has to know; where one does not fit, the author can have it read as something else."""
    other = next(word for word, kind in TYPES.items() if kind is not fact.type)
    where = {"select": fact.select, "attribute": fact.attribute}
    keys = ", ".join(f"{key}: {word}" for key, word in {**where, "as": other}.items() if word)
    return Signal(ITEM + fact.name, fact.type, "", "", misfit=f"read it as {other}: {{{keys}}}")


def _attribute(name: str) -> str:
    if not _ATTRIBUTE_NAME.fullmatch(name):
        raise MistakeError(f"`{name}` can't be the name of an attribute", hint="such as data-brand")
    return name.lower()


def _type(node: Node) -> Type:
    word = fields.text(node, "`as`")
    if word not in TYPES:
        raise MistakeError(f"nothing is read as `{word}`", hint=f"{' or '.join(TYPES)}", position=node.position)
    return TYPES[word]


def _keep_first(node: Node) -> int:
    kept = fields.integer(node, "`keep_first`")
    if kept < 0:
        raise MistakeError("`keep_first` is less than nothing", hint="how many items at the top stay there")
    return kept


def _weight(node: Node) -> float:
    weight = fields.number(fields.text(node, "`boost`"), "`boost`")
    if weight == 0:
        raise MistakeError("a `boost` of 0 changes nothing", hint="take it out, or say how much it counts")
    if abs(weight) > _MAX_WEIGHT:
        raise MistakeError(f"`boost` is beyond {_MAX_WEIGHT:,}", hint="only how they compare matters: 3, 2, 1 will do")
    return weight
