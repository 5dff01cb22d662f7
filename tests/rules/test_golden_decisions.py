"""Runs the golden table: tests/golden/decisions, whose README tells the format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from rules.context import Context, Value
from rules.fields import Problems
from rules.geography import GeoPoint
from rules.load_conditions import ConditionReader
from rules.load_schedule import read_schedule
from rules.nodes import Entries, Node, Scalar, Sequence, written
from rules.numbers import parse_number
from rules.operator_table import operator_names
from rules.signals import Type, lookup
from rules.source import decode, parse
from tests.rules.reading import NOON

CONDITIONS = ("values.yaml", "operators.yaml", "groups.yaml", "positions.yaml")
FOLDER = Path(__file__).parent.parent / "golden" / "decisions"
RESULTS = {"true": True, "false": False, "unknown": None}


def table(file: str) -> tuple[Node | None, list[Entries]]:
    """A file's audiences, and its cases."""
    root = parse(decode(file, (FOLDER / file).read_bytes()))
    assert isinstance(root, Entries)
    assert text(root, "version") == "1"
    listed = root.get("cases")
    assert isinstance(listed, Sequence)
    return root.get("audiences"), [case for case in listed.items if isinstance(case, Entries)]


def cases(*files: str) -> Iterator[object]:
    """Every case with its file's audiences, under the name of what it asks."""
    for file in files:
        audiences, listed = table(file)
        for case in listed:
            yield pytest.param(audiences, case, id=f"{file}:{case.position.line} {written(case)}")


def text(case: Entries, key: str, default: str = "") -> str:
    node = case.get(key)
    return node.text if isinstance(node, Scalar) else default


def signals(case: Entries) -> dict[str, Value]:
    block = case.get("signals")
    assert isinstance(block, Entries)
    return {key.text: value(key.text, node) for key, node in block.pairs}


def value(name: str, node: Node) -> Value:
    signal = lookup(name)
    assert signal is not None
    if isinstance(node, Sequence):
        return tuple(item.text for item in node.items if isinstance(item, Scalar))
    assert isinstance(node, Scalar)
    if signal.type is Type.POSITION:
        position = GeoPoint.parse(node.text)
        assert position is not None
        return position
    kind = Type.TEXT if node.quoted else signal.type
    if kind is Type.DATE:
        return date.fromisoformat(node.text)
    if kind in {Type.BOOLEAN, Type.ANY} and node.text in {"true", "false"}:
        return node.text == "true"
    number = parse_number(node.text)
    return number if kind in {Type.NUMBER, Type.ANY} and number is not None else node.text


@pytest.mark.parametrize(("audiences", "case"), tuple(cases(*CONDITIONS)))
def test_a_condition_comes_to_what_the_table_says(audiences: Node | None, case: Entries) -> None:
    problems = Problems()
    named = audiences.pairs if isinstance(audiences, Entries) else ()
    node = case.get("condition")
    assert node is not None
    condition = ConditionReader({key.text: value for key, value in named}, problems).condition(node)
    assert problems.found == []
    assert condition is not None
    now = datetime.fromisoformat(text(case, "now", NOON.isoformat()))
    assert condition.evaluate(Context(signals(case), now)) is RESULTS[text(case, "result")]


@pytest.mark.parametrize(("_audiences", "case"), tuple(cases("schedules.yaml")))
def test_a_schedule_is_open_when_the_table_says(_audiences: Node | None, case: Entries) -> None:
    problems = Problems()
    node = case.get("when")
    assert node is not None
    schedule = read_schedule(node, problems)
    assert problems.found == []
    assert schedule is not None
    known = {"geo.timezone": text(case, "zone"), "geo.country": text(case, "country")}
    context = Context(known, datetime.fromisoformat(text(case, "at")))
    assert schedule.is_open(context, text(case, "site", "UTC")) is RESULTS[text(case, "open")]


@pytest.mark.parametrize("operator", operator_names())
def test_the_table_has_every_operator_come_to_all_that_it_can(operator: str) -> None:
    results = {
        text(case, "result")
        for file in CONDITIONS
        for case in table(file)[1]
        if (condition := case.get("condition")) is not None and f"{{{operator}: " in written(condition)
    }
    assert results == (RESULTS.keys() if operator != "known" else {"true", "false"})


def test_no_case_stands_in_the_table_twice() -> None:
    lines = Counter(line for file in FOLDER.glob("*.yaml") for line in file.read_text(encoding="utf-8").splitlines())
    assert [line for line, times in lines.items() if line.startswith("  - {") and times > 1] == []
