from datetime import datetime
from pathlib import Path

import pytest

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
            "2:50: `geo.country` has one value",
        ),
        (
            "{name: x, visit: {page: /, geo.country: XX}, shows: hero}",
            "2:50: `geo.country` is never `XX` (such as NO)",
        ),
        (
            "{name: x, visit: {page: /, when: noon}, shows: hero}",
            "2:37: unknown key `when` in `visit` (a visit has page, at, host and signals)",
        ),
        (
            "{name: x, visit: {page: /, time.hour: 9}, shows: hero}",
            "2:48: `time.hour` follows from the moment",
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
        ("{name: x, visit: {page: /}}", "2:10: this test asks for nothing (add `shows` or `hides`)"),
        (
            "{name: x, visit: {page: /}, shows: []}",
            "2:45: `shows` is an empty list (leave it out, or name at least one)",
        ),
        ("{name: x, visit: {page: /}, shows: hero, hides: hero}", "2:10: `hero` can't be both shown and hidden"),
        (
            "{name: x, visit: {page: /}, show: hero, hides: hero}",
            "2:38: unknown key `show` in a test (did you mean 'shows'?)",
        ),
        ("{name: x, visit: {page: /}, places: {h1: Hi}}", "2:38: `places` is not supported by this version"),
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
