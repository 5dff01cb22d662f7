from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.proxy.commands import tailor, write
from tests.proxy.origins import ScriptedOrigin, ok, replying, scripted_origin

GOOD = "experiences:\n  hello: {pages: /, change: [{select: h1, text: Hi}]}\n"
BAD = "experiences:\n  hello:\n    pages: /\n    whoo: everyone\n    change: [{select: h1, txt: Hi}]\n"
NORTH = """\
experiences:
  north:
    pages: {path: /, query: {ref: "*"}}
    who: {geo.country: [NO, SE], page.query.ref: news}
    change: [{select: h1, text: "Hi {{ geo.city }}"}]
"""


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


SELF_TESTED = """
tests:
  - {name: a Norwegian, visit: {page: /?ref=news, geo.country: "NO", geo.city: Oslo}, shows: north}
  - {name: a Dane, visit: {page: /?ref=news, geo.country: DK}, hides: north}
"""


def test_tests_that_pass_are_counted() -> None:
    write("rules/a.yaml", NORTH + SELF_TESTED)
    result = tailor("test", "rules")
    assert (result.exit_code, result.output) == (0, "rules: 2 passed\n")


def test_a_test_that_fails_is_told_with_what_decided_and_is_exit_code_1() -> None:
    write("rules/a.yaml", NORTH + SELF_TESTED.replace("hides", "shows"))
    result = tailor("test", "rules", "--junit", "results.xml")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "FAILED rules/a.yaml:9:5: a Dane",
        "    shows north: not for this visitor, by geo.country: [NO, SE] (saw DK)",
        "rules: 1 failed, 1 passed",
    ]
    assert b'failures="1"' in Path("results.xml").read_bytes()


def test_no_tests_to_run_is_not_a_pass() -> None:
    write("rules/a.yaml", GOOD)
    result = tailor("test", "rules")
    assert (result.exit_code, result.stderr) == (2, "rules: no tests (they stand under `tests:` of a rule file)\n")


def test_results_that_can_not_be_written_are_one_line() -> None:
    write("rules/a.yaml", NORTH + SELF_TESTED)
    result = tailor("test", "rules", "--junit", "nowhere/results.xml")
    assert (result.exit_code, result.stderr) == (
        2,
        "nowhere/results.xml: can't be written: No such file or directory\n",
    )


def test_tests_of_a_rulebook_that_does_not_load_are_not_run() -> None:
    write("rules/a.yaml", BAD + SELF_TESTED)
    result = tailor("test", "rules")
    assert result.exit_code == 1
    assert "unknown experience `north`" in result.output


PLACES = """
  - {name: a Swede reads it, visit: {page: /?ref=news, geo.country: SE, geo.city: Lund}, places: {h1: "Hi  Lund"}}
"""
PAGE = b"<!doctype html><h1>\n Hello </h1><p>a</p><p>b</p>"


@pytest.fixture
def site() -> Iterator[ScriptedOrigin]:
    with scripted_origin(replying(*[ok(PAGE, b"Content-Type: text/html")] * 4)) as origin:
        yield origin


def test_places_are_skipped_by_name_without_a_site_and_the_rest_is_tested() -> None:
    write("rules/a.yaml", NORTH + SELF_TESTED + PLACES)
    result = tailor("test", "rules", "--junit", "results.xml")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "skipped rules/a.yaml:11:5: a Swede reads it: needs --origin",
        "rules: 2 passed, 1 skipped (needs --origin)",
    ]
    (suite,) = ET.parse("results.xml").getroot()  # noqa: S314
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "0", "1")
    assert [skipped.get("message") for skipped in suite.iter("skipped")] == ["needs --origin"]


def test_a_test_with_places_that_fails_without_a_site_has_failed() -> None:
    write("rules/a.yaml", NORTH + "tests:\n  - {name: it, visit: {page: /}, shows: north, places: {h1: Hi}}")
    result = tailor("test", "rules")
    assert (result.exit_code, result.output.splitlines()[-1]) == (1, "rules: 1 failed, 0 passed")


def test_with_a_site_the_texts_at_places_are_compared_without_their_white_space(site: ScriptedOrigin) -> None:
    write("rules/a.yaml", NORTH + SELF_TESTED + PLACES)
    result = tailor("test", "rules", "--origin", site.url)
    assert (result.exit_code, result.output) == (0, "rules: 3 passed\n")


def test_each_page_is_fetched_once(site: ScriptedOrigin) -> None:
    write("rules/a.yaml", NORTH + SELF_TESTED + PLACES)
    tailor("test", "rules", "--origin", site.url)
    assert site.heard.count(b"GET /?ref=news HTTP/1.1") == 1


def test_a_text_that_is_another_is_told_with_what_is_there(site: ScriptedOrigin) -> None:
    places = '{h1: "Hi Oslo", p: a, nav: x}'
    visit = "{page: /?ref=news, geo.country: SE, geo.city: Lund}"
    write("rules/a.yaml", f"{NORTH}tests:\n  - {{name: it, visit: {visit}, places: {places}}}")
    result = tailor("test", "rules", "--origin", site.url)
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "FAILED rules/a.yaml:7:5: it",
        "    places h1: “Hi Lund”, not “Hi Oslo”",
        "    places p: 2 places match, and one is expected",
        "    places nav: nothing on the page matches",
        "rules: 1 failed, 0 passed",
    ]


def test_with_a_site_what_is_shown_is_really_on_the_page(site: ScriptedOrigin) -> None:
    write("rules/a.yaml", NORTH.replace("select: h1", "select: h2") + SELF_TESTED)
    assert tailor("test", "rules").exit_code == 0
    result = tailor("test", "rules", "--origin", site.url)
    assert result.exit_code == 1
    assert result.output.splitlines()[1] == (
        "    shows north: chosen, and not on the page: h2: its selector finds nothing"
    )


def test_a_site_that_is_down_can_not_be_tested_on() -> None:
    write("rules/a.yaml", NORTH + SELF_TESTED)
    with scripted_origin(replying()) as gone:
        pass
    result = tailor("test", "rules", "--origin", gone.url)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{gone.url} does not answer: ")


@pytest.mark.parametrize("origin", ["shop.example", "http://a:b:c"])
def test_an_origin_that_is_no_url_is_said(origin: str) -> None:
    write("rules/a.yaml", NORTH + SELF_TESTED)
    result = tailor("test", "rules", "--origin", origin)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"--origin: {origin} is not a URL")
