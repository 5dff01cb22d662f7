from __future__ import annotations

from pathlib import Path

import pytest

from rules.model import Experience
from rules.pages import PagePattern
from tests.rules.reading import load_problems, rulebook

CHANGE = "change: {select: h1, text: Hi}"


def read(folder: Path, text: str, templates: dict[str, str] | None = None) -> Experience:
    folder.mkdir(exist_ok=True)
    (experience,) = rulebook(folder, f"experiences:\n  a: {text}\n", templates).experiences
    return experience


def test_all_of_it_is_read(tmp_path: Path) -> None:
    text = f"""
    title: A hero
    pages: [/, {{path: /b, host: x.example, query: {{ref: y}}}}, {{query: {{z: "*"}}}}]
    except: /c
    who: {{geo.country: NO}}
    when: {{days: mon}}
    priority: -50
    enabled: false
    draft: true
    {CHANGE}
"""
    experience = read(tmp_path, text)
    assert (experience.id, experience.title, experience.priority) == ("a", "A hero", -50)
    assert (experience.enabled, experience.draft) == (False, True)
    assert experience.pages == (
        PagePattern("/"),
        PagePattern("/b", "x.example", (("ref", "y"),)),
        PagePattern("/**", query=(("z", "*"),)),
    )
    assert experience.exclude == (PagePattern("/c"),)
    assert experience.who is not None
    assert experience.when is not None
    assert (experience.position.line, experience.position.column) == (2, 3)


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    experience = read(tmp_path, f"{{pages: /, {CHANGE}}}")
    assert (experience.priority, experience.enabled, experience.draft, experience.title) == (0, True, False, "")
    assert (experience.who, experience.when, experience.exclude) == (None, None, ())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"{{{CHANGE}}}", "2:3: experience `a` has no `pages` (for every page write /**)"),
        ("{pages: /}", "2:3: experience `a` has no `change`"),
        ("{pages: /, change: []}", "2:25: `change` is an empty list"),
        ("{pages: /, change: x}", "2:25: `change` wants a list of places and what happens there"),
        (f"{{pages: [], {CHANGE}}}", "2:14: `pages` is an empty list"),
        (f"{{pages: products, {CHANGE}}}", "2:14: the path `products` does not begin with `/` (did you mean"),
        (f"{{pages: [/, {{}}], {CHANGE}}}", "2:18: a page without `path`"),
        (f"{{pages: {{pth: /}}, {CHANGE}}}", "2:14: a page without `path`"),
        (f"{{pages: {{path: /, query: {{ref: }}}}, {CHANGE}}}", '2:37: `ref` has no value (for any value write "*")'),
        (f"{{pages: /, except: '', {CHANGE}}}", "2:25: the path `` does not begin with `/`"),
        (f"{{pages: /, who: nobody, {CHANGE}}}", "2:22: unknown audience `nobody`"),
        (f"{{pages: /, when: {{days: x}}, {CHANGE}}}", "2:30: unknown day `x`"),
        (f"{{pages: /, priority: high, {CHANGE}}}", "2:27: `priority` wants a whole number, not `high`"),
        (f"{{pages: /, priority: 1.5, {CHANGE}}}", "2:27: `priority` wants a whole number, not `1.5`"),
        (f"{{pages: /, priority: 9999999, {CHANGE}}}", "2:27: `priority` is beyond 1,000,000"),
        (f"{{pages: /, enabled: yes, {CHANGE}}}", "2:26: `enabled` is `true` or `false`, not `yes`"),
        (f"{{pages: /, audience: x, {CHANGE}}}", "2:17: unknown key `audience` in an experience"),
        (f"{{pages: /, prioritet: 1, {CHANGE}}}", "2:17: unknown key `prioritet` in an experience (did you mean"),
        ("text", "2:6: experience `a` wants `key: value` lines"),
    ],
)
def test_a_mistake_is_told_at_its_place(tmp_path: Path, text: str, problem: str) -> None:
    problems = load_problems(tmp_path, f"experiences:\n  a: {text}\n")
    assert problems[0].startswith(problem), problems


def digest(folder: Path, change: str, **templates: str) -> str:
    text = f"\n    pages: /\n    change: {change}\n"
    return read(folder, text, {f"{name}.html": template for name, template in templates.items()}).variants[0].digest


def test_a_digest_is_of_the_changes_wherever_and_however_they_are_written(tmp_path: Path) -> None:
    one = digest(tmp_path / "a", "[{select: h1, text: Hi}]")
    other = digest(tmp_path / "b", "# why\n      - select: h1 # where\n        text: 'Hi'")
    assert one == other


def test_a_digest_turns_with_each_part_of_a_change(tmp_path: Path) -> None:
    changes = [
        "{select: h1, text: Hi}",
        "{select: h2, text: Hi}",
        "{select: h1, text: Ho}",
        "{select: h1, html: Hi}",
        "{select: h1, text: Hi, all: true}",
        "{select: h1, attributes: {a: null}}",
        "{select: h1, attributes: {a: 'null'}}",
        "[{select: h1, add_class: a}, {select: h1, add_class: b}]",
        "[{select: h1, add_class: b}, {select: h1, add_class: a}]",
    ]
    digests = {digest(tmp_path / str(number), change) for number, change in enumerate(changes)}
    assert len(digests) == len(changes)


def test_an_edited_template_turns_the_digest_of_what_shows_it(tmp_path: Path) -> None:
    template, plain = "{select: h1, template: a.html}", "{select: h1, text: Hi}"
    assert digest(tmp_path / "a", template, a="one") != digest(tmp_path / "b", template, a="two")
    assert digest(tmp_path / "c", plain, a="one") == digest(tmp_path / "d", plain, a="two")


def test_an_edited_include_turns_the_digest(tmp_path: Path) -> None:
    html = "{select: h1, html: \"{% include 'a.html' %}\"}"
    assert digest(tmp_path / "a", html, a="one") != digest(tmp_path / "b", html, a="two")
