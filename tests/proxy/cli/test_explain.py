import json
from pathlib import Path

import pytest

from tests.proxy.commands import tailor, write

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


def test_explain_tells_of_each_test_what_it_saw() -> None:
    write("rules/a.yaml", NORTH)
    result = tailor("explain", "rules", "/?ref=ad", "--as", "geo.country=se")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "north: not for this visitor",
        "  false   all:",
        "    true    geo.country: [NO, SE]  (saw SE)",
        "    false   page.query.ref: news  (saw ad)  <- decided",
        "  a text of it needs geo.city: no value",
    ]


def test_explain_as_json_holds_the_same() -> None:
    write("rules/a.yaml", NORTH)
    result = tailor("explain", "rules", "/?ref=news", "--json", "--at", "2026-12-02T10:00Z", "--as", "geo.country=NO")
    told = json.loads(result.output)
    assert told["at"] == "2026-12-02T10:00:00+00:00"
    assert told["signals"]["page.query.ref"] == "news"
    assert [(each["id"], each["outcome"], each["missing"]) for each in told["experiences"]] == [
        ("north", "no value", ["geo.city"])
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("/", "--as", "geo.contry=SE"), "unknown signal `geo.contry` (did you mean 'geo.country'?)"),
        (("/", "--as", "geo.country"), "`--as geo.country` has no `=` (such as --as geo.country=SE)"),
        (("home",), "the page `home` does not begin with `/` (write its path, without the host)"),
        (
            ("/", "--as", "time.hour=9"),
            "`time.hour` follows from the moment (`--at` is for that: --at 2026-12-24T20:00)",
        ),
        (("/", "--variant", "north"), "`--variant north` has no `=` (such as --variant pricing-cta=bold)"),
        (("/", "--variant", "north=bold"), "`north` is no experiment (the rulebook has none)"),
        (("/", "--at", "noon"), "`at` wants a moment, not `noon` (such as 2026-12-02T10:00)"),
    ],
)
def test_explain_of_a_visit_that_can_not_be_says_why_and_does_not_run(
    arguments: tuple[str, ...], complaint: str
) -> None:
    write("rules/a.yaml", NORTH)
    result = tailor("explain", "rules", *arguments)
    assert (result.exit_code, result.stderr) == (2, complaint + "\n")


def test_explain_with_a_broken_rulebook_tells_its_problems() -> None:
    write("rules/a.yaml", BAD)
    result = tailor("explain", "rules", "/")
    assert result.exit_code == 1
    assert "rules/a.yaml:4:5: unknown key `whoo`" in result.output


EXPERIMENT = """
goals: {bought: {page: /thanks}}
experiences:
  cta:
    pages: /
    experiment: {goal: bought, split: {original: 50, bold: 50}}
    variants: {bold: {change: [{select: p, text: "{{ geo.city }}"}]}}
"""


def test_explain_tells_the_arm_and_what_its_texts_miss() -> None:
    write("rules/a.yaml", EXPERIMENT)
    bold = tailor("explain", "rules", "/", "--variant", "cta=bold")
    assert bold.output == "cta: no value, variant bold\n  a text of it needs geo.city: no value\n"
    original = tailor("explain", "rules", "/", "--variant", "cta=original")
    assert original.output == (
        "cta: sees the original\n  the experiment gave this visitor the arm that changes nothing\n"
    )


def test_explain_settles_experiments_by_the_id_and_enrolls_nobody_without_one() -> None:
    write("rules/a.yaml", EXPERIMENT)
    arms = {
        json.loads(tailor("explain", "rules", "/", "--id", f"visitor-{n}", "--json").output)["experiences"][0]["arm"]
        for n in range(20)
    }
    assert arms == {"original", "bold"}
    assert tailor("explain", "rules", "/").output == (
        "cta: not enrolled\n  an experiment, and this visitor has no id: there is no consent, or it is a bot\n"
    )


def test_explain_tells_of_a_holdout_and_of_a_coverage() -> None:
    write("rules/a.yaml", EXPERIMENT.replace("goal: bought,", "goal: bought, coverage: 0.001%,"))
    assert "cta: not covered\n  an experiment that this visitor takes no part in" in (
        tailor("explain", "rules", "/", "--id", "anna").output
    )
    write("rules/a.yaml", "holdout: {share: 50%}\n" + EXPERIMENT)
    told = {tailor("explain", "rules", "/", "--id", f"visitor-{n}").output.splitlines()[0] for n in range(20)}
    assert "cta: held out" in told
