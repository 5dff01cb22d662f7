from __future__ import annotations

from pathlib import Path

import pytest

from proxy.rule_files import read_folder
from rules.fragments import Kind
from rules.load import load_rulebook
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
    fragments_of,
)
from tests.rules.reading import load_problems, rulebook, write

TEMPLATES = {"card.html": "<b>{{ title }}</b> {{ geo.city }}", "broken.html": "<b>\n{% if %}\n</b>"}


def in_book(change: str) -> str:
    return f"experiences:\n  a:\n    pages: /\n    change:\n      - {change}\n"


def read(folder: Path, change: str) -> Change:
    (experience,) = rulebook(folder, in_book(change), {"card.html": TEMPLATES["card.html"]}).experiences
    return experience.changes[0]


@pytest.mark.parametrize(
    ("action", "kind", "sources"),
    [
        ("text: Hi", SetText, [(Kind.TEXT, "Hi")]),
        ("text: ''", SetText, [(Kind.TEXT, "")]),
        ("html: <b>Hi</b>", SetHtml, [(Kind.HTML, "<b>Hi</b>")]),
        ("template: card.html, with: {title: Hi}", SetHtml, [(Kind.HTML, TEMPLATES["card.html"])]),
        ("replace: {html: <b>Hi</b>}", Replace, [(Kind.HTML, "<b>Hi</b>")]),
        ("replace: {template: card.html, with: {title: Hi}}", Replace, [(Kind.HTML, TEMPLATES["card.html"])]),
        ("replace: <b>Hi</b>", Replace, [(Kind.HTML, "<b>Hi</b>")]),
        ("insert: {after: <b>Hi</b>}", Insert, [(Kind.HTML, "<b>Hi</b>")]),
        ("image: {src: /a.jpg, alt: A, srcset: /b.jpg 2x, sizes: 50vw}", SetImage,
         [(Kind.URL, "/a.jpg"), (Kind.TEXT, "A"), (Kind.URL, "/b.jpg 2x"), (Kind.TEXT, "50vw")]),
        ("link: {href: /a, text: Go}", SetLink, [(Kind.URL, "/a"), (Kind.TEXT, "Go")]),
        ("attributes: {Title: Hi, href: /a, hidden: null}", SetAttributes, [(Kind.TEXT, "Hi"), (Kind.URL, "/a")]),
        ("add_class: [a, b c]", AddClass, []),
        ("remove_class: a", RemoveClass, []),
        ("remove: true", Remove, []),
    ],
)  # fmt: skip
def test_every_action_is_read(tmp_path: Path, action: str, kind: type[Action], sources: list[tuple[Kind, str]]) -> None:
    change = read(tmp_path, f"{{select: h1, {action}}}")
    assert isinstance(change.action, kind)
    assert [(fragment.kind, fragment.source) for fragment in fragments_of(change.action)] == sources


def test_class_names_are_split_and_kept_once(tmp_path: Path) -> None:
    assert read(tmp_path, "{select: h1, add_class: [a, b a]}").action == AddClass(("a", "b"))


def test_an_attribute_of_null_is_taken_away(tmp_path: Path) -> None:
    action = read(tmp_path, "{select: h1, attributes: {HIDDEN: null}}").action
    assert action == SetAttributes((("hidden", None),))


def test_a_change_keeps_its_marks_and_its_place(tmp_path: Path) -> None:
    change = read(tmp_path, "{select: ' h1 ', insert: {first: x}, all: true, optional: true, seo: true}")
    assert (change.select, change.all, change.optional, change.seo) == ("h1", True, True, True)
    assert isinstance(change.action, Insert)
    assert change.action.where is Where.FIRST
    assert (change.position.line, change.position.column) == (5, 9)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("{text: Hi}", "5:9: a change without `select` (say which place it is for, as a CSS selector)"),
        ("{select: h1}", "5:9: this change does nothing (add one of text, html, template, replace, insert, image,"),
        ("{select: h1, text: a, html: b}", "5:31: a change does one thing, and this one names `text` and `html`"),
        ("{select: h1, txt: a, text: b}", "5:22: unknown key `txt` in a change (did you mean 'text'?)"),
        ("{select: '', text: a}", "5:18: `` is not a CSS selector: it is empty"),
        ("{select: 'a[b', text: a}", "5:18: `a[b` is not a CSS selector: `[` is not closed"),
        ("{select: 'a)', text: a}", "5:18: `a)` is not a CSS selector: `)` closes nothing"),
        ("{select: 'a[b=\"c]', text: a}", '5:18: `a[b="c]` is not a CSS selector: a quote is not closed'),
        ("{select: '> li', text: a}", "5:18: `> li` is not a CSS selector: it begins or ends with `>`"),
        ("{select: [a], text: a}", "5:18: `select` wants one selector, not a list"),
        ("{select: h1, text: [a]}", "5:28: `text` wants one text, not a list"),
        ("{select: h1, text: }", "5:28: `text` has no value"),
        ("{select: h1, text: a, all: yes}", "5:36: `all` is `true` or `false`, not `yes`"),
        ("{select: h1, text: '{{ geo.cty }}'}", "5:28: unknown signal"),
        ("{select: h1, template: crd.html}", "5:32: unknown template"),
        ("{select: h1, template: broken.html}", "templates/broken.html:2:1: "),
        ("{select: h1, template: card.html}", "templates/card.html:1:1: "),
        ("{select: h1, template: card.html, with: {title: '{{ geo.cty }}'}}", "5:57: unknown signal"),
        ("{select: h1, template: card.html, with: {a-b: x, title: y}}", "5:50: `a-b` can't be a name in a template"),
        ("{select: h1, text: a, with: {b: c}}", "5:37: `with` goes with `template`"),
        ("{select: h1, replace: {text: a}}", "5:32: unknown key `text` in `replace`"),
        ("{select: h1, replace: {html: a, template: b}}", "5:31: `replace` wants either `html` or `template`"),
        ("{select: h1, insert: {inside: a}}", "5:31: unknown key `inside` in `insert`"),
        ("{select: h1, insert: {before: a, after: b}}", "5:30: `insert` wants one of before, after, first and last"),
        ("{select: h1, insert: {}}", "5:30: `insert` wants one of before, after, first and last"),
        ("{select: h1, image: {alt: a}}", "5:29: `image` without `src`"),
        ("{select: h1, image: /a.jpg}", "5:29: `image` wants `key: value` lines"),
        ("{select: h1, link: {href: 'javascript:alert(1)'}}", "5:35: this URL would run a script"),
        ("{select: h1, link: {url: /a, href: /b}}", "5:29: unknown key `url` in `link`"),
        ("{select: h1, attributes: {onClick: 'a()'}}", "5:35: `onClick` would run a script"),
        (
            "{select: h1, attributes: {style: 'color: {{ geo.city }}'}}",
            "5:35: a visitor's value can't be put into `style`",
        ),
        ("{select: h1, attributes: {srcdoc: a}}", "5:35: `srcdoc` holds a whole document"),
        ("{select: h1, attributes: {'a b': c}}", "5:35: `a b` can't be the name of an attribute"),
        ("{select: h1, attributes: {a: b, A: c}}", "5:41: attribute `a` is written twice"),
        ("{select: h1, attributes: {}}", "5:34: `attributes` is empty"),
        ("{select: h1, attributes: {href: ' JavaScript:a'}}", "5:41: this URL would run a script"),
        ("{select: h1, add_class: .big}", "5:33: `.big` is a selector (the class is called big)"),
        ("{select: h1, add_class: ''}", "5:33: `add_class` names no class"),
        ("{select: h1, add_class: 'a<b'}", "5:33: `a<b` can't be the name of a class"),
        ("{select: h1, remove: false}", "5:30: `remove: false` does nothing (take the change out)"),
        ("h1", "5:9: a change wants `key: value` lines"),
    ],
)
def test_a_mistake_is_told_at_its_place(tmp_path: Path, change: str, problem: str) -> None:
    problems = load_problems(tmp_path, in_book(change), TEMPLATES)
    # A template that is broken, and that this change does not use, is told beside it.
    assert any(each.removeprefix(f"{tmp_path}/").startswith(problem) for each in problems)


def test_all_that_is_wrong_with_a_change_is_told(tmp_path: Path) -> None:
    problems = load_problems(
        tmp_path, in_book("{select: 'a[', all: 1, link: {href: '{{ a.b }}', text: '{{ c.d }}', x: y}}")
    )
    assert len(problems) == 5


def test_a_fault_in_a_block_of_text_is_told_on_its_own_line(tmp_path: Path) -> None:
    change = "select: h1\n        html: |\n          <b>\n          {{ geo.cty }}\n          </b>"
    (problem,) = load_problems(tmp_path, in_book(change))
    assert problem.startswith("8:1: unknown signal")


def test_a_selector_is_put_to_the_engine_where_there_is_one(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.yaml": in_book("{select: 'a:nope', text: x}")})
    assert load_rulebook(read_folder(folder)).experiences[0].changes[0].select == "a:nope"
    with pytest.raises(Exception, match="`a:nope` is not a CSS selector: unknown pseudo-class"):
        load_rulebook(
            read_folder(folder), check_selector=lambda selector: "unknown pseudo-class" if ":nope" in selector else None
        )
