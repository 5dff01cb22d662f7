from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.buckets import bucket

# Frozen: these are what running experiments rest on. The purpose and the id, and the 53 bits of the bucket.
VECTORS = [
    (("holdout",), "", 3930418529054212),
    (("holdout",), "visitor-1", 4483911929499574),
    (("holdout",), "Xk3_9aZ-bQ7rT1yU5wEp0A", 4606460870745232),
    (("coverage", "pricing-cta"), "visitor-1", 2826718648353900),
    (("coverage", "pricing-cta"), "visitor-2", 2629924693193513),
    (("coverage", "pricing-cta"), "Xk3_9aZ-bQ7rT1yU5wEp0A", 3719977517926090),
    (("split", "pricing-cta"), "visitor-1", 4682620638769440),
    (("split", "pricing-cta"), "visitor-2", 316426005462565),
    (("split", "hero"), "Xk3_9aZ-bQ7rT1yU5wEp0A", 8492305692233020),
    (("layer", "pricing", "pricing-cta"), "visitor-1", 4766744224308920),
    (("layer", "pricing", "pricing-table"), "visitor-1", 671515425898165),
    (("coverage", "pricing"), "visitor-1", 1598600262378172),
    (("split", "prøve"), "besøkende-一", 1627469396120266),
]


@pytest.mark.parametrize(("purpose", "visitor_id", "bits"), VECTORS)
def test_a_bucket_is_for_good(purpose: tuple[str, ...], visitor_id: str, bits: int) -> None:
    assert bucket(visitor_id, *purpose) == bits / 2**53


@given(st.text(), st.lists(st.text(), max_size=3))
def test_every_id_has_a_bucket_from_0_up_to_1(visitor_id: str, purpose: list[str]) -> None:
    assert 0.0 <= bucket(visitor_id, *purpose) < 1.0


def test_ids_are_spread_evenly() -> None:
    buckets = sorted(bucket(f"visitor-{number}", "coverage", "hero") for number in range(10_000))
    # The gaps of 10,000 even points: one of over 0.002 comes about once in 50,000 such lists (10,000 e^-20).
    assert max(later - earlier for earlier, later in pairwise(buckets)) < 0.002


def test_purposes_are_independent() -> None:
    ids = [f"visitor-{number}" for number in range(10_000)]
    both = sum(bucket(each, "coverage", "a") < 0.5 and bucket(each, "coverage", "b") < 0.5 for each in ids)
    # 4 sigma of a share of 1/4.
    assert abs(both - 2_500) < 4 * (10_000 * 0.25 * 0.75) ** 0.5


def test_the_words_of_a_purpose_do_not_run_together() -> None:
    assert bucket("c", "a", "b") != bucket("c", "ab")
    assert bucket("bc", "a") != bucket("c", "ab")
