from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.experiments import choose_variant, covered_by, crowding, is_held_out, takes_part, variant_called
from rules.model import ORIGINAL, Experience, Experiment, Layer, Variant
from tests.rules.reading import rulebook

IDS = [f"visitor-{number}" for number in range(100_000)]
TEXT = """
experiences:
  cta:
    pages: /
    experiment: {split: {original: 50, bold: 30, calm: 20}}
    variants:
      bold: {change: [{select: h1, text: Bold}]}
      calm: {change: [{select: h1, text: Calm}]}
"""


@pytest.fixture(scope="module")
def cta(tmp_path_factory: pytest.TempPathFactory) -> Experience:
    (experience,) = rulebook(tmp_path_factory.mktemp("rules"), TEXT).experiences
    return experience


def experiment(experience: Experience, **changes: float) -> Experiment:
    assert experience.experiment is not None
    return replace(experience.experiment, **changes)  # type: ignore[arg-type]


def is_within_4_sigma(count: int, share: float, of: int = len(IDS)) -> bool:
    """Whether a count is what chance makes of a share: 4 sigma are missed once in 15,000 times."""
    return abs(count - share * of) <= 4 * math.sqrt(of * share * (1 - share))


def test_the_arms_have_their_shares(cta: Experience) -> None:
    given = Counter(
        variant.id if variant else ORIGINAL for each in IDS for variant in [choose_variant(cta, experiment(cta), each)]
    )
    assert all(is_within_4_sigma(given[arm], share) for arm, share in experiment(cta).split)


def test_coverage_and_holdout_have_their_shares(cta: Experience) -> None:
    covered = experiment(cta, coverage=0.4)
    assert is_within_4_sigma(sum(takes_part(cta, covered, each) for each in IDS), 0.4)
    assert is_within_4_sigma(sum(is_held_out(0.05, each) for each in IDS), 0.05)


def test_coverage_holdout_and_arms_are_independent(cta: Experience) -> None:
    covered = [each for each in IDS if takes_part(cta, experiment(cta, coverage=0.4), each)]
    held_out = sum(is_held_out(0.5, each) for each in covered)
    original = sum(choose_variant(cta, experiment(cta), each) is None for each in covered)
    assert is_within_4_sigma(held_out, 0.5, len(covered))
    assert is_within_4_sigma(original, 0.5, len(covered))


def test_everyone_takes_part_where_nothing_is_said_of_coverage(cta: Experience) -> None:
    assert all(takes_part(cta, experiment(cta), each) for each in IDS[:1_000])
    assert not any(takes_part(cta, experiment(cta, coverage=0.0), each) for each in IDS[:1_000])
    assert all(takes_part(cta, experiment(cta, coverage=1.0), each) for each in IDS[:1_000])


@given(st.text(min_size=1), st.floats(0, 1), st.floats(0, 1))
def test_more_coverage_moves_nobody_who_takes_part(visitor_id: str, one: float, other: float) -> None:
    bare = Experience("cta", (), (), position=None, order=0)  # type: ignore[arg-type]
    less, more = (Experiment((), coverage=share) for share in sorted((one, other)))
    assert not takes_part(bare, less, visitor_id) or takes_part(bare, more, visitor_id)


def test_a_variant_is_found_by_its_name(cta: Experience) -> None:
    assert variant_called(cta, "calm") is cta.variants[1]
    assert variant_called(cta, ORIGINAL) is None


def test_an_arm_without_a_share_is_given_to_nobody(cta: Experience) -> None:
    split = (("original", 0.0), ("bold", 1.0), ("calm", 0.0))
    given = {choose_variant(cta, replace(experiment(cta), split=split), each) for each in IDS[:5_000]}
    assert given == {cta.variants[0]}


def layer(*coverages: float) -> Layer:
    return Layer("pricing", tuple((f"experiment-{number}", share) for number, share in enumerate(coverages)))


@pytest.mark.parametrize(
    "coverages", [(1.0,), (0.5, 0.5), (0.6, 0.4), (0.7, 0.1), (0.4, 0.4), (0.2, 0.3, 0.1), (0.6, 0.2, 0.2)]
)
def test_experiments_of_a_layer_cover_what_they_say(coverages: tuple[float, ...]) -> None:
    assert crowding(layer(*coverages)) == ""
    covered = Counter(covered_by(layer(*coverages), each) for each in IDS)
    assert all(is_within_4_sigma(covered[f"experiment-{number}"], share) for number, share in enumerate(coverages))


@pytest.mark.parametrize(
    ("coverages", "trouble"),
    [
        ((0.6, 0.5), "its experiments cover 110% of all visitors together"),
        ((0.4, 0.4, 0.1), "more than one of its 3 experiments covers more than an even part (33.33%)"),
        ((0.6, 1 / 3, 0.05), "`experiment-0` does not fit beside the others"),
    ],
)
def test_a_layer_that_is_too_full_is_told(coverages: tuple[float, ...], trouble: str) -> None:
    assert crowding(layer(*coverages)) == trouble


SHARES = st.floats(0, 1)


@settings(max_examples=300)
@given(st.text(min_size=1), st.lists(SHARES, min_size=1, max_size=5), st.integers(0, 4), SHARES)
def test_more_coverage_of_one_moves_nobody_of_its_layer(
    visitor_id: str, shares: list[float], which: int, more: float
) -> None:
    which %= len(shares)
    grown = [max(share, more) if number == which else share for number, share in enumerate(shares)]
    if crowding(layer(*shares)) or crowding(layer(*grown)):
        return
    before, after = covered_by(layer(*shares), visitor_id), covered_by(layer(*grown), visitor_id)
    assert before is None or after == before
    assert after in (before, f"experiment-{which}")


def test_one_more_experiment_in_a_layer_moves_nobody_between_the_others() -> None:
    two, three = layer(0.5, 0.5), layer(1 / 3, 1 / 3, 1 / 3)
    moved = {(covered_by(two, each), covered_by(three, each)) for each in IDS[:20_000]}
    assert not moved & {("experiment-0", "experiment-1"), ("experiment-1", "experiment-0")}


def test_variants_are_hashed_by_what_they_are() -> None:
    assert Variant("a", id="x") != Variant("a", id="y")
