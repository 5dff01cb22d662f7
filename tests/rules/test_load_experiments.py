from __future__ import annotations

from pathlib import Path

import pytest

from rules.model import Experiment, Layer
from tests.rules.reading import load_problems, rulebook

ONE = """
goals: {{signup: {{page: /thanks}}}}
experiences:
  cta:
    pages: /
    experiment: {}
    variants: {{bold: {{change: [{{select: h1, text: Bold}}]}}}}
"""


def experience(name: str, experiment: str) -> str:
    variants = "{bold: {change: [{select: h1, text: Bold}]}}"
    return f"  {name}: {{pages: /, experiment: {experiment}, variants: {variants}}}\n"


def test_an_experiment_is_read(tmp_path: Path) -> None:
    text = ONE.format("{goal: signup, split: {original: 33.3, bold: 66.7%}, coverage: 12.5 %, layer: pricing}")
    book = rulebook(tmp_path, text)
    (cta,) = book.experiences
    assert cta.experiment is not None
    assert dict(cta.experiment.split) == pytest.approx({"original": 0.333, "bold": 0.667})
    assert (cta.experiment.coverage, cta.experiment.goal) == (0.125, "signup")
    assert cta.experiment.layer == Layer("pricing", (("cta", 0.125),))
    assert cta.arms == ("original", "bold")
    assert [(goal.id, goal.pages[0].path) for goal in book.goals] == [("signup", "/thanks")]


def test_what_is_left_out_is_everyone_and_no_goal(tmp_path: Path) -> None:
    (cta,) = rulebook(tmp_path, ONE.format("{split: {bold: 100}}")).experiences
    assert cta.experiment == Experiment((("bold", 1.0),))


@pytest.mark.parametrize(
    ("experiment", "problem"),
    [
        ("{}", "6:17: an experiment without `split` (such as split: {original: …, bold: …}, 100 together)"),
        (
            "{split: {original: 50, bold: 40}}",
            "6:25: `split` adds up to 90, not to 100 (original may be one",
        ),
        ("{split: {original: 50, bald: 50}}", "6:40: unknown variant `bald` in `split` (did you mean 'bold'?)"),
        ("{split: {original: 100}}", "6:25: variant `bold` is not in `split` (give it a share, or take it out)"),
        ("{split: {bold: half}}", "6:32: `bold` wants a share from 0 to 100, not `half` (such as 50)"),
        ("{split: {bold: -5}}", "6:32: `bold` wants a share from 0 to 100, not `-5` (such as 50)"),
        ("{split: {bold: 100}, coverage: 40}", "6:48: `coverage` wants a share in percent, not `40` (write 40%)"),
        ("{split: {bold: 100}, coverage: 0.4}", "6:48: `coverage` wants a share in percent, not `0.4` (write 40%)"),
        ("{split: {bold: 100}, coverage: most}", "6:48: `coverage` wants a share in percent, not `most` (such as 40%)"),
        ("{split: {bold: 100}, coverage: 140%}", "6:48: `coverage` is more than everyone (at most 100%)"),
        ("{split: {bold: 100}, goal: sign-up}", "6:44: unknown goal `sign-up` (did you mean 'signup'?)"),
        ("{split: {bold: 100}, goal: sale}", "6:44: unknown goal `sale` (name it under `goals:`, such as goals: {sale"),
        ("{split: {bold: 100}, layer: A b}", "6:45: `A b` can't be the id of a layer"),
        ("{split: {bold: 100}, share: 5}", "6:38: unknown key `share` in `experiment`"),
        ("fifty", "6:17: `experiment` wants `key: value` lines"),
    ],
)
def test_a_mistake_is_told_at_its_place(experiment: str, problem: str, tmp_path: Path) -> None:
    (told,) = load_problems(tmp_path, ONE.format(experiment))
    assert told.startswith(problem)


def test_all_that_is_wrong_with_an_experiment_is_told_at_once(tmp_path: Path) -> None:
    told = load_problems(tmp_path, ONE.format("{goal: sale, split: {bold: 90}, coverage: 40, layer: A b}"))
    assert [each.partition(": ")[2][:22] for each in told] == [
        "unknown goal `sale` (n",
        "`split` adds up to 90,",
        "`coverage` wants a sha",
        "`A b` can't be the id ",
    ]


def test_experiments_of_a_layer_know_each_other(tmp_path: Path) -> None:
    text = "experiences:\n" + "".join(
        [
            experience("a", "{split: {bold: 100}, layer: pricing}"),
            experience("b", "{split: {bold: 100}, layer: pricing, coverage: 30%}"),
            experience("c", "{split: {bold: 100}}"),
        ]
    )
    a, b, c = (each.experiment for each in rulebook(tmp_path, text).experiences)
    assert a is not None
    assert b is not None
    assert c is not None
    assert a.layer == b.layer == Layer("pricing", (("a", 0.5), ("b", 0.3)))
    assert c.layer is None


def test_a_layer_that_is_too_full_is_told(tmp_path: Path) -> None:
    text = "experiences:\n" + "".join(
        experience(name, "{split: {bold: 100}, layer: pricing, coverage: 60%}") for name in "ab"
    )
    (told,) = load_problems(tmp_path, text)
    assert told == (
        "3:3: layer `pricing` is too full: its experiments cover 120% of all visitors together "
        "(lower a `coverage`: a 60%, b 60%)"
    )


@pytest.mark.parametrize(
    ("holdout", "problem"),
    [
        ("{}", "1:10: `holdout` without `share` (such as holdout: {share: 5%})"),
        ("{share: 5}", "1:18: `share` wants a share in percent, not `5` (write 5%)"),
        ("5%", "1:10: `holdout` wants `key: value` lines"),
        ("{share: 5%, of: all}", "1:22: unknown key `of` in `holdout`"),
    ],
)
def test_a_mistake_in_the_holdout_is_told(holdout: str, problem: str, tmp_path: Path) -> None:
    (told,) = load_problems(tmp_path, f"holdout: {holdout}\n")
    assert told.startswith(problem)


def test_the_holdout_is_read(tmp_path: Path) -> None:
    assert rulebook(tmp_path, "holdout: {share: 2.5%}").holdout == 0.025
    assert rulebook(tmp_path, "goals:\n").holdout == 0.0
