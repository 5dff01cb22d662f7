from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.rule_files import read_folder
from rules.errors import Problem, RuleError
from rules.load import load_rulebook
from rules.model import Site
from rules.schedule import Holidays
from tests.rules.reading import load_problems, rulebook, write

EXPERIENCE = "{pages: /, change: {select: h1, text: Hi}}"


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(RuleError) as caught:
        load_rulebook(read_folder(folder))
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_the_files_of_a_folder_are_one_rulebook(tmp_path: Path) -> None:
    files = {
        "b.yaml": f"experiences: {{second: {EXPERIENCE}}}",
        "a.yml": f"audiences: {{x: {{geo.eu: true}}}}\nexperiences: {{first: {EXPERIENCE}}}",
        "c.yaml": "# nothing yet\n",
        "notes.txt": "not: [yaml",
        ".hidden.yaml": "not: [yaml",
    }
    book = load_rulebook(read_folder(write(tmp_path, files)))
    assert [(experience.id, experience.order) for experience in book.experiences] == [("first", 0), ("second", 1)]
    assert list(book.audiences) == ["x"]
    assert book.site == Site()


def test_the_site_is_read(tmp_path: Path) -> None:
    book = rulebook(
        tmp_path, "site: {timezone: Europe/Oslo, country: no, languages: [en, NO], link_hosts: Shop.Example}"
    )
    assert book.site == Site("Europe/Oslo", ("en", "NO"), ("shop.example",), "NO")


def test_the_country_of_the_site_is_known_in_every_file(tmp_path: Path) -> None:
    experience = EXPERIENCE.removesuffix("}") + ", when: {holidays: {country: site}}}"
    files = {"a.yaml": f"experiences: {{x: {experience}}}", "z.yaml": "site: {country: SE}"}
    (read,) = load_rulebook(read_folder(write(tmp_path, files))).experiences
    assert read.when is not None
    assert read.when.holidays == Holidays(country="SE")


def test_a_heading_with_nothing_under_it_is_empty(tmp_path: Path) -> None:
    assert rulebook(tmp_path, "audiences:\nexperiences:\n#  a: b\n").experiences == ()


def test_templates_are_found_below_their_folder(tmp_path: Path) -> None:
    change = "{pages: /, change: {select: h1, template: cards/small.html}}"
    book = rulebook(tmp_path, f"experiences: {{a: {change}}}", {"cards/small.html": "<b>Hi</b>", ".swp": "\x00"})
    assert book.experiences[0].fragments[0].source == "<b>Hi</b>"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("expereinces: {}", "1:1: unknown key `expereinces` in a rule file (did you mean 'experiences'?)"),
        ("goals: {sign up: {page: /thanks}}", "1:9: `sign up` can't be the id of a goal"),
        ("goals: {signup: {}}", "1:17: goal `signup` without `page` (such as page: /thanks)"),
        ("- a", "1:1: a rule file wants `key: value` lines"),
        ("site: {timezone: Europe/Olso}", "1:18: unknown time zone `Europe/Olso` (did you mean 'Europe/Oslo'?)"),
        ("site: {timzone: UTC}", "1:8: unknown key `timzone` in `site` (did you mean 'timezone'?)"),
        ("site: {link_hosts: 'https://a.example/'}", "1:20: `https://a.example/` is not a host (write a.example)"),
        ("site: {link_hosts: ['*.a.example']}", "1:21: `*.a.example` is not a host (such as shop.example)"),
        ("site: UTC", "1:7: `site` wants `key: value` lines"),
        ("audiences: [a]", "1:12: `audiences` wants `key: value` lines"),
        ("audiences: {A b: {geo.eu: true}}", "1:13: `A b` can't be the id of an audience"),
        (f"experiences: {{Hero Ad: {EXPERIENCE}}}", "1:15: `Hero Ad` can't be the id of an experience"),
    ],
)
def test_a_mistake_is_told_at_its_place(tmp_path: Path, text: str, problem: str) -> None:
    assert load_problems(tmp_path, text)[0].startswith(problem)


def test_an_id_is_defined_once_across_the_folder(tmp_path: Path) -> None:
    book = f"site: {{}}\naudiences: {{x: {{geo.eu: true}}}}\nexperiences: {{a: {EXPERIENCE}}}\n"
    folder = write(tmp_path, {"a.yaml": book, "b.yaml": book})
    assert problems_of(folder) == [
        f"b.yaml:1:1: `site` is written twice; first in {folder}/a.yaml:1 (keep one of them)",
        f"b.yaml:2:13: audience `x` is defined twice; first in {folder}/a.yaml:2 (give one of them another name)",
        f"b.yaml:3:15: experience `a` is defined twice; first in {folder}/a.yaml:3 (give one of them another name)",
    ]


def test_a_template_that_is_not_text_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "", "templates/a.html": ""})
    (tmp_path / "templates" / "a.html").write_bytes(b"<b>\n\xff")
    assert problems_of(tmp_path) == ["templates/a.html:2:1: the file is not UTF-8 (byte 0xFF) (save it as UTF-8)"]


def test_what_stands_under_an_alias_is_told_once(tmp_path: Path) -> None:
    text = f"experiences:\n  a: &x {{who: {{geo.cty: x}}, {EXPERIENCE[1:]}\n  b: *x\n"
    assert len(load_problems(tmp_path, text)) == 1


MISTAKES = {
    "a.yaml": """\
site: {timezone: Europe/Olso}
audiences:
  returning:
    visitor.visits: {at_least: "1,000"}
  british: {geo.country: UK}
experiences:
  hero:
    pages: products
    who: retuning
    when: {days: mon-fry}
    change:
      - select: "h1["
        text: "Hi {{ geo.cty }}"
  banner:
    pages: /
    enabeld: false
    who: {device.type: {contain: phone}}
    change:
      - {select: .a, template: bnner.html}
      - {select: .b, attributes: {onclick: "go()"}}
      - {select: .c, text: One, html: Two}
""",
    "b.yaml": """\
experiences:
  cta:
    pages: /
    change:
      - select: #cta
        text: Go
""",
    "templates/banner.html": "<b>Hi</b>",
}


def test_a_folder_full_of_mistakes_prints_them_all_with_place_and_fix(tmp_path: Path) -> None:
    folder = write(tmp_path, MISTAKES)
    printed = problems_of(folder)
    starts = [
        "a.yaml:1:18: unknown time zone `Europe/Olso` (did you mean 'Europe/Oslo'?)",
        "a.yaml:4:32: `at_least` wants a number, not `1,000` (write 1000)",
        "a.yaml:5:26: `geo.country` is never `UK` (did you mean 'GB'?)",
        "a.yaml:8:12: the path `products` does not begin with `/` (did you mean '/products'?)",
        "a.yaml:9:10: unknown audience `retuning` (did you mean 'returning'?)",
        "a.yaml:10:18: unknown day `fry` (did you mean 'fri'?)",
        "a.yaml:12:17: `h1[` is not a CSS selector: `[` is not closed",
        "a.yaml:13:15: unknown signal",
        "a.yaml:16:5: unknown key `enabeld` in an experience (did you mean 'enabled'?)",
        "a.yaml:17:25: unknown operator `contain` (did you mean 'contains'?)",
        "a.yaml:19:32: unknown template",
        "a.yaml:20:35: `onclick` would run a script",
        "a.yaml:21:33: a change does one thing, and this one names `text` and `html`",
        "b.yaml:5:17: `#cta` is a comment to YAML, not a part of the value (put it in quotes",
    ]
    assert len(printed) == len(starts)
    for line, start in zip(printed, starts, strict=True):
        assert line.startswith(start)


def test_every_problem_shows_the_line_it_stands_on(tmp_path: Path) -> None:
    with pytest.raises(RuleError) as caught:
        load_rulebook(read_folder(write(tmp_path, MISTAKES)))
    for problem in caught.value.problems:
        file = Path(problem.position.file)
        line = file.read_text(encoding="utf-8").splitlines()[problem.position.line - 1]
        assert problem.excerpt == line.strip()


SCRAPS = (*"{}[]:#'!|> \"\n\t", "- ", ": ", "*x", "&x ", "null", "{{", "}}", "{%")


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 6), st.sampled_from(SCRAPS)), min_size=1, max_size=4),
)
def test_a_damaged_file_is_a_rulebook_or_a_list_of_problems(
    tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[float, int, str]]
) -> None:
    text = MISTAKES["a.yaml"]
    for where, length, scrap in damage:
        at = int(where * len(text))
        text = text[:at] + scrap + text[at + length :]
    folder = write(tmp_path_factory.mktemp("damaged"), {"a.yaml": text})
    problems: tuple[Problem, ...] = ()
    try:
        load_rulebook(read_folder(folder))
    except RuleError as error:
        problems = error.problems
    assert all(problem.message and problem.position.line >= 1 for problem in problems)
