from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.proxy.commands import tailor, write
from tests.proxy.origins import ok, replying, scripted_origin

GOOD = "experiences:\n  hello: {pages: /, change: [{select: h1, text: Hi}]}\n"
BAD = "experiences:\n  hello:\n    pages: /\n    whoo: everyone\n    change: [{select: h1, txt: Hi}]\n"
IDLE = "audiences: {nobody: {device.type: tv}}\n"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_good_rulebook_is_told_in_one_line() -> None:
    write("rules/a.yaml", GOOD)
    result = tailor("check", "rules")
    assert (result.exit_code, result.output) == (0, "rules: fine; 1 experience, 1 live, 0 warnings\n")


def test_every_problem_is_told_with_its_place_its_line_and_its_fix() -> None:
    write("rules/a.yaml", BAD)
    write("rules/b.yaml", BAD.replace("hello", "hallo"))
    result = tailor("check", "rules")
    assert result.exit_code == 1
    assert "rules/a.yaml:4:5: unknown key `whoo`" in result.output
    assert "did you mean 'who'?" in result.output
    assert "\n    whoo: everyone\n" in result.output
    assert "rules/b.yaml:5:" in result.output
    assert result.output.splitlines()[-1].endswith("problems in 2 files")


def test_warnings_are_told_and_keep_nothing_from_going_live() -> None:
    write("rules/a.yaml", IDLE + GOOD)
    result = tailor("check", "rules")
    assert result.exit_code == 0
    assert "rules/a.yaml:1:13: warning: audience `nobody` is never used" in result.output
    assert result.output.endswith("1 warning\n")


def test_strict_makes_warnings_count() -> None:
    write("rules/a.yaml", IDLE + GOOD)
    assert tailor("check", "rules", "--strict").exit_code == 1
    write("rules/a.yaml", GOOD)
    assert tailor("check", "rules", "--strict").exit_code == 0


def test_which_experience_waits_for_which_consent_is_told() -> None:
    write("rules/a.yaml", GOOD.replace("pages: /", "pages: /, who: {visitor.plan: gold}"))
    result = tailor("check", "rules")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "needs consent where company_without_consent is off (company): hello: visitor.plan",
        "rules: fine; 1 experience, 1 live, 0 warnings",
    ]


def test_a_folder_that_is_not_there_can_not_be_checked() -> None:
    result = tailor("check", "nowhere")
    assert result.exit_code == 2
    assert "'nowhere' does not exist" in result.stderr


def test_json_is_all_that_is_printed_whether_fine_or_not() -> None:
    write("rules/a.yaml", BAD)
    result = tailor("check", "rules", "--format", "json")
    told = json.loads(result.output)
    assert (result.exit_code, told["errors"], told["warnings"]) == (1, 2, 0)
    write("rules/a.yaml", IDLE + GOOD)
    result = tailor("check", "rules", "--format", "json")
    told = json.loads(result.output)
    assert (result.exit_code, told["errors"], told["warnings"]) == (0, 0, 1)


def test_github_gets_annotations_and_nothing_else() -> None:
    write("rules/a.yaml", IDLE + GOOD)
    result = tailor("check", "rules", "--format", "github")
    (line,) = result.output.splitlines()
    assert line.startswith("::warning file=rules/a.yaml,line=1,col=13::audience `nobody` is never used")


def test_the_budget_of_variants_is_the_operators() -> None:
    write("rules/a.yaml", GOOD.replace("pages: /", "pages: /, who: {geo.eu: true}"))
    assert "can have up to 2 variants" in tailor("check", "rules", "--variants", "1").output
    assert "variants" not in tailor("check", "rules", "--variants", "2").output
    assert tailor("check", "rules", "--variants", "0").exit_code == 2


def test_a_place_that_is_not_on_the_site_is_told() -> None:
    write("rules/a.yaml", GOOD)
    with scripted_origin(replying(ok(b"<h2>Hi</h2>", b"Content-Type: text/html"))) as site:
        result = tailor("check", "rules", "--origin", site.url, "--strict")
    assert result.exit_code == 1
    assert "rules/a.yaml:2:30: warning: `h1` finds nothing on /" in result.output
    assert result.output.splitlines()[-2:] == [
        "looked at 1 page of the site",
        "rules: fine; 1 experience, 1 live, 1 warning",
    ]


def test_a_site_that_is_down_is_told_in_one_line() -> None:
    write("rules/a.yaml", GOOD)
    with scripted_origin(replying()) as gone:
        pass
    result = tailor("check", "rules", "--origin", gone.url)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{gone.url} does not answer: ")
    assert result.stderr.endswith("(is the site up? check --origin)\n")


@pytest.mark.parametrize("origin", ["shop.example", "http://shop:x", "ftp://shop.example"])
def test_an_origin_that_is_no_url_is_told(origin: str) -> None:
    write("rules/a.yaml", GOOD)
    result = tailor("check", "rules", "--origin", origin)
    assert result.exit_code == 2
    assert "is not a URL" in result.stderr


def test_what_a_cache_in_front_can_not_share_is_told_where_it_is_asked_for() -> None:
    write("rules/a.yaml", GOOD.replace("text: Hi", "text: 'Hi {{ geo.city }}'"))
    assert "0 warnings" in tailor("check", "rules").output
    result = tailor("check", "rules", "--edge", "--strict")
    assert result.exit_code == 1
    assert "`hello` prints `geo.city`: who is shown it has a page of their own" in result.output
