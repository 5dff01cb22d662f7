"""The schema of rule files: never stricter than the loader, and a help to those who write."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from rules.errors import Severity
from rules.nodes import Entries, Node, Scalar, Sequence, Source
from rules.schema import rule_file_schema
from rules.signals import catalogue
from rules.source import decode, parse
from tests.docs.fences import ROOT, blocks
from tests.golden import golden_mistakes, golden_pages
from tests.rules.reading import load_problems

RULE_FILES = sorted(ROOT.glob("examples/*/rules/*.yaml"))
DECISIONS = sorted(ROOT.glob("tests/golden/decisions/*.yaml"))
VALIDATOR = Draft202012Validator(rule_file_schema())
PAGES = ("docs/rules.md", "docs/consent.md", "README.md")
HERO = "experiences: {{hero: {{pages: /, {}, change: [{{select: h1, text: Hi}}]}}}}"
CHANGE = "experiences: {{hero: {{pages: /, change: [{}]}}}}"
RANK = "experiences: {{hero: {{pages: /, change: {{select: ul, rank: {{items: '> li', read: {}, by: {}}}}}}}}}"

_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def as_editors_read(node: Node) -> Any:
    """A node by the core schema of YAML 1.2 (§10.3), as editors read it."""
    match node:
        case Entries(pairs=pairs):
            return {key.text: as_editors_read(value) for key, value in pairs}
        case Sequence(items=items):
            return [as_editors_read(item) for item in items]
        case Scalar(text=text) if node.quoted:
            return text
        case Scalar(text=text) if node.is_null:
            return None
        case Scalar(text=text) if text in _WORDS:
            return _WORDS[text]
        case Scalar(text=text) if re.fullmatch(r"[-+]?[0-9]+", text):
            return int(text)
        case Scalar(text=text) if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
            return float(text)
        case Scalar(text=text):
            return text


def faults(text: str) -> list[str]:
    """Where the schema finds fault with a rule file."""
    root = parse(Source.of("a.yaml", text))
    assert root is not None
    return faults_of(as_editors_read(root))


def faults_of(file: Any) -> list[str]:
    return [error.json_path for error in VALIDATOR.iter_errors(file)]


def read(path: Path) -> Any:
    root = parse(decode(path.name, path.read_bytes()))
    assert root is not None
    return as_editors_read(root)


def golden() -> list[Path]:
    """The rule files of golden pages, and of golden mistakes that load."""
    fine = [case for case in golden_mistakes.cases() if expected_severities(case) <= {Severity.WARNING}]
    mistakes = [path for case in fine for path in ([case] if case.is_file() else sorted(case.glob("*.yaml")))]
    return [*(case / "rules.yaml" for case in golden_pages.cases()), *mistakes]


def expected_severities(case: Path) -> set[Severity]:
    return {problem.severity for problem in golden_mistakes.problems_of(case)}


def written() -> list[Any]:
    files = [
        pytest.param(path.read_text(encoding="utf-8-sig"), id=str(path.relative_to(ROOT)))
        for path in (*RULE_FILES, *golden())
    ]
    shown = [
        pytest.param(block.text, id=f"{page}:{block.line}")
        for page in PAGES
        for block in blocks(page, "yaml")
        if block.note != "broken"
    ]
    return files + shown


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(rule_file_schema())
    assert len(RULE_FILES) >= 5


@pytest.mark.parametrize("text", written())
def test_every_rule_file_of_the_examples_the_golden_files_and_the_guide_fits(text: str) -> None:
    assert faults(text) == []


def decisions(key: str) -> list[Any]:
    """The conditions, or the schedules, of the golden decisions."""
    listed = [(path.name, case) for path in DECISIONS for case in read(path)["cases"] if key in case]
    assert len(listed) > 20
    return [pytest.param(case[key], id=f"{name}: {case[key]}") for name, case in listed]


@pytest.mark.parametrize("condition", decisions("condition"))
def test_every_golden_condition_fits(condition: Any) -> None:
    assert faults_of({"audiences": {"golden": condition}}) == []


@pytest.mark.parametrize("schedule", decisions("when"))
def test_every_golden_schedule_fits(schedule: Any) -> None:
    experience = {"pages": "/", "when": schedule, "change": {"select": "h1", "text": "Hi"}}
    assert faults_of({"experiences": {"golden": experience}}) == []


@pytest.mark.parametrize(
    "text",
    [
        "experience: {}",
        "goals: {signup: {}}",
        "holdout: {shares: 5%}",
        "experiences: {hero: {pages: /}}",
        HERO.format("variants: {}"),
        HERO.format("experiment: {splits: {original: 50, bold: 50}}"),
        "experiences: {a: {pages: /, experiment: {split: {b: 100}}, variants: {b: {}}}}",
        HERO.format("whoo: everyone"),
        HERO.format("priority: high"),
        HERO.format("draft: maybe"),
        HERO.format("who: {geo.contry: SE}"),
        HERO.format("who: {geo.country: []}"),
        HERO.format("who: {time.hour: {contains: 9}}"),
        HERO.format("who: {time.hour: {min: 9}}"),
        HERO.format("who: {any: []}"),
        HERO.format("who: [geo.country: SE]"),
        HERO.format("who: {geo.position: {near: {lat: 59.9, lon: 10.7}}}"),
        HERO.format("who: {geo.position: [59.9, 10.7]}"),
        HERO.format("when: {day: mon}"),
        HERO.format("pages2: /x"),
        CHANGE.format("{select: h1}"),
        CHANGE.format("{text: Hi}"),
        CHANGE.format("{select: ul, rank: {items: li, read: {x: b}}}"),
        RANK.format("{x: {}}", "{boost: 2, where: {item.x: a}}"),
        RANK.format("{x: {as: date}}", "{boost: 2, where: {item.x: a}}"),
        RANK.format("{x: b}", "{boost: 2}"),
        RANK.format("{x: b}", "{boost: 2, where: {geo.country: NO}}"),
        RANK.format("{x: b}", "{boost: 2, where: members}"),
        RANK.format("{x: b}", "{affinity: {x: 2}}"),
        CHANGE.format("{select: h1, text: a, html: b}"),
        CHANGE.format("{select: h1, link: {text: a}}"),
        CHANGE.format("{select: h1, insert: {before: a, after: b}}"),
        CHANGE.format("{select: h1, remove: false}"),
        "experiences: {Hero One: {pages: /, change: [{select: h1, text: Hi}]}}",
        "tests: [{name: x, visit: {geo.country: SE}}]",
        "tests: [{name: x, visit: {page: /, time.hour: 9}, shows: hero}]",
    ],
)
def test_what_it_refuses_the_loader_refuses_too(text: str, tmp_path: Path) -> None:
    assert faults(text) != []
    assert load_problems(tmp_path, text) != []


@pytest.mark.parametrize(
    "text",
    [
        HERO.format("who: {geo.country: no, geo.eu: [true], visitor.points: {at_least: '5'}, page.query.q: 0150}"),
        HERO.format("title: 2026, priority: '5', draft: 'FALSE', pages: 404").replace("pages: /, ", "", 1),
        HERO.format("who: {all: {geo.city: Oslo*, any: [{device.type: tv}]}}"),
        HERO.format("who: {geo.position: {near: {lat: 59.9, lon: '-10.7', km: 50}}}"),
        CHANGE.format("{select: h1, text: 12, all: true}, {select: p, attributes: {id: null, width: 5}}"),
        RANK.format("{x: b, y: {as: number}}", "[{boost: -1.5, where: {any: [item.x: [a, 5], item.y: {below: 5}]}}]"),
        RANK.format("{x: '@x'}", "{boost: '2', where: {none: {item.x: {known: false}}}}, pin: .ad, keep_first: '1'"),
        "experiences: # none so far\naudiences:\ntests:",
        "tests: [{name: 1, visit: {page: /, geo.country: se, visitor.points: 5, geo.eu: true}, shows: hero}]",
        "tests: [{name: 1, visit: {page: /, geo.position: [59.9, 10.7]}, shows: hero}]",
    ],
)
def test_it_is_no_stricter_than_the_loader_with_scalars(text: str) -> None:
    assert faults(text) == []


def test_every_signal_is_described_with_an_example() -> None:
    condition = rule_file_schema()["$defs"]["condition"]["anyOf"][1]
    known = {**condition["properties"], **condition["patternProperties"]}
    described = {schema["description"]: schema["examples"] for schema in known.values() if "examples" in schema}
    assert described == {signal.meaning: [signal.example] for signal in catalogue()}
    families = ("page.query.", "visits.within.", "visitor.preferences.", "visitor.", "company.")
    assert set(condition["patternProperties"]) == {f"^{name.replace('.', '[.]')}." for name in families}
