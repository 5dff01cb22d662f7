from datetime import datetime
from pathlib import Path

import pytest

from proxy.rule_files import load_checked, read_folder
from rules.errors import RuleError
from tests.rules.reading import load_problems, rulebook, write

HERO = "experiences: {hero: {pages: /, change: [{select: h1, text: Hi}]}}\n"


def test_a_test_is_read_with_its_visit(tmp_path: Path) -> None:
    visit = '{page: "/search?q=tent", at: "2026-12-02T10:00", host: Shop.example, geo.country: se, geo.eu: true}'
    text = f"{HERO}tests: [{{name: a Swede, visit: {visit}, shows: hero}}]"
    (test,) = rulebook(tmp_path, text).tests
    assert (test.name, test.shows, test.hides) == ("a Swede", ("hero",), ())
    assert (test.visit.path, test.visit.query, test.visit.host) == ("/search", {"q": "tent"}, "shop.example")
    assert test.visit.at == datetime(2026, 12, 2, 10)  # noqa: DTZ001
    assert test.visit.signals == {"geo.country": "SE", "geo.eu": True}


def test_the_tests_of_all_files_are_put_together_and_may_name_experiences_of_another_file(tmp_path: Path) -> None:
    tests = "tests: [{name: it, visit: {page: /}, hides: hero}]"
    write(tmp_path, {"a.yaml": tests, "b.yaml": "tests: # none so far"})
    assert len(rulebook(tmp_path, HERO + tests).tests) == 2


def test_places_are_read_with_their_texts(tmp_path: Path) -> None:
    text = HERO + 'tests: [{name: it, visit: {page: /}, places: {"#hero h1": Hi, p: 1.10}}]'
    (test,) = rulebook(tmp_path, text).tests
    assert test.places == (("#hero h1", "Hi"), ("p", "1.10"))


def test_a_place_that_is_no_selector_is_told_at_its_key(tmp_path: Path) -> None:
    write(tmp_path, {"home.yaml": HERO + "tests: [{name: it, visit: {page: /}, places: {'h1[': Hi}}]"})
    with pytest.raises(RuleError) as refused:
        load_checked(read_folder(tmp_path))
    assert ":2:47: `h1[` is not a CSS selector: " in str(refused.value)


@pytest.mark.parametrize(
    ("test", "complaint"),
    [
        (
            "{name: x, visit: {page: /}, shows: hera}",
            "2:45: unknown experience `hera` (did you mean 'hero'?)",
        ),
        (
            "{name: x, visit: {page: /, geo.contry: SE}, shows: hero}",
            "2:37: unknown signal `geo.contry` (did you mean 'geo.country'?)",
        ),
        (
            "{name: x, visit: {page: /, geo.country: [SE, NO]}, shows: hero}",
            "2:50: `geo.country` has one value (a visitor is one of them; make another test for another)",
        ),
        (
            "{name: x, visit: {page: /, geo.country: XX}, shows: hero}",
            "2:50: `geo.country` is never `XX` (such as NO)",
        ),
        (
            "{name: x, visit: {page: /, when: noon}, shows: hero}",
            "2:37: unknown key `when` in `visit` (a visit has page, at, host, id, variants and signals)",
        ),
        (
            "{name: x, visit: {page: /, time.hour: 9}, shows: hero}",
            "2:48: `time.hour` follows from the moment (`at` says it, such as 2026-12-24T20:00)",
        ),
        (
            "{name: x, visit: {page: /, at: 2026-12-02}, shows: hero}",
            "2:41: `at` wants a moment, not `2026-12-02` (such as 2026-12-02T10:00)",
        ),
        (
            "{name: x, visit: {geo.country: SE}, shows: hero}",
            "2:27: a visit without `page` (such as page: /products/shoes)",
        ),
        (
            "{name: x, visit: {page: home}, shows: hero}",
            "2:34: the page `home` does not begin with `/` (write its path, without the host)",
        ),
        ("{visit: {page: /}, shows: hero}", "2:10: a test without `name` (say who visits, and what they should see)"),
        ("{name: x, shows: hero}", "2:10: a test without `visit` (such as visit: {page: /, geo.country: SE})"),
        ("{name: x, visit: {page: /}}", "2:10: this test asks for nothing (add `shows`, `hides` or `places`)"),
        (
            "{name: x, visit: {page: /}, shows: []}",
            "2:45: `shows` is an empty list (leave it out, or name at least one)",
        ),
        (
            "{name: x, visit: {page: /}, shows: hero, hides: hero}",
            "2:10: `hero` can't be both shown and hidden (take it out of `shows` or of `hides`)",
        ),
        (
            "{name: x, visit: {page: /}, show: hero, hides: hero}",
            "2:38: unknown key `show` in a test (did you mean 'shows'?)",
        ),
        (
            "{name: x, visit: {page: /}, places: {}}",
            '2:46: `places` names no place (such as places: {"#hero h1": "Welcome back"})',
        ),
        (
            "{name: x, visit: {page: /, variants: {hero: bold}}, shows: hero}",
            "2:48: `hero` is no experiment (the rulebook has none)",
        ),
    ],
)
def test_what_is_wrong_with_a_test_is_told_at_its_place(tmp_path: Path, test: str, complaint: str) -> None:
    assert load_problems(tmp_path, f"{HERO}tests: [ {test} ]") == [complaint]


def test_a_test_may_name_an_experience_that_is_broken_itself(tmp_path: Path) -> None:
    text = HERO.replace("pages: /", "pages: home") + "tests: [{name: it, visit: {page: /}, shows: hero}]"
    (problem,) = load_problems(tmp_path, text)
    assert "`home` does not begin with" in problem


def test_a_mapping_of_tests_is_refused(tmp_path: Path) -> None:
    assert load_problems(tmp_path, HERO + "tests: {a: b}") == [
        "2:8: `tests` wants a list (begin each test with `- name:`)"
    ]
